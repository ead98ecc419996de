/// An address to listen on, as a text gives it: `127.0.0.1:9000`, `[::1]:9000`, `localhost:0`.
package struct HostPort: Sendable, Hashable, CustomStringConvertible {
    /// Name or address, without brackets.
    package let host: String
    /// 0 for any that is free.
    package let port: Int

    /// Creates an address from a name or address without brackets, and a port.
    package init(host: String, port: Int) {
        (self.host, self.port) = (host, port)
    }

    /// The host and the port as a URL has them: `[::1]:9000`.
    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Reads a text. Returns nil if it is not `HOST:PORT`.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port)
        else { return nil }
        var host = text[..<colon]
        if host.first == "[", host.last == "]" { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { return nil }
        self.host = String(host)
        self.port = port
    }

    /// Whether the host is this machine by its own name or a loopback address.
    package var isLoopback: Bool { Self.isLoopback(host) }

    /// Whether a host, without brackets, is this machine by its own name or a loopback address.
    package static func isLoopback(_ host: String) -> Bool {
        host.lowercased() == "localhost" || IPAddress(host)?.isLoopback ?? false
    }
}
