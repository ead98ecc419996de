import AgentCore

/// `application/x-www-form-urlencoded` as JSON: every value is text, a repeated name an array, and `Headers[X-A]` or
/// `Headers.X-A` the member of an object.
enum FormBody {
    private static let mostFields = 2000

    /// - Parameter arrays: The names, in lower case, of what is an array although it may stand there once.
    static func read(_ bytes: [UInt8], arrays: Set<String> = []) throws(RESTProblem) -> JSONNode {
        let fields = bytes.split(separator: UInt8(ascii: "&"))
        guard fields.count <= mostFields else { throw .body("it has more than \(mostFields) fields.") }
        var members: [(name: String, values: [JSONNode], entries: [JSONNode.Member])] = []
        var places: [String: Int] = [:]
        for (name, value) in try pairs(fields) {
            let (outer, inner) = path(name)
            let place = places[outer] ?? members.count
            if place == members.count {
                places[outer] = place
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
                let isArray = values.count > 1 || arrays.contains(name.lowercased())
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
        return text
    }
}
