/// Why a document was refused. `description` is fit for the sender of the document: it names what is wrong and, for a
/// limit, its value, and nothing of the reader's internals.
package enum XMLReadError: Error, Equatable, CustomStringConvertible {
    /// There was nothing to read.
    case empty
    /// The bytes are not a namespace-well-formed XML document.
    case malformed(line: Int, reason: String)
    /// A document type declaration, which is refused whatever it holds (XXE, entity expansion).
    case documentType
    /// A processing instruction, which SOAP forbids.
    case processingInstruction
    /// The document names, or was sent with, an encoding that cannot be decoded.
    case unsupportedEncoding(String)
    /// One of ``XMLLimits`` was passed. The remedy is the one that ``XMLLimits/remedies`` names for it.
    case limit(_ what: XMLLimit, _ value: Int, remedy: String? = nil)

    package var description: String {
        switch self {
        case .empty: "The document is empty."
        case .malformed(let line, let reason): "The document is not well-formed XML (line \(line)): \(reason)"
        case .documentType: "A document type declaration (DTD) is not allowed."
        case .processingInstruction: "A processing instruction is not allowed."
        case .unsupportedEncoding(let name): "The encoding '\(name.prefix(40))' is not supported."
        case .limit(let what, let value, let remedy):
            "The document exceeds the limit of \(value) \(XMLLimit.text(what, remedy: remedy))."
        }
    }
}
