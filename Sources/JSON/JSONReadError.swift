/// What is wrong with a JSON text, and where. The description is fit for the sender: `line 3, column 7: ...`; where a
/// limit was passed it names the remedy of ``JSONReader/Limits/remedies``.
package struct JSONReadError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Kind: Sendable, Hashable {
        /// There is no value: nothing but white space and comments.
        case empty
        /// The text is no JSON, or no text in its encoding.
        case malformed
        /// One of ``JSONReader/Limits`` was passed.
        case limit
    }

    package let kind: Kind
    /// Counted from 1; a line ends with CR, LF or both.
    package let line: Int
    /// Counted from 1, in characters (Unicode scalars), whatever the encoding.
    package let column: Int
    /// What is wrong, without the place.
    package let reason: String

    /// The place and what is wrong.
    package var description: String {
        kind == .empty ? reason : "line \(line), column \(column): \(reason)"
    }

    /// - Parameters:
    ///   - offset: Where it is wrong in `bytes`.
    ///   - bytes: The text in UTF-8, without a byte order mark, valid up to the offset.
    init(_ kind: Kind, _ reason: String, at offset: Int, in bytes: [UInt8]) {
        self.kind = kind
        self.reason = reason
        var line = 1
        var column = 1
        for index in 0..<offset {
            switch bytes[index] {
            case 0x0A:
                (line, column) = (line + 1, 1)
            // The line feed after it begins the line.
            case 0x0D where index + 1 >= bytes.count || bytes[index + 1] != 0x0A:
                (line, column) = (line + 1, 1)
            // What continues a character.
            case 0x80...0xBF:
                break
            default:
                column += 1
            }
        }
        self.line = line
        self.column = column
    }

    /// There is no value.
    package static let empty = JSONReadError(.empty, "The JSON text is empty.", at: 0, in: [])
}
