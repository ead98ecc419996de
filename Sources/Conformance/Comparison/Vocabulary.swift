import XML

/// What the comparison knows of the XML vocabularies that an answer is written in.
enum Vocabulary {
    static let soap11 = "http://schemas.xmlsoap.org/soap/envelope/"
    static let soap12 = "http://www.w3.org/2003/05/soap-envelope"
    /// The namespace of the services that fixtures call.
    static let services = "http://www.superoffice.net/ws/crm/NetServer/Services87"
    static let instance = "http://www.w3.org/2001/XMLSchema-instance"
    static let schema = "http://www.w3.org/2001/XMLSchema"
    static let xml = "http://www.w3.org/XML/1998/namespace"

    private static let prefixes = [
        soap11: "s", soap12: "s", services: "w", instance: "xsi", schema: "xsd",
        "http://schemas.microsoft.com/2003/10/Serialization/": "ser",
        "http://schemas.microsoft.com/2003/10/Serialization/Arrays": "a",
    ]

    /// The prefix that a recorded answer has for a namespace; nil for one that is not known.
    static func prefix(of namespace: String) -> String? { prefixes[namespace] }

    /// Whether an expected element stands for one with any content.
    static func acceptsAnyContent(_ expected: XMLElement) -> Bool {
        expected.text == "{{any:xml}}"
    }

    /// `xsi:nil="false"` says what its absence says.
    static func isSignificant(_ attribute: XMLAttribute) -> Bool {
        !(isNil(attribute) && normalised(attribute) == "false")
    }

    /// The value of an attribute, for booleans in one of their two spellings.
    static func normalised(_ attribute: XMLAttribute) -> String {
        guard isNil(attribute) else { return attribute.value }
        switch attribute.value {
        case "1": return "true"
        case "0": return "false"
        default: return attribute.value
        }
    }

    /// Whether an attribute's value is a qualified name: `xsi:type`, and `qname` of `NotUnderstood` and
    /// `SupportedEnvelope`.
    static func holdsQualifiedName(_ attribute: XMLAttribute, of element: XMLElement) -> Bool {
        if attribute.namespace == instance { return attribute.name == "type" }
        return attribute.namespace.isEmpty && attribute.name == "qname" && element.namespace == soap12
    }

    /// Whether an element's text is a qualified name: `faultcode`, `Value` of a SOAP 1.2 `Code` or `Subcode`, and
    /// whatever says with `xsi:type` that it is one.
    static func holdsQualifiedName(_ element: XMLElement) -> Bool {
        if element.namespace.isEmpty, element.name == "faultcode" { return true }
        if element.namespace == soap12, element.name == "Value" { return true }
        guard let type = element.attribute("type", namespace: instance) else { return false }
        return ExpandedName(qualified: type, on: element) == ExpandedName(namespace: schema, name: "QName")
    }

    /// Whether an element of a webhook holds what only its owner should see.
    static func isConfidential(_ element: XMLElement) -> Bool {
        element.namespace == services && confidential.contains(element.name)
    }

    private static let confidential = ["Secret", "Headers", "Properties"]

    /// What a ticket begins with (docs/contract.md#section-5).
    static var ticket: Regex<Substring> { /7T:[A-Za-z0-9+\/=]{8,}/ }

    /// An attribute's name for a path.
    static func step(to attribute: XMLAttribute) -> String {
        switch attribute.namespace {
        case instance: "xsi:\(attribute.name)"
        case xml: "xml:\(attribute.name)"
        default: attribute.name
        }
    }

    private static func isNil(_ attribute: XMLAttribute) -> Bool {
        attribute.namespace == instance && attribute.name == "nil"
    }
}
