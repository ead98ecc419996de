/// A JSON value: members in the order they were written, numbers as they were written.
///
/// Foundation's types keep neither, and both are part of the contract (docs/contract.md#section-3 and
/// docs/contract.md#section-8).
package enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    /// Always a number of RFC 8259 (section 6): ``JSONReader`` rewrites what it takes beyond that.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// Creates a number.
    package init(_ number: some BinaryInteger) {
        self = .number(String(number))
    }

    /// Creates a string, or null from nil.
    package init(_ text: String?) {
        self = text.map(JSONValue.string) ?? .null
    }

    /// Creates an array of strings, in which a null stands for each nil, or null from nil.
    package init(_ texts: [String?]?) {
        self = texts.map { .array($0.map { JSONValue($0) }) } ?? .null
    }

    /// The value of the member of that name: in this spelling or else in any case; of several the last. nil when this
    /// value is no object or has no such member.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let object) = self else { return nil }
        return object[name]
    }

    /// How many arrays and objects stand in each other: 0 for a value that is neither, 1 for `[]`.
    package var depth: Int {
        switch self {
        case .null, .bool, .number, .string: 0
        case .array(let items): 1 + (items.lazy.map(\.depth).max() ?? 0)
        case .object(let object): 1 + (object.lazy.map(\.value.depth).max() ?? 0)
        }
    }

    /// The value as compact JSON (RFC 8259).
    package var text: String {
        var json: [UInt8] = []
        write(to: &json)
        return String(decoding: json, as: UTF8.self)
    }

    /// Appends the value to `text` as compact JSON (RFC 8259).
    package func write(to text: inout String, escapes: JSONText.ShortEscapes = .common) {
        var json: [UInt8] = []
        write(to: &json, escapes: escapes)
        text += String(decoding: json, as: UTF8.self)
    }

    /// Appends the value to `json` as compact JSON in UTF-8 (RFC 8259).
    package func write(to json: inout [UInt8], escapes: JSONText.ShortEscapes = .common) {
        switch self {
        case .null: json.append(contentsOf: "null".utf8)
        case .bool(let flag): json.append(contentsOf: (flag ? "true" : "false").utf8)
        case .number(let number): json.append(contentsOf: number.utf8)
        case .string(let string): JSONText.append(string, to: &json, escapes: escapes)
        case .array(let items):
            json.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { json.append(UInt8(ascii: ",")) }
                item.write(to: &json, escapes: escapes)
            }
            json.append(UInt8(ascii: "]"))
        case .object(let object):
            json.append(UInt8(ascii: "{"))
            for (index, member) in object.enumerated() {
                if index > 0 { json.append(UInt8(ascii: ",")) }
                JSONText.append(member.name, to: &json, escapes: escapes)
                json.append(UInt8(ascii: ":"))
                member.value.write(to: &json, escapes: escapes)
            }
            json.append(UInt8(ascii: "}"))
        }
    }
}
