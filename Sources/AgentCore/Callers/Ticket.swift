import Foundation

/// A ticket's text: `7T:` and, in base64, `<32 hexadecimal digits>;<number>;<tenant>` as UTF-16, little end first
/// (docs/contract.md#section-5).
package struct Ticket: Sendable, Hashable {
    /// What makes it unguessable: 32 lower-case hexadecimal digits.
    package let secret: String
    /// The associate who logged in.
    package let number: Int32
    /// Where it is valid.
    package let tenant: String

    /// What every ticket begins with.
    package static let prefix = "7T:"
    /// Longer text is no ticket; so that nobody has us decode a megabyte.
    private static let longestText = 4096

    /// Creates a ticket.
    package init(secret: String, number: Int32, tenant: String) {
        (self.secret, self.number, self.tenant) = (secret, number, tenant)
    }

    /// Reads a ticket's text; nil when it is none. A byte order mark before the digits is tolerated.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.longestText, text.hasPrefix(Self.prefix),
            let data = Data(base64Encoded: String(text.dropFirst(Self.prefix.count))), data.count % 2 == 0
        else { return nil }
        var units = stride(from: 0, to: data.count, by: 2).map { UInt16(data[$0]) | UInt16(data[$0 + 1]) << 8 }
        if units.first == 0xFEFF { units.removeFirst() }
        guard
            let parts = String(validating: units, as: UTF16.self)?.split(
                separator: ";",
                maxSplits: 2,
                omittingEmptySubsequences: false
            ),
            parts.count == 3, parts[0].utf8.count == 32, parts[0].allSatisfy({ "0123456789abcdef".contains($0) }),
            let number = Int32(parts[1]), !parts[2].isEmpty
        else { return nil }
        self.init(secret: String(parts[0]), number: number, tenant: String(parts[2]))
    }

    /// The text that ``init(_:)`` reads.
    package var text: String {
        let bytes = content.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        return Self.prefix + Data(bytes).base64EncodedString()
    }

    /// What its session's key is the digest of: the same for every text that means this ticket.
    package var content: String { "\(secret);\(number);\(tenant)" }
}
