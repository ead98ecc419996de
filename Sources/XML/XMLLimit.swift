/// A limit of a document. The raw value names the limit in messages.
package enum XMLLimit: String, Sendable, Hashable {
    /// The size of the whole document.
    case bytes
    /// How deep elements are nested.
    case depth = "levels of nesting"
    /// The number of elements.
    case elements
    /// The number of attributes, or of namespace declarations, of one element.
    case attributesPerElement = "attributes of one element"
    /// The number of distinct namespaces.
    case namespaces
    /// The character data of one element.
    case textBytes = "bytes of text in one element"
    /// The combining characters that follow each other.
    case combiningCharacters = "combining characters in a row"
    /// The size of one start tag.
    case startTagBytes = "bytes in one start tag"
    /// The size of the XML declaration.
    case declarationBytes = "bytes in the XML declaration"

    /// Says that a limit is passed: `levels of nesting (setting max-depth)`.
    static func text(_ limit: XMLLimit, remedy: String?) -> String {
        limit.rawValue + (remedy.map { " (\($0))" } ?? "")
    }
}
