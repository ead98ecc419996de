/// Writes XML as UTF-8 into one buffer. The caller writes the markup; the writer escapes text and attribute values.
///
/// libxml2's own writer is not used: it copies `U+0001` and its like into the document, which no parser then reads, and
/// costs a call through C for every piece of constant markup.
package struct XMLWriter: Sendable {
    /// What has been written so far and not been taken.
    package private(set) var bytes: [UInt8]

    /// - Parameter capacity: Bytes to set aside at once.
    package init(capacity: Int = 2048) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Returns the bytes that have been written since the last call.
    package mutating func take() -> [UInt8] {
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes
    }

    /// Appends markup as it stands.
    package mutating func markup(_ markup: StaticString) {
        markup.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    /// Appends markup as it stands; for names that are data, such as an operation's.
    package mutating func markup(_ markup: String) {
        bytes.append(contentsOf: markup.utf8)
    }

    /// Appends character data. Characters that XML 1.0 cannot hold become U+FFFD.
    package mutating func text(_ text: String) {
        escape(text, inAttribute: false)
    }

    /// Appends an attribute's value, without the quotes around it, which must be double.
    package mutating func attributeValue(_ value: String) {
        escape(value, inAttribute: true)
    }

    private mutating func escape(_ string: String, inAttribute: Bool) {
        var string = string
        string.withUTF8 { utf8 in
            var start = 0
            for index in utf8.indices {
                guard let replacement = Self.replacement(utf8, at: index, inAttribute: inAttribute) else { continue }
                bytes.append(contentsOf: utf8[start..<index])
                replacement.withUTF8Buffer { bytes.append(contentsOf: $0) }
                start = index + (utf8[index] == 0xEF ? 3 : 1)
            }
            bytes.append(contentsOf: utf8[start...])
        }
    }

    private static func replacement(
        _ utf8: UnsafeBufferPointer<UInt8>,
        at index: Int,
        inAttribute: Bool
    ) -> StaticString? {
        switch utf8[index] {
        case UInt8(ascii: "<"): return "&lt;"
        case UInt8(ascii: ">"): return "&gt;"
        case UInt8(ascii: "&"): return "&amp;"
        case UInt8(ascii: "\""): return inAttribute ? "&quot;" : nil
        case UInt8(ascii: "\t"): return inAttribute ? "&#9;" : nil
        case UInt8(ascii: "\n"): return inAttribute ? "&#10;" : nil
        // A bare carriage return would be read back as a line feed (XML 1.0, 2.11).
        case UInt8(ascii: "\r"): return "&#13;"
        case 0..<0x20: return "\u{FFFD}"
        // U+FFFE and U+FFFF are no characters of XML.
        case 0xEF where utf8[index + 1] == 0xBF && utf8[index + 2] >= 0xBE: return "\u{FFFD}"
        default: return nil
        }
    }
}
