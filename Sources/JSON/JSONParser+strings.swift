import Text

/// Strings (RFC 8259, section 7).
extension JSONParser {
    /// A string in double or single quotes.
    ///
    /// Control characters are refused as the RFC asks, tabs apart, although Json.NET takes them: a line break in a string
    /// is nearly always a quote that was forgotten, and is then named where it happened.
    mutating func string() throws(JSONReadError) -> String {
        let opening = index
        let quote = bytes[opening]
        var text: [UInt8] = []
        index += 1
        var run = index
        while let byte = current {
            switch byte {
            case quote:
                text += bytes[run..<index]
                guard text.count <= limits.textBytes else { throw textLimit() }
                guard StreamSafeText.isSafe(text) else {
                    throw limit("\(StreamSafeText.longestRun) combining characters in a row")
                }
                index += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                text += bytes[run..<index]
                text += try escape()
                guard text.count <= limits.textBytes else { throw textLimit() }
                run = index
            case 0..<0x20 where byte != 0x09:
                throw error("\(found) in a string must be escaped; is a closing quote missing?")
            default:
                index += 1
            }
        }
        throw error("this string does not end", at: opening)
    }

    /// What an escape stands for, in UTF-8.
    private mutating func escape() throws(JSONReadError) -> [UInt8] {
        let start = index
        index += 1
        switch current {
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            index += 1
            return [bytes[index - 1]]
        case UInt8(ascii: "b"): return simple(0x08)
        case UInt8(ascii: "f"): return simple(0x0C)
        case UInt8(ascii: "n"): return simple(0x0A)
        case UInt8(ascii: "r"): return simple(0x0D)
        case UInt8(ascii: "t"): return simple(0x09)
        case UInt8(ascii: "u"): return try unicodeEscape(from: start)
        case nil: throw error("the text ends inside an escape", at: start)
        default: throw error("a backslash before \(found) is no escape", at: start)
        }
    }

    private mutating func simple(_ byte: UInt8) -> [UInt8] {
        index += 1
        return [byte]
    }

    private mutating func unicodeEscape(from start: Int) throws(JSONReadError) -> [UInt8] {
        var value = try codeUnit(from: start)
        if (0xD800...0xDBFF).contains(value), bytes[index...].starts(with: Array("\\u".utf8)) {
            index += 1
            let low = try codeUnit(from: start)
            guard (0xDC00...0xDFFF).contains(low) else { throw loneSurrogate(value, at: start) }
            value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
        }
        // XML has no form for it, and C ends text at it.
        guard value != 0 else { throw error("U+0000 is not allowed in a text", at: start) }
        guard let scalar = Unicode.Scalar(value) else { throw loneSurrogate(value, at: start) }
        return Array(String(scalar).utf8)
    }

    private func loneSurrogate(_ value: UInt32, at start: Int) -> JSONReadError {
        error("\(Self.codePoint(value)) is half of a surrogate pair without the other", at: start)
    }

    /// The four hexadecimal digits after the `u` that is next.
    private mutating func codeUnit(from start: Int) throws(JSONReadError) -> UInt32 {
        index += 1
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = current.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else {
                throw error("four hexadecimal digits must follow \\u", at: start)
            }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        return value
    }
}
