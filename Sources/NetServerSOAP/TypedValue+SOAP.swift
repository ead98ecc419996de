package import SOAP
package import WebhookModel
package import XML

/// How values of type `anyType` are read and written (docs/contract.md#section-3).
extension TypedValue {
    /// Reads `element` by its `xsi:type`, or else by the type that it has where it stands.
    init(_ element: XMLElement, type typeThere: QualifiedName? = nil, service: FieldNamespace) throws(SOAPFault) {
        guard !element.isNil else {
            self = .null
            return
        }
        guard !element.isEncodedArray else {
            self = try Self.encodedArray(element, service: service)
            return
        }
        if let type = element.schemaTypeName.flatMap(ScalarType.init(schemaType:)) {
            self = try Self.scalar(element, type)
            return
        }
        let type = try element.typeName() ?? typeThere
        switch type?.namespace {
        case nil: self = try Self.inferred(element, service: service)
        case Namespace.schema, Namespace.encoding11, Namespace.encoding12:
            self = try Self.schemaValue(element, type: type, service: service)
        case Namespace.serialization:
            self = try Self.serializationValue(element, type: type?.localName ?? "")
        case Namespace.arrays where type?.localName == "ArrayOfstring":
            self = .strings(try element.strings(service: service))
        case Namespace.arrays where type?.localName == "ArrayOfint":
            self = .ints(try Self.ints(element, service: service))
        case let namespace?
        where type?.localName == "StringObjectDictionary" && (service == .any || service == .service(namespace)):
            self = .dictionary(try ObjectDictionary(element, service: service))
        default:
            throw Self.unknownType(of: element, type)
        }
    }

    /// An array of SOAP's encodings: pairs make a dictionary, texts and ints an array of their own; what there is no such
    /// array for is kept as JSON's arrays of mixed values are.
    private static func encodedArray(_ element: XMLElement, service: FieldNamespace) throws(SOAPFault) -> TypedValue {
        let itemType = try element.encodedItemType()
        let items = Array(element.children)
        if !items.isEmpty, items.allSatisfy({ $0.field("Key", in: service) != nil }) {
            return .dictionary(try ObjectDictionary(pairs: items, service: service))
        }
        var values: [TypedValue] = []
        for item in items { values.append(try TypedValue(item, type: itemType, service: service)) }
        let ints = values.compactMap { if case .scalar(.int, let text) = $0 { Int32(text) } else { nil } }
        if ints.count == values.count, !ints.isEmpty || itemType?.localName == "int" { return .ints(ints) }
        let texts = values.compactMap { value -> String?? in
            switch value {
            case .null: .some(nil)
            case .untyped(let text), .scalar(.string, let text): .some(text)
            default: nil
            }
        }
        if texts.count == values.count { return .strings(texts) }
        return .json("[" + values.map(\.jsonText).joined(separator: ",") + "]")
    }

    private static func schemaValue(
        _ element: XMLElement,
        type name: QualifiedName?,
        service: FieldNamespace
    ) throws(SOAPFault) -> TypedValue {
        let type = name?.localName ?? ""
        switch type {
        case "anyType": return try inferred(element, service: service)
        case "QName":
            guard let token = element.token, let name = element.resolve(token) else {
                throw .deserialization(of: element.name, as: type, text: element.text)
            }
            let prefix = token.utf8.firstIndex(of: UInt8(ascii: ":")).map { String(token[..<$0]) } ?? ""
            return .qualifiedName(prefix: prefix, namespace: name.namespace, localName: name.localName)
        case _ where wholeNumbers.contains(type): return try wholeNumber(element, type: type)
        case _ where texts.contains(type): return try Self.scalar(element, .string)
        case "duration": return try Self.scalar(element, .duration)
        default:
            guard let scalar = ScalarType(rawValue: type), ![.guid, .char].contains(scalar) else {
                throw unknownType(of: element, name)
            }
            return try Self.scalar(element, scalar)
        }
    }

    // What the original's serializer has no type of its own for it reads as one that is as wide: JAX-WS sends `integer`
    // for every number without a bound.
    private static let wholeNumbers: Set = [
        "integer", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger", "negativeInteger",
    ]
    private static let texts: Set = [
        "date", "time", "gYear", "gYearMonth", "gMonth", "gMonthDay", "gDay", "hexBinary", "token", "normalizedString",
        "language", "Name", "NCName", "NMTOKEN", "ID", "IDREF", "ENTITY",
    ]

    private static func wholeNumber(_ element: XMLElement, type: String) throws(SOAPFault) -> TypedValue {
        let text = element.text.trimmingXMLSpace
        for width in [ScalarType.long, .unsignedLong] where width.accepts(text) { return try scalar(element, width) }
        throw .deserialization(of: element.name, as: type, text: text)
    }

    private static func serializationValue(_ element: XMLElement, type: String) throws(SOAPFault) -> TypedValue {
        switch type {
        case "char": try scalar(element, .char)
        case "duration": try scalar(element, .duration)
        case "guid" where element.isLeaf:
            // Axis calls every plain string a guid.
            ScalarType.guid.accepts(element.text.trimmingXMLSpace)
                ? .scalar(.guid, text: element.text.trimmingXMLSpace) : .string(element.text)
        default: throw unknownType(of: element, QualifiedName(namespace: Namespace.serialization, localName: type))
        }
    }

    private static func scalar(_ element: XMLElement, _ type: ScalarType) throws(SOAPFault) -> TypedValue {
        let text = (type == .string ? element.content : element.content.trimmed).string
        guard type.accepts(text), element.isLeaf else {
            throw .deserialization(of: element.name, as: type.rawValue, text: text)
        }
        return .scalar(type, text: text)
    }

    /// Without a type a value is a string; what holds items or pairs can only be what they make up, which clients that
    /// lose types rely on.
    private static func inferred(_ element: XMLElement, service: FieldNamespace) throws(SOAPFault) -> TypedValue {
        guard let child = element.children.first(where: { _ in true }) else { return .untyped(text: element.text) }
        // PHP's SoapClient puts what was a list into one element of the list's name.
        let isAlone = element.children.count(where: { _ in true }) == 1
        if child.isNamed("StringObjectKeyValuePair") {
            let isWrapped =
                isAlone && child.field("Key", in: service) == nil
                && child.children.allSatisfy { $0.field("Key", in: service) != nil }
            let pairs = isWrapped ? Array(child.children) : element.items("StringObjectKeyValuePair", service: service)
            return .dictionary(try ObjectDictionary(pairs: pairs, service: service))
        }
        let isWrapped =
            isAlone && !child.isLeaf && child.children.allSatisfy { $0.isNamed("string") || $0.isNamed("int") }
        if child.isNamed("string") {
            return .strings(try isWrapped ? child.children.strings() : element.strings(service: service))
        }
        if child.isNamed("int") {
            return .ints(try isWrapped ? child.children.map(number) : ints(element, service: service))
        }
        throw .deserialization(of: element.name, as: "string", text: "<\(child.name)>")
    }

    private static func ints(_ element: XMLElement, service: FieldNamespace) throws(SOAPFault) -> [Int32] {
        var numbers: [Int32] = []
        for child in element.items("int", service: service) { numbers.append(try number(child)) }
        return numbers
    }

    private static func number(_ element: XMLElement) throws(SOAPFault) -> Int32 {
        guard element.isLeaf, let token = element.token, let number = Int32(token) else {
            throw .deserialization(of: element.name, as: "int", text: element.text)
        }
        return number
    }

    private static func unknownType(of element: XMLElement, _ type: QualifiedName?) -> SOAPFault {
        let name = type.map { "{\($0.namespace.prefix(120))}\($0.localName.prefix(60))" } ?? ""
        return SOAPFault(.sender, "The element \(element.name) has the type \(name), which is not known here.")
    }

    /// Writes the value as an element of type `anyType`.
    package func write(_ name: String, to writer: inout XMLValueWriter) {
        switch self {
        case .null: writer.null(name)
        case .scalar(let type, let text) where !type.isReadable(text): writer.anyValue(name, .schema("string"), text)
        case .scalar(let type, let text):
            let isSerialization = [.guid, .char, .duration].contains(type)
            writer.anyValue(name, isSerialization ? .serialization(type.rawValue) : .schema(type.rawValue), text)
        case .inferred(let value): value.write(name, to: &writer)
        case .untyped(let text), .json(let text): writer.anyValue(name, .schema("string"), text)
        case .qualifiedName(let prefix, let namespace, let localName):
            // Prefixes of this form are the answer's own (``AnswerShape/documented(_:)``).
            let prefix = prefix.hasPrefix("NetServerServices") ? "" : prefix
            writer.anyQualifiedName(name, prefix: prefix, namespace: namespace, localName: localName)
        case .strings(let items):
            writer.beginAny(name, .arrays("ArrayOfstring"))
            for item in items { writer.item("string", item) }
            writer.end(name)
        case .ints(let items):
            writer.beginAny(name, .arrays("ArrayOfint"))
            for item in items { writer.item("int", String(item)) }
            writer.end(name)
        case .dictionary(let dictionary):
            writer.beginAny(name, .service("StringObjectDictionary"))
            dictionary.writeEntries(to: &writer)
            writer.end(name)
        }
    }
}

extension ObjectDictionary {
    /// Reads a `StringObjectDictionary`.
    package init(_ element: XMLElement, service: FieldNamespace) throws(SOAPFault) {
        var entries: [(String, TypedValue)] = []
        entries.reserveCapacity(8)
        let isEncodedArray = element.isEncodedArray
        for child in element.children
        where isEncodedArray || child.isItem("StringObjectKeyValuePair", service: service) {
            entries.append(try Self.entry(child, service: service))
        }
        self.init(entries)
    }

    /// Reads the elements of its pairs.
    fileprivate init(pairs: [XMLElement], service: FieldNamespace) throws(SOAPFault) {
        var entries: [(String, TypedValue)] = []
        for pair in pairs { entries.append(try Self.entry(pair, service: service)) }
        self.init(entries)
    }

    private static func entry(_ pair: XMLElement, service: FieldNamespace) throws(SOAPFault) -> (String, TypedValue) {
        let value = pair.field("Value", in: service)
        return (
            try pair.key(service: service),
            try value.map { value throws(SOAPFault) in
                try TypedValue(value, service: service)
            } ?? .null
        )
    }

    /// Writes the pairs.
    package func writeEntries(to writer: inout XMLValueWriter) {
        for entry in entries {
            writer.begin("StringObjectKeyValuePair")
            writer.string("Key", entry.key)
            entry.value.write("Value", to: &writer)
            writer.end("StringObjectKeyValuePair")
        }
    }
}

extension XMLElement {
    /// The children of that name, as clients may place them; in an array of SOAP's encodings they may have any.
    package func items(_ name: StaticString, service: FieldNamespace) -> [XMLElement] {
        isEncodedArray ? Array(children) : children.filter { $0.isItem(name, service: service) }
    }

    /// Whether this is an item of that name where it stands in no array of SOAP's encodings.
    fileprivate func isItem(_ name: StaticString, service: FieldNamespace) -> Bool {
        isNamed(name) && isField(of: service)
    }

    /// The `Key` of a pair; a dictionary cannot hold a null one.
    package func key(service: FieldNamespace) throws(SOAPFault) -> String {
        guard let key = field("Key", in: service) else {
            throw SOAPFault(.sender, "The element \(name) has no Key.")
        }
        return try key.string() ?? ""
    }

    /// The items of an `ArrayOfstring`.
    package func strings(service: FieldNamespace) throws(SOAPFault) -> [String?] {
        try items("string", service: service).strings()
    }
}

extension ScalarType {
    /// The types of XML Schema by their names; those that clients use most come first.
    private static let schemaTypes: [(name: StaticString, type: ScalarType)] = [
        ("string", .string), ("int", .int), ("boolean", .boolean), ("dateTime", .dateTime), ("double", .double),
        ("long", .long), ("decimal", .decimal), ("short", .short), ("float", .float), ("byte", .byte),
        ("unsignedByte", .unsignedByte), ("unsignedShort", .unsignedShort), ("unsignedInt", .unsignedInt),
        ("unsignedLong", .unsignedLong), ("base64Binary", .base64Binary), ("anyURI", .anyURI), ("duration", .duration),
    ]

    /// The type that XML Schema calls so; nil for a type that takes another look, or that there is not.
    init?(schemaType name: XMLText) {
        for entry in Self.schemaTypes where name.equals(entry.name) {
            self = entry.type
            return
        }
        return nil
    }
}

extension Sequence<XMLElement> {
    /// The text of each.
    fileprivate func strings() throws(SOAPFault) -> [String?] {
        var texts: [String?] = []
        for item in self { texts.append(try item.string()) }
        return texts
    }
}
