/// A limit of ``JSONReader/Limits`` that whoever sets the limits may have words for (``JSONReader/Limits/remedies``).
package enum JSONLimit: Sendable, Hashable, CaseIterable {
    /// Arrays and objects in each other.
    case depth
    /// The bytes of one text.
    case textBytes
}

extension String? {
    /// A remedy in parentheses, after a space; empty where there is none.
    var note: String { map { " (\($0))" } ?? "" }
}
