/// References to characters that XML 1.0 has no place for, and that WCF writes and reads all the same: control characters
/// (`&#xB;`), U+FFFE and U+FFFF, and surrogate pairs as two references.
///
/// libxml2 refuses them. A document that it refuses for that reason is read a second time, with these references
/// rewritten: every other document costs nothing for it. Each keeps its length, so that errors keep their places.
enum ForbiddenReferences {
    /// What the name of an entity begins with that stands for a forbidden character: `&#xB;` becomes `&_xB;`.
    private static let mark = UInt8(ascii: "_")

    /// The document with its forbidden references rewritten, but for those in comments and CDATA sections, which are no
    /// references. nil when there is none, or the document uses the marked names itself.
    ///
    /// - Parameter encoding: Of UTF-16, the order of the bytes; nil for any encoding whose ASCII is one byte each.
    static func rewritten(_ bytes: [UInt8], utf16 order: UTF16Order?) -> [UInt8]? {
        var units = Units(bytes: bytes, order: order)
        var index = 0
        var isChanged = false
        while index < units.count {
            switch units[index] {
            case UInt8(ascii: "<"):
                if units.has("<!--", at: index) {
                    index = units.end(of: "-->", from: index + 4)
                } else if units.has("<![CDATA[", at: index) {
                    index = units.end(of: "]]>", from: index + 9)
                } else {
                    index += 1
                }
            case UInt8(ascii: "&"):
                if index + 1 < units.count, units[index + 1] == mark { return nil }
                guard let reference = units.reference(at: index) else {
                    index += 1
                    continue
                }
                var end = reference.end
                if let low = units.reference(at: end), let scalar = scalar(reference.value, low.value) {
                    end = low.end
                    units.write(reference: scalar.value, at: index..<end)
                    isChanged = true
                } else if isForbidden(reference.value) {
                    units.write(mark, at: index + 1)
                    isChanged = true
                }
                index = end
            default: index += 1
            }
        }
        return isChanged ? units.bytes : nil
    }

    /// The character that the name of an entity stands for, in UTF-8; nil when ``rewritten(_:utf16:)`` makes no such name.
    static func character(named name: UnsafePointer<UInt8>) -> [UInt8]? {
        guard name[0] == mark else { return nil }
        let digits = name[1] == UInt8(ascii: "x") ? name + 2 : name + 1
        let text = String(cString: digits)
        guard let value = UInt32(text, radix: digits == name + 2 ? 16 : 10), isForbidden(value) else { return nil }
        return Unicode.Scalar(value).map { Array(String($0).utf8) }
    }

    /// U+0000 is not among them: no text of ours holds it.
    private static func isForbidden(_ value: UInt32) -> Bool {
        switch value {
        case 0x9, 0xA, 0xD: false
        case 0x1..<0x20, 0xFFFE, 0xFFFF: true
        default: false
        }
    }

    /// What a surrogate pair stands for; nil when the two are none.
    private static func scalar(_ high: UInt32, _ low: UInt32) -> Unicode.Scalar? {
        guard (0xD800..<0xDC00).contains(high), (0xDC00..<0xE000).contains(low) else { return nil }
        return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    }
}

/// Which byte of a code unit of UTF-16 comes first.
enum UTF16Order {
    case bigEndian, littleEndian

    /// As libxml2 calls the encoding.
    var encoding: String { self == .bigEndian ? "UTF-16BE" : "UTF-16LE" }

    /// The order that the beginning of a document shows: by its byte order mark, or because a document begins with a
    /// character of ASCII.
    init?(of bytes: [UInt8]) {
        guard bytes.count >= 2 else { return nil }
        switch (bytes[0], bytes[1]) {
        case (0xFE, 0xFF), (0, 1...): self = .bigEndian
        case (0xFF, 0xFE), (1..., 0): self = .littleEndian
        default: return nil
        }
    }
}

/// A document as code units, of which only those of ASCII matter: the others are zero.
private struct Units {
    private(set) var bytes: [UInt8]
    private let width: Int
    /// Where in a unit its low byte stands.
    private let low: Int

    /// Digits of a reference, leading zeros included.
    private static let maximumDigits = 12

    init(bytes: [UInt8], order: UTF16Order?) {
        self.bytes = bytes
        width = order == nil ? 1 : 2
        low = order == .bigEndian ? 1 : 0
    }

    var count: Int { bytes.count / width }

    subscript(index: Int) -> UInt8 {
        guard width == 2 else { return bytes[index] }
        return bytes[index * 2 + 1 - low] == 0 ? bytes[index * 2 + low] : 0
    }

    mutating func write(_ unit: UInt8, at index: Int) {
        bytes[index * width + low] = unit
    }

    func has(_ text: StaticString, at index: Int) -> Bool {
        guard index + text.utf8CodeUnitCount <= count else { return false }
        return text.withUTF8Buffer { wanted in wanted.indices.allSatisfy { self[index + $0] == wanted[$0] } }
    }

    /// Where the next `text` ends; the end of the document when there is none.
    func end(of text: StaticString, from start: Int) -> Int {
        var index = start
        while index < count {
            if has(text, at: index) { return index + text.utf8CodeUnitCount }
            index += 1
        }
        return count
    }

    /// The reference to a character that begins at `index`, nil when there is none.
    func reference(at index: Int) -> (value: UInt32, end: Int)? {
        guard has("&#", at: index) else { return nil }
        let isHexadecimal = has("x", at: index + 2)
        let start = isHexadecimal ? index + 3 : index + 2
        var value: UInt32 = 0
        for place in start..<min(start + Self.maximumDigits + 1, count) {
            let unit = self[place]
            if unit == UInt8(ascii: ";") { return place > start ? (value, place + 1) : nil }
            guard let digit = Character(Unicode.Scalar(unit)).hexDigitValue, isHexadecimal || digit < 10 else {
                return nil
            }
            value = min(value * (isHexadecimal ? 16 : 10) + UInt32(digit), 0x110000)
        }
        return nil
    }

    /// Writes a reference that fills `range`, with leading zeros.
    mutating func write(reference value: UInt32, at range: Range<Int>) {
        let digits = String(value, radix: 16)
        let zeros = String(repeating: "0", count: range.count - 4 - digits.utf8.count)
        for (index, unit) in zip(range, "&#x\(zeros)\(digits);".utf8) { write(unit, at: index) }
    }
}
