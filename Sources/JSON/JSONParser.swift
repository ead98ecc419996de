import Text

/// One pass over a JSON text. It calls itself once for each level of nesting, and goes over no byte twice but to tell
/// the place of the error that it stops at.
struct JSONParser {
    /// UTF-8, checked.
    let bytes: [UInt8]
    let limits: JSONReader.Limits
    let refusesDuplicates: Bool
    /// What is read next.
    var index = 0
    private var values = 0

    init(_ bytes: [UInt8], limits: JSONReader.Limits, refusesDuplicates: Bool) {
        (self.bytes, self.limits, self.refusesDuplicates) = (bytes, limits, refusesDuplicates)
    }

    /// Reads the one value that the text is.
    mutating func document() throws(JSONReadError) -> JSONValue {
        try skipSpace()
        guard index < bytes.count else { throw .empty }
        let value = try value(depth: 0)
        try skipSpace()
        guard index == bytes.count else { throw error("the text goes on after its value, with \(found)") }
        return value
    }

    /// The byte that is read next, nil at the end.
    var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    /// - Parameter depth: How many arrays and objects the value stands in.
    private mutating func value(depth: Int) throws(JSONReadError) -> JSONValue {
        values += 1
        guard values <= limits.values else { throw limit("\(limits.values) values") }
        guard let current else { throw expected("a value") }
        switch current {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard depth < limits.depth else {
                throw limit("\(limits.depth) levels of nesting\(limits.remedies[.depth].note)")
            }
            if current == UInt8(ascii: "[") { return .array(try items(depth: depth + 1)) }
            return .object(try object(depth: depth + 1))
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            return .string(try string())
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
            return .number(try number())
        default:
            return try literal()
        }
    }

    private mutating func items(depth: Int) throws(JSONReadError) -> [JSONValue] {
        index += 1
        var items: [JSONValue] = []
        while true {
            try skipSpace()
            if skip(UInt8(ascii: "]")) { return items }
            items.append(try value(depth: depth))
            try skipSpace()
            guard skip(UInt8(ascii: ",")) || current == UInt8(ascii: "]") else { throw expected("',' or ']'") }
        }
    }

    private mutating func object(depth: Int) throws(JSONReadError) -> JSONObject {
        index += 1
        var object = JSONObject()
        while true {
            try skipSpace()
            if skip(UInt8(ascii: "}")) { return object }
            let start = index
            let name = try name()
            guard !refusesDuplicates || !object.contains(spelling: name) else {
                throw error("the member \(Excerpt.quoted(name)) is there twice", at: start)
            }
            try skipSpace()
            guard skip(UInt8(ascii: ":")) else { throw expected("':'") }
            try skipSpace()
            object.append(try value(depth: depth), named: name)
            try skipSpace()
            guard skip(UInt8(ascii: ",")) || current == UInt8(ascii: "}") else { throw expected("',' or '}'") }
        }
    }

    private mutating func name() throws(JSONReadError) -> String {
        if current == UInt8(ascii: "\"") || current == UInt8(ascii: "'") { return try string() }
        let name = word()
        guard !name.isEmpty else { throw expected("a name") }
        guard name.utf8.count <= limits.textBytes else { throw textLimit() }
        guard StreamSafeText.isSafe(name) else {
            throw limit("\(StreamSafeText.longestRun) combining characters in a row")
        }
        return name
    }

    private mutating func literal() throws(JSONReadError) -> JSONValue {
        let start = index
        switch word() {
        case "null": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "": throw expected("a value")
        case let word where word == "NaN" || word == "Infinity": throw error("JSON has no \(word)", at: start)
        // The word is not repeated: it may be a secret whose quotes were forgotten.
        default: throw error("this is no JSON value; text needs quotes", at: start)
        }
    }

    /// Passes over `byte` if it is next.
    private mutating func skip(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        index += 1
        return true
    }
}

/// Errors at the place where the parser stands, or at another.
extension JSONParser {
    func error(_ reason: String, at offset: Int? = nil) -> JSONReadError {
        JSONReadError(.malformed, reason, at: offset ?? index, in: bytes)
    }

    func expected(_ what: String) -> JSONReadError {
        error("\(what) is expected, not \(found)")
    }

    func textLimit() -> JSONReadError {
        limit("\(limits.textBytes) bytes in one text\(limits.remedies[.textBytes].note)")
    }

    func limit(_ what: String) -> JSONReadError {
        JSONReadError(.limit, "more than \(what)", at: index, in: bytes)
    }

    /// What is read next, for a message.
    var found: String {
        guard let scalar else { return "the end of the text" }
        switch scalar.properties.generalCategory {
        case .control, .format: return Self.codePoint(scalar.value)
        default: return "'\(scalar)'"
        }
    }

    /// `U+000A`.
    static func codePoint(_ value: UInt32) -> String {
        let hexadecimal = String(value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - hexadecimal.count)) + hexadecimal
    }
}
