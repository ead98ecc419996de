import Foundation

extension String {
    /// The form in which names are compared without regard to case. It is composed, so that what Swift calls equal is equal
    /// to a database as well.
    package var caseless: String {
        let key = lowercased()
        return key.utf8.allSatisfy { $0 < 0x80 } ? key : key.precomposedStringWithCanonicalMapping
    }
}
