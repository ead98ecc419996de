import JSON
import SOAP
import Text
import WebhookModel

/// How carriers are read from JSON: names in any case, members that are not known are ignored
/// (docs/contract.md#section-8).
extension Webhook {
    /// Reads a webhook. Its id, who registered and updated it, and when, are not this member's to say and not looked at.
    ///
    /// - Parameter isForm: Whether all values are texts of no type.
    init(_ node: JSONValue, isForm: Bool = false) throws(RESTError) {
        self.init()
        guard case .object = node else { throw .argument("A webhook is an object.") }
        name = try node["Name"]?.text("Name")
        events = try node["Events"]?.texts("Events")
        targetURL = try node["TargetUrl"]?.text("TargetUrl")
        secret = try node["Secret"]?.text("Secret")
        state = try node["State"]?.state("State") ?? .unknown
        type = try node["Type"]?.text("Type")
        headers = try node["Headers"]?.textMembers("Headers")
        properties = try node["Properties"]?.objectMembers("Properties", isForm: isForm)
        extras = try WebhookExtras(node)
    }
}

extension JSONValue {
    /// A text; nil for null.
    func text(_ place: String) throws(RESTError) -> String? {
        switch self {
        case .null: return nil
        case .string(let text): return text
        default: throw .argument("\(place) must be text.")
        }
    }

    /// An `int32`, which may be written as text; nil for null.
    func int32(_ place: String) throws(RESTError) -> Int32? {
        switch self {
        case .null: return nil
        case .number(let text), .string(let text):
            if let number = Int32(text.trimmingXMLSpace) { return number }
            if case .number = self, let number = DecimalValue.int32(text) { return number }
            fallthrough
        default: throw .argument("\(place) must be a whole number from \(Int32.min) to \(Int32.max).")
        }
    }

    /// A state by its name in any case, or by its number; Unknown for null.
    func state(_ place: String) throws(RESTError) -> WebhookState {
        switch self {
        case .null: return .unknown
        case .number(let untrimmed), .string(let untrimmed):
            let text = untrimmed.trimmingXMLSpace
            let byName = WebhookState.allCases.first { CaseInsensitiveName($0.name).matches(text) }
            let number =
                if case .number = self { DecimalValue.int32(text).flatMap { Int16(exactly: $0) } } else { Int16(text) }
            if let state = byName ?? number.flatMap({ WebhookState(rawValue: $0) }) { return state }
            if text.isEmpty { return .unknown }
            fallthrough
        default:
            let names = WebhookState.allCases.map { "\($0.name) (\($0.rawValue))" }.joined(separator: ", ")
            throw .argument("\(place) must be one of \(names).")
        }
    }

    /// An array of texts; nil for null.
    func texts(_ place: String) throws(RESTError) -> [String?]? {
        switch self {
        case .null: return nil
        case .array(let items):
            var texts: [String?] = []
            for (index, item) in items.enumerated() { texts.append(try item.text("\(place)[\(index)]")) }
            return texts
        default: throw .argument("\(place) must be an array of texts.")
        }
    }

    /// An object whose values are texts; nil for null.
    fileprivate func textMembers(_ place: String) throws(RESTError) -> StringDictionary? {
        guard let object = try members(place) else { return nil }
        var dictionary = StringDictionary()
        for member in object {
            let value = try member.value.text("\(place).\(Excerpt.plain(member.name))")
            dictionary.entries.append(.init(key: member.name, value: value))
        }
        return dictionary
    }

    /// An object of any values; nil for null.
    func objectMembers(_ place: String, isForm: Bool = false) throws(RESTError) -> ObjectDictionary? {
        try members(place).map { object in
            ObjectDictionary(
                object.map { member in
                    guard isForm, case .string(let text) = member.value else {
                        return (member.name, TypedValue(member.value))
                    }
                    return (member.name, .untyped(text: text))
                }
            )
        }
    }

    private func members(_ place: String) throws(RESTError) -> JSONObject? {
        switch self {
        case .null: return nil
        case .object(let object): return object
        default: throw .argument("\(place) must be an object.")
        }
    }
}

extension TypedValue {
    /// The type is read off the value (docs/contract.md#section-3); an update may take the stored value's instead.
    init(_ node: JSONValue) {
        switch node {
        case .null: self = .null
        default: self = .inferred(Self.typed(node))
        }
    }

    private static func typed(_ node: JSONValue) -> TypedValue {
        switch node {
        case .null: return .null
        case .bool(let flag): return .scalar(.boolean, text: flag ? "true" : "false")
        case .number(let text): return .scalar(numberType(text), text: text)
        case .string(let text): return .scalar(.string, text: text)
        case .object(let object): return .dictionary(ObjectDictionary(object.map { ($0.name, TypedValue($0.value)) }))
        case .array(let items):
            let texts = items.compactMap { item -> String?? in
                switch item {
                case .string(let text): .some(text)
                case .null: .some(nil)
                default: nil
                }
            }
            if texts.count == items.count { return .strings(texts) }
            let numbers = items.compactMap { item -> Int32? in
                // `-0` would lose its sign.
                if case .number(let text) = item, let number = Int32(text), String(number) == text {
                    number
                } else {
                    nil
                }
            }
            return numbers.count == items.count ? .ints(numbers) : .json(node.text)
        }
    }

    /// Integers become `int`, `long` or `decimal` by their size; others `double`, or `decimal` where a `double` would lose
    /// digits and there is no exponent.
    private static func numberType(_ text: String) -> ScalarType {
        if Int32(text) != nil { return .int }
        if Int64(text) != nil { return .long }
        let hasExponent = text.utf8.contains { $0 | 0x20 == UInt8(ascii: "e") }
        guard !hasExponent else { return .double }
        guard text.utf8.contains(UInt8(ascii: ".")) else { return .decimal }
        let digits = text.utf8.filter { (0x30...0x39).contains($0) }.drop { $0 == 0x30 }.count
        return digits > 15 ? .decimal : .double
    }
}
