package import JSON

/// How values look in JSON (docs/contract.md#section-3): every digit kept, and without their types.
extension JSONValue {
    /// Creates the JSON of a typed value.
    package init(_ value: TypedValue) {
        switch value {
        case .null: self = .null
        case .scalar(let type, let text): self = type.json(text)
        case .untyped(let text): self = .string(text)
        case .inferred(let value): self.init(value)
        case .qualifiedName(let prefix, _, let name): self = .string(prefix.isEmpty ? name : "\(prefix):\(name)")
        case .strings(let items): self.init(items)
        case .ints(let items): self = .array(items.map { JSONValue($0) })
        case .dictionary(let dictionary): self.init(dictionary)
        case .json(let text): self = (try? Self.ownReader.read(Array(text.utf8))) ?? .string(text)
        }
    }

    /// Creates an object of typed values.
    package init(_ dictionary: ObjectDictionary) {
        self = .object(JSONObject(dictionary.entries.lazy.map { ($0.key, JSONValue($0.value)) }))
    }

    /// Creates an object of texts. An object has a name once: of several the last counts, as for those who read one twice.
    package init(_ dictionary: StringDictionary) {
        self = .object(JSONObject(dictionary.entries.lazy.map { ($0.key, JSONValue($0.value)) }))
    }

    /// Reads what ``JSONValue/text`` has written: its reader checked the limits when a client sent it.
    private static let ownReader = JSONReader(limits: .init(depth: 200, values: .max, textBytes: .max))
}

extension TypedValue {
    /// The value as JSON text.
    ///
    /// JSON that is kept as text is not read again: arrays of arrays would be read once for each level.
    package var jsonText: String {
        switch self {
        case .json(let text): text
        case .inferred(let value): value.jsonText
        default: JSONValue(self).text
        }
    }
}

extension ObjectDictionary {
    /// The dictionary as the text of a JSON object.
    package var jsonText: String { JSONValue(self).text }
}
