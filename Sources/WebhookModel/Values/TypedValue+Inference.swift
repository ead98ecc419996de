package import JSON

/// How the type of a value is read off its JSON (docs/contract.md#section-3).
extension TypedValue {
    /// Creates a value whose type is read off its JSON; an update may take the stored value's type instead.
    package init(_ node: JSONValue) {
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
