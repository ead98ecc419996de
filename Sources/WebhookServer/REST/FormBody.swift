import AgentCore
import XML

/// `application/x-www-form-urlencoded` as JSON: every value is text, and a repeated name an array.
struct FormBody: Sendable {
    private let pairs: [(name: String, value: String)]

    private static let mostFields = 2000

    /// Reads a form. Throws a problem that says what is wrong.
    init(_ bytes: [UInt8]) throws(RESTProblem) {
        let fields = bytes.split(separator: UInt8(ascii: "&"))
        guard fields.count <= Self.mostFields else { throw .body("it has more than \(Self.mostFields) fields.") }
        pairs = try Self.pairs(fields)
    }

    /// The fields as they are named.
    var fields: JSONNode {
        var members: [JSONNode.Member] = []
        var places: [[UInt8]: Int] = [:]
        for (name, value) in pairs {
            guard let place = places[Array(name.utf8)] else {
                places[Array(name.utf8)] = members.count
                members.append(.init(name: name, value: .string(value)))
                continue
            }
            let before = if case .array(let items) = members[place].value { items } else { [members[place].value] }
            members[place].value = .array(before + [.string(value)])
        }
        return .object(members)
    }

    /// What there is only one way to be: an array, though it may stand there once. In lower case.
    private static let arrays: Set = ["events", "erroremails", "errorassociates"]

    /// As an object whose members are objects where fields are named `Headers[X-A]` or `Headers.X-A`, in any case. Throws a
    /// problem for a name that is both a value and an object.
    func object() throws(RESTProblem) -> JSONNode {
        var members: [(name: String, values: [JSONNode], entries: [JSONNode.Member])] = []
        var places: [AnyCaseName: Int] = [:]
        for (name, value) in pairs {
            let (outer, inner) = Self.path(name)
            let place = places[AnyCaseName(outer)] ?? members.count
            if place == members.count {
                places[AnyCaseName(outer)] = place
                members.append((outer, [], []))
            }
            if let inner {
                members[place].entries.append(.init(name: inner, value: .string(value)))
            } else {
                members[place].values.append(.string(value))
            }
            guard members[place].values.isEmpty || members[place].entries.isEmpty else {
                throw .body("the field \(Excerpt.of(name)) is both a value and an object.")
            }
        }
        return .object(
            members.map { name, values, entries in
                guard entries.isEmpty else { return .init(name: name, value: .object(entries)) }
                let isArray = values.count > 1 || Self.arrays.contains(name.lowercased())
                return .init(name: name, value: isArray ? .array(values) : values[0])
            }
        )
    }

    /// Names and values, percent signs resolved: of a form, or of a query.
    static func pairs(_ fields: [ArraySlice<UInt8>]) throws(RESTProblem) -> [(name: String, value: String)] {
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

    private static func decoded(_ bytes: ArraySlice<UInt8>) throws(RESTProblem) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            switch bytes[index] {
            case UInt8(ascii: "+"): result.append(0x20)
            case UInt8(ascii: "%"):
                let digits = bytes[(index + 1)..<min(index + 3, bytes.endIndex)]
                let values = digits.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
                guard values.count == 2 else {
                    throw .body("a percent sign is not followed by two hexadecimal digits.")
                }
                result.append(UInt8(values[0] << 4 | values[1]))
                index += 2
            case let byte: result.append(byte)
            }
            index += 1
        }
        guard let text = String(validating: result, as: UTF8.self), !result.contains(0) else {
            throw .body("a field is not UTF-8, or holds U+0000.")
        }
        guard StreamSafeText.isSafe(result) else { throw .body("a field holds \(StreamSafeText.problem).") }
        return text
    }
}
