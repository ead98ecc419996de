import XML

/// An answer made a fixture's: where it is as the fixture at hand expects, that one's placeholders stay; elsewhere it is
/// written as it came, with what is a secret, or differs from run to run, replaced.
struct AnswerTemplate {
    private var variables: FixtureVariables
    private var prefixes: [String: String] = [:]
    private var declared: [String] = []
    private var content = XMLWriter()
    /// Whether what is written may be another webhook's secret.
    private var isConfidential = false

    /// - Parameters:
    ///   - actual: The document element of the answer.
    ///   - expected: That of the fixture at hand.
    ///   - variables: The values of placeholders after this answer.
    static func bytes(actual: XMLElement, expected: XMLElement, variables: FixtureVariables) -> [UInt8] {
        var template = AnswerTemplate(variables: variables)
        template.write(actual, expected.name == actual.name ? expected : nil, depth: 0)
        return template.document(actual)
    }

    private init(variables: FixtureVariables) {
        self.variables = variables
    }

    private func document(_ root: XMLElement) -> [UInt8] {
        var writer = XMLWriter(capacity: content.bytes.count + 1024)
        writer.markup("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<")
        let body = String(decoding: content.bytes, as: UTF8.self).dropFirst()
        let name = body.prefix { !" />".contains($0) }
        writer.markup(String(name))
        for namespace in declared {
            writer.markup(" xmlns:\(prefixes[namespace] ?? "")=\"")
            writer.attributeValue(namespace)
            writer.markup("\"")
        }
        writer.markup(String(body.dropFirst(name.count)))
        writer.markup("\n")
        return writer.bytes
    }

    private mutating func write(_ actual: XMLElement, _ expected: XMLElement?, depth: Int) {
        let wasConfidential = isConfidential
        isConfidential = wasConfidential || Vocabulary.isConfidential(actual)
        defer { isConfidential = wasConfidential }
        let name = qualified(ExpandedName(actual))
        content.markup("<\(name)")
        for attribute in actual.attributes where attribute.namespace != Vocabulary.xml || attribute.name != "space" {
            write(attribute, of: actual, expected)
        }
        if let expected, Vocabulary.acceptsAnyContent(expected) {
            content.markup(">\(expected.text)</\(name)>")
            return
        }
        let children = Array(actual.children)
        guard children.isEmpty else {
            content.markup(">")
            writeChildren(children, expected.map { Array($0.children) } ?? [], depth: depth + 1)
            content.markup("\n\(indent(depth))</\(name)>")
            return
        }
        let text = text(of: actual, expected)
        if text.isEmpty {
            content.markup("/>")
        } else {
            content.markup(">")
            content.text(text)
            content.markup("</\(name)>")
        }
    }

    private mutating func writeChildren(_ actual: [XMLElement], _ expected: [XMLElement], depth: Int) {
        let pairing = ChildPairing(expected: expected.map(ExpandedName.init), actual: actual.map(ExpandedName.init))
        var partners: [Int: XMLElement] = [:]
        for (child, partner) in zip(expected, pairing.partners) {
            if let partner { partners[partner] = child }
        }
        for (index, child) in actual.enumerated() {
            content.markup("\n\(indent(depth))")
            write(child, partners[index], depth: depth)
        }
    }

    private mutating func write(_ attribute: XMLAttribute, of element: XMLElement, _ expected: XMLElement?) {
        let name = attribute.namespace == Vocabulary.xml ? "xml:\(attribute.name)" : qualified(ExpandedName(attribute))
        content.markup(" \(name)=\"")
        if Vocabulary.holdsQualifiedName(attribute, of: element) {
            content.attributeValue(qualified(attribute.value, on: element))
        } else {
            let pattern = expected?.attribute(attribute.name, namespace: attribute.namespace)
            content.attributeValue(value(attribute.value, pattern))
        }
        content.markup("\"")
    }

    private mutating func text(of element: XMLElement, _ expected: XMLElement?) -> String {
        if Vocabulary.holdsQualifiedName(element) { return qualified(element.text, on: element) }
        if isConfidential, expected.map({ !variables.match($0.text, against: element.text) }) ?? true {
            return "{{any}}"
        }
        return value(element.text, expected?.text)
    }

    private mutating func value(_ text: String, _ pattern: String?) -> String {
        if let pattern, variables.match(pattern, against: text) { return pattern }
        if text.contains(Vocabulary.ticket), variables["ticket"].map({ text.contains($0) }) != true {
            return "{{some}}"
        }
        let masked = variables.masked(text, ["ticket", "token", "user", "password", "target", "badTarget", "run"])
        for placeholder in ["{{time}}", "{{guid}}"] where variables.match(placeholder, against: masked) {
            return placeholder
        }
        return masked
    }

    // MARK: Names

    private mutating func qualified(_ text: String, on element: XMLElement) -> String {
        ExpandedName(qualified: text, on: element).map { qualified($0) } ?? text
    }

    private mutating func qualified(_ name: ExpandedName) -> String {
        guard !name.namespace.isEmpty else { return name.name }
        if let prefix = prefixes[name.namespace] { return "\(prefix):\(name.name)" }
        // An answer may hold both SOAP versions.
        let own = Vocabulary.prefix(of: name.namespace).flatMap { prefixes.values.contains($0) ? nil : $0 }
        let prefix = own ?? "n\(declared.count)"
        prefixes[name.namespace] = prefix
        declared.append(name.namespace)
        return "\(prefix):\(name.name)"
    }

    private func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }
}
