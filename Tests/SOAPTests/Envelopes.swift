import Networking
import SOAP
import TestSupport
import XML

/// Reads an envelope given as text, for a service that knows the header block `n:Known`.
func readEnvelope(
    _ text: String,
    contentType: String = "application/soap+xml",
    action: String? = nil
) throws(EnvelopeReader.ReadError) -> Envelope {
    try EnvelopeReader().read(
        Array(text.utf8),
        mediaType: MediaType(contentType),
        action: action,
        namespace: serviceNamespace
    ) { block, _ in block.isNamed("Known") && block.namespace == serviceNamespace }
}

/// Why an envelope is refused, nil when it is not.
func refusal(
    of text: String,
    contentType: String = "application/soap+xml",
    action: String? = nil
) -> EnvelopeReader.ReadError? {
    do {
        _ = try readEnvelope(text, contentType: contentType, action: action)
        return nil
    } catch {
        return error
    }
}

/// An element inside one that declares `n` as the service, `xsi`, `xsd` and `arr`.
func element(_ text: String) throws -> XMLElement {
    let root = """
        <r xmlns:n="\(serviceNamespace)" xmlns:xsi="\(Namespace.schemaInstance)" xmlns:xsd="\(Namespace.schema)" \
        xmlns:arr="\(Namespace.arrays)">\(text)</r>
        """
    let document = try XMLDocument(parsing: Array(root.utf8))
    guard let element = document.root.children.first(where: { _ in true }) else { throw XMLReadError.empty }
    return element
}
