/// A text cut at its `{{...}}` placeholders.
///
/// Works on bytes, so that a fixture that is deliberately no valid UTF-8 reaches the service as it is.
enum FixtureTemplate {
    enum Part: Equatable {
        case text(ArraySlice<UInt8>)
        /// What stands between the braces.
        case placeholder(String)
    }

    static func parts(of bytes: [UInt8]) -> [Part] {
        var parts: [Part] = []
        var start = 0
        var index = 0
        while index < bytes.count {
            guard let placeholder = placeholder(in: bytes, at: index) else {
                index += 1
                continue
            }
            if start < index { parts.append(.text(bytes[start..<index])) }
            parts.append(.placeholder(placeholder.name))
            index = placeholder.end
            start = index
        }
        if start < bytes.count { parts.append(.text(bytes[start...])) }
        return parts
    }

    private static func placeholder(in bytes: [UInt8], at start: Int) -> (name: String, end: Int)? {
        guard bytes[start...].starts(with: "{{".utf8) else { return nil }
        var end = start + 2
        while end < bytes.count, isNameByte(bytes[end]) { end += 1 }
        guard end > start + 2, bytes[end...].starts(with: "}}".utf8) else { return nil }
        return (String(decoding: bytes[(start + 2)..<end], as: UTF8.self), end + 2)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ":"):
            true
        default: false
        }
    }
}
