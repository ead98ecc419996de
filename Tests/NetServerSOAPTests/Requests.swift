import Networking
import SOAP
import XML

@testable import NetServerSOAP

/// The namespace of the service in these tests.
let serviceNamespace = ServiceNumber.services87.namespace

/// The text of an envelope. The prefix `e` is SOAP's, `n` the service's.
struct RequestText: CustomStringConvertible {
    var version = SOAPVersion.soap12
    /// What stands before the Header.
    var before = ""
    /// What the Header holds; nil for no Header.
    var header: String?
    /// What the Body holds.
    var body = "<n:GetWebhook/>"
    /// What stands behind the Body.
    var after = ""

    var description: String {
        let parts = before + (header.map { "<e:Header>\($0)</e:Header>" } ?? "") + "<e:Body>\(body)</e:Body>" + after
        return "<e:Envelope xmlns:e='\(version.namespace)' xmlns:n='\(serviceNamespace)'>\(parts)</e:Envelope>"
    }
}

/// Reads a request to Webhook.svc given as text.
func readRequest(_ text: some CustomStringConvertible) throws(EnvelopeReader.ReadError) -> SOAPRequest {
    try EnvelopeReader().request(
        Array(text.description.utf8),
        mediaType: MediaType("application/soap+xml"),
        action: nil,
        service: .webhook,
        namespace: serviceNamespace
    )
}

/// Why a request is refused, nil when it is not.
func refusal(of text: RequestText) -> EnvelopeReader.ReadError? {
    do {
        _ = try readRequest(text)
        return nil
    } catch {
        return error
    }
}

extension XMLElement {
    /// The first descendant at the end of a path of local names.
    func at(_ path: String...) -> XMLElement? {
        path.reduce(self as XMLElement?) { element, name in element?.children.first { $0.name == name } }
    }

    /// The expanded name.
    var qualifiedName: QualifiedName { QualifiedName(namespace: namespace, localName: name) }

    /// Every element of the subtree, this one first.
    var subtree: [XMLElement] { [self] + children.flatMap(\.subtree) }
}
