import Foundation
package import HTTPTypes
package import NIOCore
package import Networking

/// Who sent a request, and how the client reached this service: the other end of the connection, or what a trusted proxy
/// says about the client.
package struct RequestOrigin: Sendable, Hashable {
    /// The client's address.
    package var address: String
    /// The clients that are slowed down together when logins fail: an address of IPv4, or a network of IPv6, where a client
    /// has many addresses.
    package var network: String
    /// `http` or `https`, as the client asked.
    package var scheme: String
    /// Host and port, as the client asked; nil when they may not stand in a document of this service.
    package var host: String?
}

/// The headers in which proxies say who asked. The raw value is that of the setting. Only one kind is read, because a proxy
/// that sets one kind passes the other on as the client made it up.
package enum ForwardedHeader: String, Sendable, CaseIterable {
    /// `X-Forwarded-For`, `-Proto`, `-Host` and `-Port`.
    case xForwarded = "x-forwarded"
    /// `Forwarded` (RFC 7239).
    case forwarded
}

/// Reads where requests come from, and believes only trusted proxies.
package struct RequestOriginReader: Sendable {
    private let trustedProxies: [AddressRange]
    private let header: ForwardedHeader
    private let isTLS: Bool

    /// Creates a reader.
    ///
    /// - Parameters:
    ///   - trustedProxies: The addresses of proxies whose headers count.
    ///   - header: The headers in which they say who asked.
    ///   - isTLS: Whether the listener takes HTTPS.
    package init(trustedProxies: [AddressRange], header: ForwardedHeader, isTLS: Bool) {
        (self.trustedProxies, self.header, self.isTLS) = (trustedProxies, header, isTLS)
    }

    /// What a proxy says about one hop of a request.
    private struct Hop {
        var client: String?
        var scheme: String?
        var host: String?
    }

    /// Returns where a request comes from.
    ///
    /// - Parameter peer: The other end of the connection.
    package func origin(of request: HTTPRequest, peer: SocketAddress?) -> RequestOrigin {
        var client = peer?.ipAddress.flatMap { IPAddress(zoned: $0)?.unmapped }
        var origin = RequestOrigin(
            address: Self.text(client, peer?.ipAddress ?? ""),
            network: "",
            scheme: isTLS ? "https" : "http",
            host: request.authority.flatMap(Self.validHost)
        )
        if !trustedProxies.isEmpty, let proxy = client, isTrusted(proxy) {
            // The nearest proxy's word comes last; it counts as long as whoever it is about is trusted too.
            for hop in hops(request.headerFields, asked: origin.host).reversed() {
                if let scheme = hop.scheme { origin.scheme = scheme }
                if let host = hop.host { origin.host = host }
                guard let text = hop.client else { break }
                // A client whose name cannot be read is still a client of the proxy, and not the proxy itself.
                client = IPAddress(text)?.unmapped
                origin.address = Self.text(client, text)
                guard let address = client else { break }
                guard isTrusted(address) else { break }
            }
        }
        origin.network = client?.network ?? origin.address
        return origin
    }

    /// As it is written, but for IPv4 in IPv6.
    private static func text(_ address: IPAddress?, _ text: String) -> String {
        if case .v4? = address { address?.description ?? text } else { text }
    }

    private func isTrusted(_ address: IPAddress) -> Bool {
        trustedProxies.contains { $0.contains(address) }
    }

    /// What proxies say, the nearest one last.
    private func hops(_ headers: HTTPFields, asked: String?) -> [Hop] {
        switch header {
        case .forwarded:
            headers[values: Self.forwarded].flatMap { Self.split($0, at: ",")?.map(Self.hop) ?? [Self.unknown] }
        case .xForwarded: Self.xForwardedHops(headers, asked: asked)
        }
    }

    /// - Parameter asked: The host of the request itself.
    private static func xForwardedHops(_ headers: HTTPFields, asked: String?) -> [Hop] {
        // These lists know no quotes: one that a client sends must not hide what the proxy adds after it.
        func list(_ name: String) -> [String] {
            HTTPField.Name(name).map { headers[values: $0].flatMap { trimmed($0.split(separator: ",")) } } ?? []
        }
        let clients = list("X-Forwarded-For")
        let schemes = list("X-Forwarded-Proto")
        let hosts = list("X-Forwarded-Host")
        let ports = list("X-Forwarded-Port")
        // Proxies add to the first list and replace the others, or add to all; what is missing is missing at the front. What
        // the others have beyond the first is no proxy's word: a client has made it up.
        let isSaid = !schemes.isEmpty || !hosts.isEmpty || !ports.isEmpty
        return (0..<max(clients.count, isSaid ? 1 : 0)).reversed().map { index in
            func last(_ list: [String]) -> String? { index < list.count ? list[list.count - 1 - index] : nil }
            let scheme = last(schemes).flatMap(validScheme)
            var host = last(hosts).flatMap(validHost)
            // A proxy that passes Host on tells of its own port here, and of what kind it is.
            if let name = host ?? (index == 0 && scheme != nil ? asked : nil),
                let port = last(ports).flatMap({ UInt16($0) }),
                !hasPort(name)
            {
                let isUsual = port == (scheme == "https" ? 443 : 80)
                host = isUsual ? name : "\(name):\(port)"
            }
            return Hop(client: last(clients).map(address), scheme: scheme, host: host)
        }
    }

    /// One element of `Forwarded`; of a parameter that it has twice the first counts (RFC 7239, section 4).
    private static func hop(_ element: String) -> Hop {
        var hop = Hop()
        for pair in split(element, at: ";") ?? [] {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let value = parts[1].first == "\"" ? parts[1].dropFirst().prefix { $0 != "\"" } : parts[1]
            switch parts[0].lowercased() {
            case "for": hop.client = hop.client ?? address(String(value))
            case "proto": hop.scheme = hop.scheme ?? validScheme(String(value))
            case "host": hop.host = hop.host ?? validHost(String(value))
            default: break
            }
        }
        return hop
    }

    private static let forwarded = HTTPField.Name("Forwarded").unsafelyUnwrapped
    /// RFC 7239, section 6.2.
    private static let unknown = Hop(client: "unknown")

    /// Splits where the separator stands outside quotes. Returns nil when a quote does not end: the text of a client that opens
    /// a quote would take in the text that the proxy adds.
    private static func split(_ text: String, at separator: Character) -> [String]? {
        var parts = [""]
        var isQuoted = false
        for character in text {
            if character == "\"" { isQuoted.toggle() }
            if character == separator, !isQuoted { parts.append("") } else { parts[parts.count - 1].append(character) }
        }
        return isQuoted ? nil : trimmed(parts)
    }

    /// Without white space around them and without those that are empty.
    private static func trimmed(_ parts: [some StringProtocol]) -> [String] {
        parts.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    /// The address in `192.0.2.1:1234`, `[2001:db8::1]:1234`, or either without a port.
    private static func address(_ text: String) -> String {
        if text.first == "[", let end = text.firstIndex(of: "]") {
            return String(text[text.index(after: text.startIndex)..<end])
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 ? String(parts[0]) : text
    }

    private static func validScheme(_ text: String) -> String? {
        let scheme = text.lowercased()
        return scheme == "http" || scheme == "https" ? scheme : nil
    }

    private static func hasPort(_ host: String) -> Bool {
        guard let colon = host.lastIndex(of: ":") else { return false }
        return host.last != "]" && host[colon...].dropFirst().allSatisfy(\.isNumber)
    }

    /// A host that may stand in a document of ours.
    private static func validHost(_ host: String) -> String? {
        let isValid =
            !host.isEmpty && host.count < 256
            && host.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "-._:[]".utf8.contains(byte)
                }
            }
        return isValid ? host : nil
    }
}
