import Foundation

extension String {
    /// The form in which people's names for events, users and tenants are compared without regard to case: Unicode's lower
    /// case, in normal form C. So `BLÅ` is `blå`, however å is composed, and U+212A (Kelvin) is `k`; a final sigma is not σ.
    /// It is composed so that what Swift calls equal is equal to a database, which compares bytes, as well.
    package var caseFolded: String {
        if isLowerCaseASCII { return self }
        let key = lowercased()
        return key.utf8.allSatisfy { $0 < 0x80 } ? key : key.precomposedStringWithCanonicalMapping
    }

    /// The text without the white space around it, which is not part of a name, as .NET's `Trim` understands it: U+FEFF is
    /// none.
    package var trimmingSpace: String {
        // Most names have no white space around them, and ASCII's is known without a look into Unicode's tables.
        if let first = utf8.first, let last = utf8.last, Self.isVisibleASCII(first), Self.isVisibleASCII(last) {
            return self
        }
        let isSpace: (Unicode.Scalar) -> Bool = { $0.properties.isWhitespace }
        guard let first = unicodeScalars.first, let last = unicodeScalars.last, isSpace(first) || isSpace(last) else {
            return self
        }
        var rest = unicodeScalars.drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return String(rest)
    }

    /// Whether the text is ASCII without upper case, of which the lower case in normal form C is the text itself.
    private var isLowerCaseASCII: Bool {
        var text = self
        return text.withUTF8 { bytes in
            for byte in bytes where byte >= 0x80 || (byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")) {
                return false
            }
            return true
        }
    }

    private static func isVisibleASCII(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F }
}
