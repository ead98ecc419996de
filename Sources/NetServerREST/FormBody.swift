import JSON
import Networking
import Text

/// `application/x-www-form-urlencoded` as JSON: every value is text, and a repeated name an array.
struct FormBody: Sendable {
    private let pairs: [(name: String, value: String)]

    private static let maximumFields = 2000

    /// Reads a form. Throws an error that says what is wrong.
    init(_ bytes: [UInt8]) throws(RESTError) {
        let fields = bytes.split(separator: UInt8(ascii: "&"))
        guard fields.count <= Self.maximumFields else { throw .body("it has more than \(Self.maximumFields) fields.") }
        pairs = try Self.pairs(fields)
    }

    /// The fields as they are named.
    var fields: JSONValue {
        var members: [(name: String, values: [JSONValue])] = []
        var places: [ExactText: Int] = [:]
        for (name, value) in pairs {
            if let place = places[ExactText(name)] {
                members[place].values.append(.string(value))
            } else {
                places[ExactText(name)] = members.count
                members.append((name, [.string(value)]))
            }
        }
        return .object(JSONObject(members.map { ($0.name, $0.values.count > 1 ? .array($0.values) : $0.values[0]) }))
    }

    /// The members that are arrays, also when the form has only one value for them.
    private static let arrays = Set(["Events", "ErrorEmails", "ErrorAssociates"].map(CaseInsensitiveName.init))

    /// Returns the form as an object. Fields that are named `Headers[X-A]` or `Headers.X-A`, in any case, become members of an
    /// object. Throws an error for a name that is both a value and an object.
    func object() throws(RESTError) -> JSONValue {
        var members: [(name: String, values: [JSONValue], entries: [JSONObject.Member])] = []
        var places: [CaseInsensitiveName: Int] = [:]
        for (name, value) in pairs {
            let (outer, inner) = Self.path(name)
            let place = places[CaseInsensitiveName(outer)] ?? members.count
            if place == members.count {
                places[CaseInsensitiveName(outer)] = place
                members.append((outer, [], []))
            }
            if let inner {
                members[place].entries.append(.init(name: inner, value: .string(value)))
            } else {
                members[place].values.append(.string(value))
            }
            guard members[place].values.isEmpty || members[place].entries.isEmpty else {
                throw .body("the field \(Excerpt.quoted(name)) is both a value and an object.")
            }
        }
        return .object(
            JSONObject(
                members.map { name, values, entries in
                    guard entries.isEmpty else { return (name, .object(JSONObject(members: entries))) }
                    let isArray = values.count > 1 || Self.arrays.contains(CaseInsensitiveName(name))
                    return (name, isArray ? .array(values) : values[0])
                }
            )
        )
    }

    /// Returns the names and values of a form or of a query, percent signs resolved.
    static func pairs(_ fields: [ArraySlice<UInt8>]) throws(RESTError) -> [(name: String, value: String)] {
        var pairs: [(String, String)] = []
        for field in fields {
            let parts = field.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            pairs.append((try decoded(parts[0]), try decoded(parts.count > 1 ? parts[1] : [])))
        }
        return pairs
    }

    /// `Headers[X-A]` and `Headers.X-A` name a member of `Headers`; `Events[]` and `Events[0]` an item of `Events`.
    private static func path(_ name: String) -> (outer: String, inner: String?) {
        if name.last == "]", let open = name.firstIndex(of: "["), open != name.startIndex {
            let inner = name[name.index(after: open)...].dropLast()
            let isIndex = inner.allSatisfy { $0.isASCII && $0.isNumber }
            return (String(name[..<open]), isIndex ? nil : String(inner))
        }
        guard let dot = name.firstIndex(of: "."), dot != name.startIndex else { return (name, nil) }
        return (String(name[..<dot]), String(name[name.index(after: dot)...]))
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>) throws(RESTError) -> String {
        guard let result = PercentEncoding.decoded(bytes, plus: 0x20) else {
            throw .body("a percent sign is not followed by two hexadecimal digits.")
        }
        guard let text = String(validating: result, as: UTF8.self), !result.contains(0) else {
            throw .body("a field is not UTF-8, or holds U+0000.")
        }
        guard StreamSafeText.isSafe(result) else { throw .body("a field holds \(StreamSafeText.problem).") }
        return text
    }
}
