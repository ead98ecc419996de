import Networking
import SOAP
import XML

/// The namespace of the service in these tests.
let serviceNamespace = "http://www.superoffice.net/ws/crm/NetServer/Services87"

/// The text of an envelope. The prefix `e` is SOAP's, `n` the service's.
func envelopeText(
    _ version: SOAPVersion = .soap12,
    before: String = "",
    header: String? = nil,
    body: String = "<n:GetWebhook/>",
    after: String = ""
) -> String {
    let header = header.map { "<e:Header>\($0)</e:Header>" } ?? ""
    return """
        <e:Envelope xmlns:e="\(version.namespace)" xmlns:n="\(serviceNamespace)">\
        \(before)\(header)<e:Body>\(body)</e:Body>\(after)</e:Envelope>
        """
}

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

extension XMLElement {
    /// The first descendant at the end of a path of local names.
    func at(_ path: String...) -> XMLElement? {
        var element: XMLElement? = self
        for name in path { element = element?.children.first { $0.name == name } }
        return element
    }

    /// The expanded name.
    var qualifiedName: QualifiedName { QualifiedName(namespace: namespace, localName: name) }

    /// Every element of the subtree, this one first.
    var subtree: [XMLElement] { [self] + children.flatMap(\.subtree) }
}
