import Foundation

/// A target's URL, taken apart for HTTP.
package struct TargetURL: Sendable, Hashable {
    /// Whether it is `https`.
    package let isTLS: Bool
    /// Without brackets.
    package let host: String
    /// The port, the scheme's own where none is given.
    package let port: Int
    /// Path and query, as the request line has them.
    package let path: String
    /// `user:password`, where the URL holds them.
    package let credentials: String?

    /// Takes an absolute http or https URL apart; nil for anything else.
    package init?(_ text: String) {
        // Foundation would encode these and carry on.
        guard text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }), let url = URL(string: text),
            let parts = URLComponents(url: url, resolvingAgainstBaseURL: true),
            let scheme = parts.scheme?.lowercased(), scheme == "http" || scheme == "https",
            var host = parts.encodedHost, !host.isEmpty
        else { return nil }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        // Anything else could end the header line that it is written into.
        guard host.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }) else { return nil }
        isTLS = scheme == "https"
        self.host = host
        // A port that is no number Foundation knows has a place in the text, but no value.
        port = parts.rangeOfPort == nil ? (isTLS ? 443 : 80) : parts.port ?? 0
        credentials = parts.user.map { "\($0):\(parts.password ?? "")" }
        guard (1..<65536).contains(port) else { return nil }
        path =
            (parts.percentEncodedPath.isEmpty ? "/" : parts.percentEncodedPath)
            + (parts.percentEncodedQuery.map { "?" + $0 } ?? "")
    }

    /// A URL as it may be shown: without user and password, and without a query, which may hold a key.
    package static func withoutCredentials(_ url: String) -> String {
        guard url.contains("@") || url.contains("?"), var parts = URLComponents(string: url) else { return url }
        parts.user = nil
        parts.password = nil
        if parts.query != nil { parts.percentEncodedQuery = "..." }
        return parts.string ?? ""
    }

    /// Host and port.
    package var authority: String {
        (host.contains(":") ? "[\(host)]" : host) + ":\(port)"
    }

    /// Whether the host is no address as it is written, but ends in a number, as no name does (WHATWG URL, 3.5).
    var hasNumericName: Bool {
        guard IPAddress(host) == nil, let last = host.split(separator: ".").last?.lowercased() else { return false }
        return last.allSatisfy(\.isNumber) || last.hasPrefix("0x") && last.dropFirst(2).allSatisfy(\.isHexDigit)
    }

    /// The value of `Host`: the port only when it is not the scheme's own.
    package var hostHeader: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isTLS ? 443 : 80) ? name : "\(name):\(port)"
    }
}
