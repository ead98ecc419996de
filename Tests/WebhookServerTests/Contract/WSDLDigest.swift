import XML

/// The structure of a WSDL document as sorted lines of one fact each, so that two documents can be compared and the
/// difference between them read.
///
/// Documentation, layout, prefixes, the order of top-level components and the address of the service leave it as it is;
/// anything else that a client's code generator reads changes a line. The `.digest` files beside this one hold
/// what it gives for the WSDL that SuperOffice published.
struct WSDLDigest {
    private var facts: [String] = []

    static func lines(of document: XMLDocument) -> [String] {
        var digest = WSDLDigest()
        digest.add(document.root, at: step(to: document.root))
        return digest.facts.sorted()
    }

    static func lines(parsing bytes: [UInt8]) throws(XMLReadError) -> [String] {
        lines(of: try XMLDocument(parsing: bytes))
    }

    private mutating func add(_ element: XMLElement, at path: String) {
        facts.append(([path] + Self.statements(of: element)).joined(separator: " "))
        let isOrdered = !Self.unordered.contains(Self.name(of: element))
        for (index, child) in element.children.filter({ !Self.isDocumentation($0) }).enumerated() {
            let step = Self.step(to: child)
            add(child, at: isOrdered ? "\(path)/\(index + 1):\(step)" : "\(path)/\(step)")
        }
    }
}

// MARK: - What is said of one element

extension WSDLDigest {
    private static func statements(of element: XMLElement) -> [String] {
        let attributes = element.attributes
            .filter { !isAddress($0, of: element) }
            .map { "\(name($0.name, in: $0.namespace))=\"\(value(of: $0, on: element))\"" }
            .sorted()
        let text = element.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return text.isEmpty ? attributes : attributes + ["text=\(text)"]
    }

    private static func value(of attribute: XMLAttribute, on element: XMLElement) -> String {
        guard attribute.namespace.isEmpty, references[element.namespace]?.contains(attribute.name) == true else {
            return attribute.value
        }
        return resolve(attribute.value, on: element)
    }

    /// A qualified name as `name(_:in:)` writes it; one whose prefix is undeclared stays as it stands.
    private static func resolve(_ qualifiedName: String, on element: XMLElement) -> String {
        let parts = qualifiedName.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let prefix = parts.count == 2 ? parts[0] : ""
        guard let namespace = element.namespace(forPrefix: prefix) else { return qualifiedName }
        return name(parts[parts.count - 1], in: namespace)
    }

    private static func isAddress(_ attribute: XMLAttribute, of element: XMLElement) -> Bool {
        name(of: element) == "soap:address" && attribute.name == "location"
    }

    private static func isDocumentation(_ element: XMLElement) -> Bool {
        ["wsdl:documentation", "xs:documentation"].contains(name(of: element))
    }
}

// MARK: - Names

extension WSDLDigest {
    private static let wsdl = "http://schemas.xmlsoap.org/wsdl/"
    private static let soap = "http://schemas.xmlsoap.org/wsdl/soap/"
    private static let schema = "http://www.w3.org/2001/XMLSchema"
    private static let addressing = "http://www.w3.org/2006/05/addressing/wsdl"

    /// The digest's own prefixes, whatever those of the document are.
    private static let labels = [wsdl: "wsdl", soap: "soap", schema: "xs", addressing: "wsaw"]

    /// The attributes that hold a qualified name, by the namespace of the element they stand on.
    private static let references: [String: Set<String>] = [
        wsdl: ["element", "type", "message", "binding"],
        soap: ["message"],
        schema: ["type", "base", "ref", "itemType", "substitutionGroup"],
    ]

    /// The elements whose children may stand in any order.
    private static let unordered: Set<String> = ["wsdl:definitions", "wsdl:types", "xs:schema"]

    private static func step(to element: XMLElement) -> String {
        let key = ["name", "targetNamespace", "namespace"].lazy.compactMap { element.attribute($0) }.first
        return key.map { "\(name(of: element))[\($0)]" } ?? name(of: element)
    }

    private static func name(of element: XMLElement) -> String {
        name(element.name, in: element.namespace)
    }

    private static func name(_ local: String, in namespace: String) -> String {
        guard !namespace.isEmpty else { return local }
        return labels[namespace].map { "\($0):\(local)" } ?? "{\(namespace)}\(local)"
    }
}
