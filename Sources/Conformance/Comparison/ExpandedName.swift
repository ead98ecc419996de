import XML

/// A name with its namespace in place of its prefix.
struct ExpandedName: Hashable, CustomStringConvertible {
    let namespace: String
    let name: String

    init(namespace: String, name: String) {
        (self.namespace, self.name) = (namespace, name)
    }

    init(_ element: XMLElement) {
        self.init(namespace: element.namespace, name: element.name)
    }

    init(_ attribute: XMLAttribute) {
        self.init(namespace: attribute.namespace, name: attribute.name)
    }

    /// Resolves a qualified name that stands as a value on or in `element`; nil when its prefix is not declared there.
    init?(qualified text: String, on element: XMLElement) {
        let trimmed = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let parts = trimmed.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 {
            guard let namespace = element.namespace(forPrefix: String(parts[0])) else { return nil }
            self.init(namespace: namespace, name: String(parts[1]))
        } else {
            self.init(namespace: element.namespace(forPrefix: "") ?? "", name: trimmed)
        }
    }

    var description: String { namespace.isEmpty ? name : "{\(namespace)}\(name)" }
}
