/// What one document may cost to read. Every limit is checked while parsing, so that a hostile document is left before
/// it has been read (docs/contract.md#section-4).
package struct XMLLimits: Sendable, Equatable {
    /// Size of the whole document, in bytes as received.
    package var bytes: Int
    /// Nesting of elements; libxml2 itself stops at 256.
    package var depth: Int
    /// Number of elements.
    package var elements: Int
    /// Number of attributes of one element; also of its namespace declarations.
    package var attributesPerElement: Int
    /// Number of distinct namespaces.
    package var namespaces: Int
    /// Character data of one element, in bytes of UTF-8.
    package var textBytes: Int
    /// What changes a limit, for messages about it; nothing for one that stays as it is.
    package var remedies: [XMLLimit: String]

    /// The defaults, but for what is given.
    package init(
        bytes: Int = 1 << 20,
        depth: Int = 64,
        elements: Int = 50_000,
        attributesPerElement: Int = 64,
        namespaces: Int = 128,
        textBytes: Int = 1 << 20,
        remedies: [XMLLimit: String] = [:]
    ) {
        self.bytes = bytes
        self.depth = depth
        self.elements = elements
        self.attributesPerElement = attributesPerElement
        self.namespaces = namespaces
        self.textBytes = textBytes
        self.remedies = remedies
    }

    /// Size of one start tag, in bytes. Fixed, because libxml2 compares the attributes of a tag with each other before
    /// it reports the tag: only its length bounds that work.
    static let startTagBytes = 32 << 10

    /// Size of the XML declaration, in bytes. Fixed, because libxml2 reads it again with every piece that it is fed.
    static let declarationBytes = 512
}
