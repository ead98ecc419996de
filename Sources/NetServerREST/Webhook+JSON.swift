import JSON
import SOAP
import Text
import WebhookModel

/// How carriers are read from JSON: names in any case, members that are not known are ignored
/// (docs/contract.md#section-8).
extension Webhook {
    /// Reads a webhook. The id, and who registered and updated the webhook and when, are left out.
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
    /// Returns a text; nil for null.
    func text(_ place: String) throws(RESTError) -> String? {
        switch self {
        case .null: return nil
        case .string(let text): return text
        default: throw .argument("\(place) must be text.")
        }
    }

    /// Returns an `int32`, which may be written as text; nil for null.
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

    /// Returns a state by its name in any case, or by its number; Unknown for null.
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

    /// Returns an array of texts; nil for null.
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

    /// Returns an object whose values are texts; nil for null.
    fileprivate func textMembers(_ place: String) throws(RESTError) -> StringDictionary? {
        guard let object = try members(place) else { return nil }
        var dictionary = StringDictionary()
        for member in object {
            let value = try member.value.text("\(place).\(Excerpt.plain(member.name))")
            dictionary.entries.append(.init(key: member.name, value: value))
        }
        return dictionary
    }

    /// Returns an object of any values; nil for null.
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
