package import XML

/// The namespaces in which a reader looks for fields and items.
package enum FieldNamespace: Sendable, Hashable {
    /// Any: fields are found by their local names alone, as in REST's documents.
    case any
    /// The service's of this name, that of arrays, or none (docs/contract.md#section-2).
    case service(String)
}

/// How an element's content is read as a value of the schema. What does not parse is a fault that names the element
/// (docs/contract.md#section-3); nil, empty and absent are one and the same for numbers, booleans and enumerations
/// (docs/contract.md#section-9).
extension XMLElement {
    /// Whether `xsi:nil` says that there is no value.
    package var isNil: Bool {
        guard let mark = attribute("nil", in: Namespace.schemaInstance)?.trimmed else { return false }
        return mark.equals("true") || mark.equals("1")
    }

    /// The text, nil for a null. Elements in it are a fault: what they hold would be lost.
    package func string() throws(SOAPFault) -> String? {
        guard !isNil else { return nil }
        guard isLeaf else { throw .deserialization(of: name, as: "string", text: text) }
        return text
    }

    /// The text without the white space around it; nil for a null or nothing.
    package var token: String? {
        guard !isNil else { return nil }
        let trimmed = content.trimmed
        return trimmed.isEmpty ? nil : trimmed.string
    }

    /// The child of that name that has a value.
    package func field(_ name: StaticString, in service: FieldNamespace) -> XMLElement? {
        for child in children where child.isNamed(name) && child.isField(of: service) && !child.isNil { return child }
        return nil
    }

    /// Whether the element stands where clients put fields and items.
    package func isField(of service: FieldNamespace) -> Bool {
        guard case .service(let name) = service else { return true }
        return isIn(name) || isIn("") || isIn(Namespace.arrays)
    }

    /// Whether this is an array of one of SOAP's encodings, whose items may be called anything.
    package var isEncodedArray: Bool {
        if attribute("arrayType", in: Namespace.encoding11) != nil { return true }
        if attribute("itemType", in: Namespace.encoding12) != nil { return true }
        if attribute("arraySize", in: Namespace.encoding12) != nil { return true }
        // Most types are others, and need not be resolved to see that.
        guard let name = attribute("type", in: Namespace.schemaInstance)?.trimmed, name.hasSuffix("Array"),
            let type = resolve(name.string)
        else { return false }
        return type.localName == "Array"
            && (type.namespace == Namespace.encoding11 || type.namespace == Namespace.encoding12)
    }

    /// The type that an array of SOAP's encodings gives those of its items that do not name their own; nil for none.
    package func encodedItemType() throws(SOAPFault) -> QualifiedName? {
        let text =
            attribute("arrayType", namespace: Namespace.encoding11)
            ?? attribute("itemType", namespace: Namespace.encoding12)
        guard let name = text?.prefix(while: { $0 != "[" }), !name.isEmpty else { return nil }
        return try typeName(String(name).trimmingXMLSpace)
    }

    /// An `xsd:int`.
    package func int32() throws(SOAPFault) -> Int32? {
        try parsed(as: "int") { Int32($0) }
    }

    /// An `xsd:short`.
    package func int16() throws(SOAPFault) -> Int16? {
        try parsed(as: "short") { Int16($0) }
    }

    /// An `xsd:boolean`.
    package func boolean() throws(SOAPFault) -> Bool? {
        try parsed(as: "boolean") { text in
            switch text {
            // suds sends Python's own spelling.
            case "true", "1", "True": true
            case "false", "0", "False": false
            default: nil
            }
        }
    }

    /// Reads the content with `parse`; nil when there is none, a fault naming the element and `type` when `parse` gives
    /// nil.
    package func parsed<Value>(as type: String, _ parse: (String) -> Value?) throws(SOAPFault) -> Value? {
        let isLeaf = isLeaf
        guard let token = isNil || isLeaf ? token : text else { return nil }
        guard isLeaf, let value = parse(token) else {
            throw .deserialization(of: name, as: type, text: token)
        }
        return value
    }

    /// The local name of the type of XML Schema that `xsi:type` names as most clients do: with a prefix, and in ASCII. Where this
    /// is nil, ``typeName()`` tells the type.
    package var schemaTypeName: XMLText? {
        guard let type = attribute("type", in: Namespace.schemaInstance)?.trimmed,
            let (namespace, localName) = expandedName(type), namespace == Namespace.schema
        else { return nil }
        return localName
    }

    /// The type that `xsi:type` names, nil when there is none. A prefix that is not declared is a fault.
    package func typeName() throws(SOAPFault) -> QualifiedName? {
        guard let name = attribute("type", namespace: Namespace.schemaInstance)?.trimmingXMLSpace, !name.isEmpty else {
            return nil
        }
        return try typeName(name)
    }

    private func typeName(_ name: String) throws(SOAPFault) -> QualifiedName {
        guard let resolved = resolve(name) else {
            throw SOAPFault(
                .sender,
                "The element \(self.name) has the type '\(name.prefix(60))', whose prefix is not declared."
            )
        }
        return resolved
    }

    /// The expanded name that `text` stands for here, nil when its prefix is not declared.
    package func resolve(_ text: String) -> QualifiedName? {
        // Bytes, since a sign that a combining character follows is another character to Swift.
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        guard (1...2).contains(parts.count), !parts.contains(""), text.unicodeScalars.allSatisfy(Self.isInName) else {
            return nil
        }
        guard parts.count == 2 else {
            return QualifiedName(namespace: namespace(forPrefix: "") ?? "", localName: text)
        }
        return namespace(forPrefix: parts[0]).map { QualifiedName(namespace: $0, localName: parts[1]) }
    }

    /// Whether a name of a type may hold a character.
    private static func isInName(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\u{09}"..."\u{0D}", " ", "<", ">", "&", "\"", "'", "/", "=": false
        case _ where scalar.isASCII: true
        default: !scalar.properties.isWhitespace
        }
    }
}

extension String {
    /// This text without the white space around it, as XML defines white space.
    package var trimmingXMLSpace: String {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
        guard let first = utf8.first, let last = utf8.last, isSpace(first) || isSpace(last) else { return self }
        var view = utf8.drop(while: isSpace)
        while let last = view.last, isSpace(last) { view.removeLast() }
        return String(view) ?? self
    }
}
