import Foundation
import Networking

/// The installation that fixtures are played against.
package struct ConformanceTarget: Sendable, Equatable {
    /// What stands before `/Remote`, without a slash at its end: `https://crm.example.com/Cust12345`.
    package let base: String
    let scheme: String
    let host: String
    let port: Int
    /// The path of ``base``, percent-encoded; empty, or with a slash before and none at its end.
    let path: String

    /// - Parameter text: An absolute `http` or `https` URL. What follows `/Remote` in it is left out, so that a service's
    ///   own URL does as well.
    ///
    /// Throws ``ConformanceError/invalidTarget(_:)``.
    package init(_ text: String) throws(ConformanceError) {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            ["http", "https"].contains(scheme), let host = parts.host, !host.isEmpty, parts.user == nil,
            (1...65535).contains(parts.port ?? 80)
        else { throw .invalidTarget(text) }
        self.scheme = scheme
        self.host = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        port = parts.port ?? (scheme == "https" ? 443 : 80)
        let whole = parts.percentEncodedPath
        let service = whole.range(of: "/Remote(/|$)", options: [.regularExpression, .caseInsensitive])
        var path = String(whole[..<(service?.lowerBound ?? whole.endIndex)])
        while path.hasSuffix("/") { path.removeLast() }
        self.path = path
        base = "\(scheme)://\(Self.authority(parts))\(path)"
    }

    /// Host and, where it is not the scheme's own, port, as they stand in a `Host` field.
    var authority: String { String(base.dropFirst(scheme.count + 3).prefix { $0 != "/" }) }

    /// Whether the target is this machine, which reaches a receiver on a loopback address.
    package var isLoopback: Bool {
        HostPort.isLoopback(host)
    }

    private static func authority(_ parts: URLComponents) -> String {
        let host = parts.percentEncodedHost ?? ""
        return parts.port.map { "\(host):\($0)" } ?? host
    }
}
