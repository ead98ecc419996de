/// Strings as JSON writes them (RFC 8259, section 7). Texts that are not whole JSON values, such as the parts of an event's
/// body, are put together from them.
package enum JSONText {
    /// The control characters that are written by a letter, such as `\n`, and not by their number.
    package enum ShortEscapes: Sendable {
        /// Line feed, carriage return and tab.
        case common
        /// Backspace and form feed too: all that have a letter.
        case all
    }

    /// `string` as a JSON string, quotes included.
    package static func string(_ string: String) -> String {
        var text = ""
        append(string, to: &text)
        return text
    }

    /// Appends `string` to `text` as a JSON string, quotes included.
    package static func append(_ string: String, to text: inout String, escapes: ShortEscapes = .common) {
        text += "\""
        if string.utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
            text += string
        } else {
            for scalar in string.unicodeScalars { append(scalar, to: &text, escapes) }
        }
        text += "\""
    }

    private static func append(_ scalar: Unicode.Scalar, to text: inout String, _ escapes: ShortEscapes) {
        switch scalar {
        case "\"": text += "\\\""
        case "\\": text += "\\\\"
        case "\n": text += "\\n"
        case "\r": text += "\\r"
        case "\t": text += "\\t"
        case "\u{8}" where escapes == .all: text += "\\b"
        case "\u{C}" where escapes == .all: text += "\\f"
        case "\u{0}"..<"\u{20}":
            let hex = String(scalar.value, radix: 16)
            text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        default: text.unicodeScalars.append(scalar)
        }
    }
}
