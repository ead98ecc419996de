/// A JSON Pointer (RFC 6901) as NetServer takes it: the leading slash is optional. The names of members are compared
/// without regard to case.
struct JSONPointer: Sendable, Hashable {
    /// One for each level, escapes resolved; none for the whole document.
    let tokens: [String]

    /// nil when a `~` is followed by neither 0 nor 1.
    ///
    /// - Parameter text: `/Headers/X-A`, `Headers/X-A`, `/Events/-`; `/` alone is the member with the empty name.
    init?(_ text: String) {
        var tokens: [String] = []
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for part in text.utf8.first == UInt8(ascii: "/") ? parts.dropFirst() : parts[...] {
            guard let token = Self.unescaped(part) else { return nil }
            tokens.append(token)
        }
        self.tokens = text.isEmpty ? [] : tokens
    }

    /// `~1` is a slash, `~0` a tilde; in one pass, since `~01` is `~1` (RFC 6901, section 4).
    private static func unescaped(_ part: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        var isEscaped = false
        for byte in part {
            switch (isEscaped, byte) {
            case (true, UInt8(ascii: "0")): bytes.append(UInt8(ascii: "~"))
            case (true, UInt8(ascii: "1")): bytes.append(UInt8(ascii: "/"))
            case (true, _): return nil
            case (false, UInt8(ascii: "~")): break
            case (false, _): bytes.append(byte)
            }
            isEscaped = !isEscaped && byte == UInt8(ascii: "~")
        }
        return isEscaped ? nil : String(decoding: bytes, as: UTF8.self)
    }
}
