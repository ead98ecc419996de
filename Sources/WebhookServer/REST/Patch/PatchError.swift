/// Why a patch was not applied. The description is fit for the sender.
struct PatchError: Error, Sendable, Hashable, CustomStringConvertible {
    enum Kind: Sendable, Hashable {
        /// It is no patch, or none for this document.
        case malformed
        /// A `test` found another value than the patch names.
        case testFailed
    }

    let kind: Kind
    let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
