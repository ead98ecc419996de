import Foundation

extension String {
    /// The form in which people's names for events, users and tenants are compared without regard to case: Unicode's lower
    /// case, in normal form C. So `BLÅ` is `blå`, however å is composed, and U+212A (Kelvin) is `k`; a final sigma is not σ.
    /// It is composed so that what Swift calls equal is equal to a database, which compares bytes, as well.
    package var caseFolded: String {
        let key = lowercased()
        return key.utf8.allSatisfy { $0 < 0x80 } ? key : key.precomposedStringWithCanonicalMapping
    }

    /// The text without the white space around it, which is not part of a name, as .NET's `Trim` understands it: U+FEFF is
    /// none.
    package var trimmingSpace: String {
        let isSpace: (Unicode.Scalar) -> Bool = { $0.properties.isWhitespace }
        guard let first = unicodeScalars.first, let last = unicodeScalars.last, isSpace(first) || isSpace(last) else {
            return self
        }
        var rest = unicodeScalars.drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return String(rest)
    }
}
