import Testing
import XML

/// The schema in a WSDL, as far as it says which elements stand in which.
struct PublishedSchema {
    private let components: [XML.XMLElement]

    init(wsdl: String) throws {
        let root = try XML.XMLDocument(parsing: Array(wsdl.utf8)).root
        let types = try #require(root.children.first { $0.isNamed("types") })
        components = Array(try #require(types.children.first { $0.isNamed("schema") }).children)
    }

    /// What an element that stands in an envelope's Body holds otherwise than the schema says: every member must be there,
    /// in the schema's order, and nothing else.
    func problems(of element: XML.XMLElement) -> [String] {
        guard let declaration = component("element", named: element.name) else {
            return ["\(element.name) is not declared"]
        }
        return problems(of: element, declaration, at: element.name)
    }

    private func problems(of element: XML.XMLElement, _ declaration: XML.XMLElement, at path: String) -> [String] {
        let isNil = element.attribute("nil", namespace: "http://www.w3.org/2001/XMLSchema-instance") == "true"
        guard !isNil, let type = complexType(of: declaration) else { return [] }
        let members = members(of: type)
        let (found, declared) = (element.children.map(\.name), members.compactMap { $0.attribute("name") })
        if let item = members.first, item.attribute("maxOccurs") == "unbounded" {
            guard found.allSatisfy({ $0 == declared[0] }) else { return ["\(path) holds \(found)"] }
            return element.children.flatMap { problems(of: $0, item, at: "\(path)/\($0.name)") }
        }
        guard found == declared else { return ["\(path) holds \(found), and the WSDL has \(declared)"] }
        return zip(element.children, members).flatMap { problems(of: $0, $1, at: "\(path)/\($0.name)") }
    }

    private func component(_ kind: String, named name: String) -> XML.XMLElement? {
        components.first { $0.name == kind && $0.attribute("name") == name }
    }

    /// nil for a simple type, and for one of another namespace.
    private func complexType(of declaration: XML.XMLElement) -> XML.XMLElement? {
        guard let name = declaration.attribute("type") else {
            return declaration.children.first { $0.isNamed("complexType") }
        }
        return name.hasPrefix("tns:") ? component("complexType", named: String(name.dropFirst(4))) : nil
    }

    private func members(of type: XML.XMLElement) -> [XML.XMLElement] {
        if let sequence = type.children.first(where: { $0.isNamed("sequence") }) { return Array(sequence.children) }
        let content = type.children.first { $0.isNamed("complexContent") }
        guard let content, let derived = content.children.first(where: { $0.isNamed("extension") }) else { return [] }
        let base = derived.attribute("base").flatMap { component("complexType", named: String($0.dropFirst(4))) }
        return (base.map(members) ?? []) + members(of: derived)
    }
}
