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
        var json: [UInt8] = []
        json.reserveCapacity(string.utf8.count + 2)
        append(string, to: &json, escapes: escapes)
        text += String(decoding: json, as: UTF8.self)
    }

    /// Appends `string` to `json` as a JSON string in UTF-8, quotes included.
    package static func append(_ string: String, to json: inout [UInt8], escapes: ShortEscapes = .common) {
        var string = string
        json.append(quote)
        string.withUTF8 { bytes in
            var written = 0
            for index in bytes.indices where needsEscape(bytes[index]) {
                json.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[written..<index]))
                appendEscape(of: bytes[index], to: &json, escapes)
                written = index + 1
            }
            json.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[written...]))
        }
        json.append(quote)
    }

    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    /// Characters beyond ASCII stand as they are, so that their bytes need no look.
    private static func needsEscape(_ byte: UInt8) -> Bool { byte < 0x20 || byte == quote || byte == backslash }

    private static func appendEscape(of byte: UInt8, to json: inout [UInt8], _ escapes: ShortEscapes) {
        json.append(backslash)
        switch byte {
        case quote, backslash: json.append(byte)
        case 0x0A: json.append(UInt8(ascii: "n"))
        case 0x0D: json.append(UInt8(ascii: "r"))
        case 0x09: json.append(UInt8(ascii: "t"))
        case 0x08 where escapes == .all: json.append(UInt8(ascii: "b"))
        case 0x0C where escapes == .all: json.append(UInt8(ascii: "f"))
        default:
            let digit = byte & 0x0F
            json.append(contentsOf: "u00".utf8)
            json.append(UInt8(ascii: "0") + byte >> 4)
            json.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
