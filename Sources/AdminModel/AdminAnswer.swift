package import JSON

/// An answer of the admin API, or a part of one. Its JSON has the names and the types that decoding reads.
package protocol AdminAnswer: Decodable, Sendable {
    /// The answer as JSON: members in the order of the alphabet, and none without a value.
    var json: JSONValue { get }
}

extension JSONValue {
    /// An object of the members that have a value.
    static func members(_ members: (String, JSONValue?)...) -> JSONValue {
        .object(JSONObject(members.compactMap { name, value in value.map { (name, $0) } }))
    }

    /// An object of members in the order of their names' bytes.
    static func sorted(_ members: [String: JSONValue]) -> JSONValue {
        .object(
            JSONObject(
                members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { ($0.key, $0.value) }
            )
        )
    }

    /// Creates a number from a finite one: in its shortest form, and whole numbers without a fraction.
    init(_ number: Double) {
        let text = number.description
        self = .number(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
    }
}
