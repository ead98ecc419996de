/// `application/x-www-form-urlencoded` as JSON: every value is text, a repeated name an array, and `Headers[X-A]` or
/// `Headers.X-A` the member of an object.
enum FormBody {
    private static let mostFields = 10_000

    /// - Parameter arrays: The names, in lower case, of what is an array although it may stand there once.
    static func read(_ bytes: [UInt8], arrays: Set<String> = []) throws(RESTProblem) -> JSONNode {
        var members: [JSONNode.Member] = []
        var places: [String: Int] = [:]
        let fields = bytes.split(separator: UInt8(ascii: "&"))
        guard fields.count <= mostFields else { throw .body("it has more than \(mostFields) fields.") }
        for field in fields {
            let parts = field.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = try decoded(parts[0])
            let value = JSONNode.string(try decoded(parts.count > 1 ? parts[1] : []))
            let (outer, inner) = path(name)
            let place: Int
            if let known = places[outer] {
                place = known
            } else {
                place = members.count
                places[outer] = place
                let first = arrays.contains(outer.lowercased()) ? JSONNode.array([value]) : value
                members.append(.init(name: outer, value: inner == nil ? first : .object([])))
                if inner == nil { continue }
            }
            switch (members[place].value, inner) {
            case (.object(let entries), let inner?):
                members[place].value = .object(entries + [.init(name: inner, value: value)])
            case (.array(let items), nil): members[place].value = .array(items + [value])
            case (.string, nil): members[place].value = .array([members[place].value, value])
            default: throw .body("the field \(Excerpt.of(name)) is both a value and an object.")
            }
        }
        return .object(members)
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
                guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else {
                    throw .body("a percent sign is not followed by two hexadecimal digits.")
                }
                result.append(value)
                index += 2
            case let byte: result.append(byte)
            }
            index += 1
        }
        guard let text = String(validating: result, as: UTF8.self) else { throw .body("it is not UTF-8.") }
        return text
    }
}
