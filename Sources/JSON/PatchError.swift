/// Why a patch was not applied. The description is fit for the sender.
package struct PatchError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Kind: Sendable, Hashable {
        /// It is no patch, or none for this document.
        case malformed
        /// A `test` found another value than the patch names.
        case testFailed
    }

    /// What went wrong.
    package let kind: Kind
    /// What is wrong.
    package let description: String

    init(_ kind: Kind, _ description: String) {
        (self.kind, self.description) = (kind, description)
    }
}
