import Foundation
import Text

/// A target's URL, taken apart for HTTP. What passes here can be posted to; saving and sending go by it alike.
package struct TargetURL: Sendable, Hashable {
    /// Whether it is `https`.
    package let isTLS: Bool
    /// In lower case, without brackets, and with A-labels in place of other scripts (RFC 5891).
    package let host: String
    /// The port, the scheme's own where none is given.
    package let port: Int
    /// Path and query, as the request line has them: escapes stay as they are, and what a URL cannot hold is escaped.
    package let path: String
    /// `Authorization` for the user and the password, where the URL holds them (RFC 7617).
    package let basicAuthorization: String?

    /// What is wrong with a text that is no target.
    package struct ParseError: Error {
        /// A sentence for whoever wrote the URL.
        package let text: String
    }

    /// Takes an absolute http or https URL apart; nil for anything else.
    package init?(_ text: String) {
        try? self.init(parsing: text)
    }

    /// Takes an absolute http or https URL apart, or says why it is none.
    package init(parsing text: String) throws(ParseError) {
        guard text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }) else {
            throw ParseError(text: "It holds white space or a control character.")
        }
        let parts = URLParts(text)
        guard let scheme = parts.scheme, scheme == "http" || scheme == "https", let authority = parts.authority else {
            throw Self.notAbsolute
        }
        isTLS = scheme == "https"
        let at = authority.lastIndex(of: UInt8(ascii: "@"))
        basicAuthorization = at.map { Self.authorization(authority[..<$0]) }
        let place = at.map { authority[($0 + 1)...] } ?? authority
        let end = place.first == UInt8(ascii: "[") ? place.firstIndex(of: UInt8(ascii: "]")).map { $0 + 1 } : nil
        let colon = place[(end ?? place.startIndex)...].firstIndex(of: UInt8(ascii: ":")) ?? place.endIndex
        host = try Self.host(place[..<colon])
        let digits = place[colon...].dropFirst()
        // A colon without a number is the scheme's own port (RFC 3986, section 3.2.3).
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = digits.isEmpty ? (isTLS ? 443 : 80) : Int(String(decoding: digits, as: UTF8.self)),
            (1..<65536).contains(port)
        else { throw ParseError(text: "Its port is not a number from 1 to 65535.") }
        self.port = port
        path =
            (parts.path.isEmpty ? "/" : Self.escaped(parts.path, isQuery: false))
            + (parts.query.map { "?" + Self.escaped($0, isQuery: true) } ?? "")
    }

    private static let notAbsolute = ParseError(text: "It must be an absolute http or https URL.")

    // MARK: Host

    private static func host(_ bytes: ArraySlice<UInt8>) throws(ParseError) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        guard !text.isEmpty else { throw notAbsolute }
        if text.hasPrefix("[") {
            let address = String(text.dropFirst().dropLast())
            var buffer = in6_addr()
            guard text.hasSuffix("]"), inet_pton(AF_INET6, address, &buffer) == 1 else {
                throw ParseError(
                    text: "Its host \(Excerpt.quoted(text)) is no IPv6 address; in brackets stands one, without a zone."
                )
            }
            return address.lowercased()
        }
        guard !text.contains("%") else {
            throw ParseError(text: "Its host \(Excerpt.quoted(text)) is escaped; write the host's own characters.")
        }
        // Another script may stand for these too, hence after it has been mapped.
        guard !text.utf8.contains(where: isForbiddenInHost), let ascii = ascii(text),
            !ascii.utf8.contains(where: isForbiddenInHost)
        else { throw ParseError(text: "Its host \(Excerpt.quoted(text)) holds a character that no host has.") }
        return ascii
    }

    private static func ascii(_ host: String) -> String? {
        if host.utf8.allSatisfy({ $0 < 0x80 }) { return host.lowercased() }
        guard let url = URL(string: "http://\(host)/"),
            let ascii = URLComponents(url: url, resolvingAgainstBaseURL: false)?.encodedHost,
            !ascii.isEmpty, ascii.utf8.allSatisfy({ $0 < 0x80 })
        else { return nil }
        return ascii.lowercased()
    }

    /// The forbidden host code points (WHATWG URL, 3.2).
    private static func isForbiddenInHost(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == 0x7F || "#/:<>?@[\\]^|%".utf8.contains(byte)
    }

    // MARK: User, path, query

    private static func authorization(_ userInfo: ArraySlice<UInt8>) -> String {
        var decoded: [UInt8] = []
        var rest = userInfo
        while let byte = rest.first {
            let escape = byte == UInt8(ascii: "%") ? escape(rest) : nil
            decoded.append(escape ?? byte)
            rest = rest.dropFirst(escape == nil ? 1 : 3)
        }
        if !userInfo.contains(UInt8(ascii: ":")) { decoded.append(UInt8(ascii: ":")) }
        return "Basic " + Data(decoded).base64EncodedString()
    }

    /// The byte that an escape at the beginning stands for; nil when none is there.
    private static func escape(_ bytes: ArraySlice<UInt8>) -> UInt8? {
        let digits = bytes.dropFirst().prefix(2)
        guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        return UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    /// Escapes what may not stand there (RFC 3986, sections 3.3 and 3.4), and nothing that is an escape already.
    private static func escaped(_ bytes: ArraySlice<UInt8>, isQuery: Bool) -> String {
        var result: [UInt8] = []
        let hex = Array("0123456789ABCDEF".utf8)
        for (index, byte) in zip(bytes.indices, bytes) {
            let stays =
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                case UInt8(ascii: "%"): escape(bytes[index...]) != nil
                case UInt8(ascii: "?"): isQuery
                default: "-._~!$&'()*+,;=:@/".utf8.contains(byte)
                }
            if stays {
                result.append(byte)
            } else {
                result += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    // MARK: As shown

    /// A URL as it may be shown: without user and password, and without a query, which may hold a key.
    package static func withoutCredentials(_ url: String) -> String {
        URLParts(url).withoutCredentials
    }

    /// Host and port.
    package var authority: String { "\(bracketedHost):\(port)" }

    /// The value of `Host`: the port only when it is not the scheme's own.
    package var hostHeader: String {
        port == (isTLS ? 443 : 80) ? bracketedHost : authority
    }

    private var bracketedHost: String { host.contains(":") ? "[\(host)]" : host }
}

/// The components of a URL, split as RFC 3986, appendix B, has it, whatever characters they hold.
private struct URLParts {
    let scheme: String?
    let authority: ArraySlice<UInt8>?
    let path: ArraySlice<UInt8>
    let query: ArraySlice<UInt8>?
    private let bytes: [UInt8]

    init(_ text: String) {
        bytes = Array(text.utf8)
        var rest = bytes[...]
        let stop = rest.firstIndex { ":/?#".utf8.contains($0) }
        if let stop, bytes[stop] == UInt8(ascii: ":") {
            scheme = String(decoding: rest[..<stop], as: UTF8.self).lowercased()
            rest = rest[(stop + 1)...]
        } else {
            scheme = nil
        }
        if rest.starts(with: "//".utf8) {
            let start = rest.startIndex + 2
            let end = rest[start...].firstIndex { "/?#".utf8.contains($0) } ?? rest.endIndex
            authority = rest[start..<end]
            rest = rest[end...]
        } else {
            authority = nil
        }
        rest = rest.prefix { $0 != UInt8(ascii: "#") }
        let mark = rest.firstIndex(of: UInt8(ascii: "?"))
        path = rest[..<(mark ?? rest.endIndex)]
        query = mark.map { rest[($0 + 1)...] }
    }

    var withoutCredentials: String {
        var shown = bytes
        if let query { shown.replaceSubrange(query.indices, with: "...".utf8) }
        if let authority, let at = authority.lastIndex(of: UInt8(ascii: "@")) {
            shown.removeSubrange(authority.startIndex...at)
        }
        return String(decoding: shown, as: UTF8.self)
    }
}
