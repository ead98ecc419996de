import NIOHTTP1

/// The resource that a request asks for, by its request line and its header `Host` (RFC 9112, section 3.2).
enum RequestTarget {
    /// Why a request is refused; fit for its sender.
    struct TargetError: Error, Equatable {
        let text: String
    }

    /// Checks `Host` and the target, and leaves the origin form: a path in the target, and the host that was asked in `Host`.
    static func settle(_ head: inout HTTPRequestHead) throws(TargetError) {
        let hosts = head.headers["Host"]
        guard hosts.count < 2 else {
            throw TargetError(text: "The request has \(hosts.count) headers Host; it may have one.")
        }
        if hosts.isEmpty, head.version == .http1_1 {
            throw TargetError(text: "The request has no header Host, which HTTP/1.1 needs.")
        }
        if let host = hosts.first, !host.isEmpty, !isAuthority(host[...]) {
            throw TargetError(text: "The header Host is not a host name or address with, at most, a port after it.")
        }
        guard head.uri.utf8.first != UInt8(ascii: "/"), head.uri != "*", head.method != .CONNECT else { return }
        guard let (authority, path) = absolute(head.uri) else {
            throw TargetError(text: "The request's target is neither a path nor an http or https URL.")
        }
        head.headers.replaceOrAdd(name: "Host", value: String(authority))
        head.uri = path.utf8.first == UInt8(ascii: "/") ? String(path) : "/" + path
    }

    /// Authority and the rest of an http or https URL; nil for any other text.
    private static func absolute(_ url: String) -> (authority: Substring, path: Substring)? {
        guard let colon = url.utf8.firstIndex(of: UInt8(ascii: ":")),
            ["http", "https"].contains(url[..<colon].lowercased()), url[colon...].hasPrefix("://")
        else { return nil }
        let rest = url[colon...].dropFirst(3)
        let end = rest.utf8.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        let authority = rest[..<end]
        return authority.isEmpty || !isAuthority(authority) ? nil : (authority, rest[end...])
    }

    /// Whether a text is a host, or a host and a port, of RFC 3986, section 3.2, without a user before it.
    private static func isAuthority(_ text: Substring) -> Bool {
        var host = text.utf8
        if host.first == UInt8(ascii: "[") {
            guard let end = host.firstIndex(of: UInt8(ascii: "]")) else { return false }
            let address = host[..<end].dropFirst()
            guard !address.isEmpty, address.allSatisfy({ isRegName($0) || $0 == UInt8(ascii: ":") }) else {
                return false
            }
            host = host[host.index(after: end)...]
            guard host.isEmpty || host.first == UInt8(ascii: ":") else { return false }
        } else {
            let name = host.prefix { $0 != UInt8(ascii: ":") }
            guard !name.isEmpty, name.allSatisfy(isRegName) else { return false }
            host = host[name.endIndex...]
        }
        return host.dropFirst().allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } && host.count < 7
    }

    private static func isRegName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~%!$&'()*+,;=".utf8.contains(byte)
        }
    }
}
