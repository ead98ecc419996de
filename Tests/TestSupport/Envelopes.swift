package import SOAP
package import XML

/// The namespace of the service in tests of envelopes.
package let serviceNamespace = "http://www.superoffice.net/ws/crm/NetServer/Services87"

/// The text of an envelope. The prefix `e` is SOAP's, `n` the service's.
///
/// - Parameters:
///   - before: The text before the Header.
///   - header: The text in the Header; nil for no Header.
///   - body: The text in the Body.
///   - after: The text behind the Body.
package func envelopeText(
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

extension XMLElement {
    /// The first descendant at the end of a path of local names.
    package func at(_ path: String...) -> XMLElement? {
        path.reduce(self as XMLElement?) { element, name in element?.children.first { $0.name == name } }
    }

    /// The expanded name.
    package var qualifiedName: QualifiedName { QualifiedName(namespace: namespace, localName: name) }

    /// Every element of the subtree, this one first.
    package var subtree: [XMLElement] { [self] + children.flatMap(\.subtree) }
}
