/// White space, comments, words and numbers.
extension JSONParser {
    /// Passes over white space and comments.
    mutating func skipSpace() throws(JSONReadError) {
        while let byte = current {
            switch byte {
            case 0x09...0x0D, 0x20: index += 1
            case UInt8(ascii: "/"): try skipComment()
            case 0x80...:
                guard let scalar, scalar.properties.isWhitespace else { return }
                index += UTF8.width(scalar)
            default: return
            }
        }
    }

    private mutating func skipComment() throws(JSONReadError) {
        let start = index
        index += 1
        switch current {
        case UInt8(ascii: "/"):
            while let byte = current, byte != 0x0A, byte != 0x0D { index += 1 }
        case UInt8(ascii: "*"):
            index += 1
            while index + 1 < bytes.count {
                index += 1
                if bytes[index - 1] == UInt8(ascii: "*"), bytes[index] == UInt8(ascii: "/") {
                    index += 1
                    return
                }
            }
            throw error("this comment does not end", at: start)
        default:
            throw error("a '/' that begins no comment", at: start)
        }
    }

    /// A run of letters, digits, `_` and `$`, which is what Json.NET takes for a name without quotes; empty when there
    /// is none.
    mutating func word() -> String {
        let start = index
        while let byte = current {
            if byte < 0x80 {
                guard Self.isWordByte(byte) else { break }
                index += 1
            } else {
                guard let scalar, scalar.properties.isAlphabetic || scalar.properties.numericType == .decimal else {
                    break
                }
                index += UTF8.width(scalar)
            }
        }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    /// A number, rewritten to RFC 8259 (section 6) where it was more loosely written; its digits stay.
    mutating func number() throws(JSONReadError) -> String {
        let start = index
        if current == UInt8(ascii: "-") || current == UInt8(ascii: "+") { index += 1 }
        let whole = digits()
        var fraction = 0..<0
        if current == UInt8(ascii: ".") {
            index += 1
            fraction = digits()
        }
        let exponent = exponent()
        guard !whole.isEmpty || !fraction.isEmpty, let exponent, !continuesNumber else {
            throw error("this is no number of JSON", at: start)
        }
        guard index - start <= limits.textBytes else { throw textLimit() }
        var number: [UInt8] = bytes[start] == UInt8(ascii: "-") ? [UInt8(ascii: "-")] : []
        let significant = bytes[whole].drop { $0 == UInt8(ascii: "0") }
        number += significant.isEmpty ? [UInt8(ascii: "0")] : significant
        if !fraction.isEmpty { number += [UInt8(ascii: ".")] + bytes[fraction] }
        number += bytes[exponent]
        return String(decoding: number, as: UTF8.self)
    }

    private mutating func digits() -> Range<Int> {
        let start = index
        while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { index += 1 }
        return start..<index
    }

    /// An `e` with what follows it, empty when there is none, nil when no digits follow.
    private mutating func exponent() -> Range<Int>? {
        let start = index
        guard current == UInt8(ascii: "e") || current == UInt8(ascii: "E") else { return start..<start }
        index += 1
        if current == UInt8(ascii: "-") || current == UInt8(ascii: "+") { index += 1 }
        return digits().isEmpty ? nil : start..<index
    }

    /// Whether what follows a number would be taken for a part of it: `1.2.3`, `0x1F`, `1-2`.
    private var continuesNumber: Bool {
        switch current {
        case UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "-"): true
        case let byte: byte.map(Self.isWordByte) ?? false
        }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"):
            true
        default:
            false
        }
    }

    /// The character that is read next, nil at the end.
    var scalar: Unicode.Scalar? {
        String(decoding: bytes[index..<min(index + 4, bytes.count)], as: UTF8.self).unicodeScalars.first
    }
}
