import JSON
import Text

/// A value of a `StringObjectDictionary`: an XML Schema `anyType` that keeps its type and its lexical form
/// (docs/contract.md#section-3).
package indirect enum TypedValue: Sendable, Hashable, Codable {
    /// No value, `xsi:nil`.
    case null
    /// A simple value; `text` is what the client wrote.
    case scalar(ScalarType, text: String)
    /// Text whose type the client did not state; a string, unless it repeats a stored value of another type.
    case untyped(text: String)
    /// A value whose type was read off its JSON; it has the stored value's where it says the same.
    case inferred(TypedValue)
    /// `xsd:QName`, resolved where it stood.
    case qualifiedName(prefix: String, namespace: String, localName: String)
    /// `ArrayOfstring`.
    case strings([String?])
    /// `ArrayOfint`.
    case ints([Int32])
    /// A nested `StringObjectDictionary`.
    case dictionary(ObjectDictionary)
    /// JSON that no other case holds, such as an array of mixed values: kept as it is for REST, a string over SOAP.
    case json(String)

    /// A string value.
    package static func string(_ text: String) -> TypedValue { .scalar(.string, text: text) }

    /// The value that an inferred one is.
    fileprivate var withoutInference: TypedValue {
        if case .inferred(let value) = self { value.withoutInference } else { self }
    }

    /// How many dictionaries stand in each other in it.
    fileprivate var depth: Int {
        switch self {
        case .dictionary(let dictionary): dictionary.depth
        case .inferred(let value): value.depth
        default: 0
        }
    }

    /// `stored` where this value says the same and has no type, or one that a client made of the stored value's. Many
    /// clients lose the types of what they read, or write them otherwise (docs/contract.md#section-3 and
    /// docs/contract.md#section-9).
    func preservingType(of stored: TypedValue?) -> TypedValue {
        switch (self, stored) {
        case (.inferred(.dictionary(let dictionary)), _):
            TypedValue.dictionary(dictionary).preservingType(of: stored)
        case (.inferred(let value), let stored?) where value.isSameJSON(as: stored):
            stored
        case (.inferred(let value), _):
            value
        case (.untyped(let text), let stored?) where stored.isRoundTripped(byUntyped: text):
            stored
        case (.scalar(let type, let text), .scalar(let storedType, let storedText))
        where storedType.isRoundTripped(storedText, by: text, as: type):
            .scalar(storedType, text: storedText)
        case (.strings(let items), .strings(let storedItems)):
            .strings(StoredTexts(storedItems.compactMap(\.self)).restored(items))
        // The prefix that the client read may have been another.
        case (.qualifiedName(_, let namespace, let name), .qualifiedName(_, let storedNamespace, let storedName))
        where namespace.isSame(as: storedNamespace) && name.isSame(as: storedName):
            stored ?? self
        // Over SOAP it was shown as a string.
        case (.scalar(.string, let text), .json(let storedText)) where text.repeats(storedText):
            .json(storedText)
        case (.untyped(let text), _):
            .string(text)
        case (.dictionary(let dictionary), .dictionary(let storedDictionary)):
            .dictionary(dictionary.adoptingTypes(of: storedDictionary))
        case (.dictionary(let dictionary), _):
            .dictionary(dictionary.adoptingTypes(of: nil))
        default:
            self
        }
    }
}

extension TypedValue {
    /// Whether `text`, which has no type, is what a client writes that has read this value.
    private func isRoundTripped(byUntyped text: String) -> Bool {
        switch self {
        case .scalar(let type, let stored): type.isRoundTripped(stored, byUntyped: text)
        case .qualifiedName(_, _, let name):
            text.isSame(as: name) || text.utf8.reversed().starts(with: (":" + name).utf8.reversed())
        case .json(let stored): text.repeats(stored)
        case .strings(let items): items.isEmpty && text.isEmpty
        case .ints(let items): items.isEmpty && text.isEmpty
        case .dictionary(let dictionary): dictionary.entries.isEmpty && text.isEmpty
        case .null, .untyped, .inferred: false
        }
    }

    /// Whether both are written as the same JSON, or as the same number.
    private func isSameJSON(as other: TypedValue) -> Bool {
        let (own, others) = (jsonText, other.jsonText)
        if own.isSame(as: others) { return true }
        guard case .scalar(let type, _) = self, type.isNumber, case .scalar(let otherType, _) = other,
            otherType.isNumber
        else { return false }
        return DecimalValue.areEqual(own, others)
    }
}

/// `StringObjectDictionary`: names and typed values, in the order they were sent; a repeated name keeps its first place
/// and its last value.
package struct ObjectDictionary: Sendable, Hashable, Codable {
    /// One name with its value.
    package struct Entry: Sendable, Hashable, Codable {
        /// The name.
        package var key: String
        /// Its value.
        package var value: TypedValue
    }

    /// The entries, names unique.
    package private(set) var entries: [Entry] = []

    /// No entries.
    package init() {}

    /// - Parameter entries: Names and values; a repeated name keeps its first place and its last value.
    package init(_ entries: [(String, TypedValue)]) {
        self.entries.reserveCapacity(entries.count)
        var places: [ExactText: Int] = [:]
        for (key, value) in entries {
            let place =
                entries.count <= Self.fewEntries
                ? self.entries.firstIndex { $0.key.isSame(as: key) } : places[ExactText(key)]
            if let place {
                self.entries[place].value = value
                continue
            }
            if entries.count > Self.fewEntries { places[ExactText(key)] = self.entries.count }
            self.entries.append(Entry(key: key, value: value))
        }
    }

    /// To compare so few names one by one costs less than to hash them.
    private static let fewEntries = 12

    /// How many dictionaries stand in each other, this one included.
    package var depth: Int {
        1 + (entries.lazy.map(\.value.depth).max() ?? 0)
    }

    /// The names that XML clients cannot tell apart: those that are shown as another is.
    package var indistinctNames: [String] {
        var seen: Set<ExactText> = []
        let inner = entries.flatMap { entry -> [String] in
            guard case .dictionary(let dictionary) = entry.value.withoutInference else { return [] }
            return dictionary.indistinctNames
        }
        return entries.map(\.key).filter { !seen.insert(ExactText($0.shownInXML)).inserted } + inner
    }

    /// See ``TypedValue/preservingType(of:)``. A name that comes back as it was shown is the stored one.
    package func adoptingTypes(of stored: ObjectDictionary?) -> ObjectDictionary {
        let storedEntries = stored?.entries ?? []
        let known = Dictionary(
            storedEntries.map { (ExactText($0.key), $0.value) },
            uniquingKeysWith: { first, _ in first }
        )
        let names = StoredTexts(storedEntries.map(\.key)).restored(entries.map(\.key))
        var result = self
        for (index, name) in names.enumerated() {
            let name = name ?? ""
            result.entries[index].key = name
            result.entries[index].value = entries[index].value.preservingType(of: known[ExactText(name)])
        }
        return result
    }
}
