/// Reads JSON as NetServer's reader does, leniently, within limits.
///
/// Beyond RFC 8259 it takes comments (`//` and `/* */`), strings in single quotes and the escape `\'`, names without
/// quotes (letters, digits, `_` and `$`), a comma after the last item or member, any Unicode white space between tokens,
/// a raw tab in a string, and numbers such as `+1`, `007` (seven: there is no octal), `.5` and `5.`, which it rewrites.
/// `NaN` and `Infinity` are refused, since JSON has no form to give them back in, and so are hexadecimal numbers,
/// `undefined` and constructors.
package struct JSONReader: Sendable {
    /// What one text may cost to read. Its size must have been limited before.
    package struct Limits: Sendable {
        /// How many arrays and objects may stand in each other. Each takes stack when it is read,
        /// patched, written and freed: measured, 512 fit into a stack of 512 KiB in a release build, and 1,000 do not.
        package var depth: Int
        /// Number of values, arrays and objects included. Fixed, because a value takes many times the memory of its text.
        package var values: Int
        /// One string, name or number, in bytes of UTF-8 with escapes resolved.
        package var textBytes: Int
        /// How a refusal names what can be changed about a limit. Refusals leave out what has no words here.
        package var remedies: [JSONLimit: String]

        /// Creates limits. The defaults are the documented ones.
        package init(
            depth: Int = 64,
            values: Int = 100_000,
            textBytes: Int = 1 << 20,
            remedies: [JSONLimit: String] = [:]
        ) {
            (self.depth, self.values, self.textBytes, self.remedies) = (depth, values, textBytes, remedies)
        }
    }

    /// The limits that every text is read under.
    package let limits: Limits
    /// Whether a name that an object has twice is an error, instead of keeping its first place and its last value.
    package let refusesDuplicates: Bool

    /// Creates a reader.
    package init(limits: Limits = Limits(), refusesDuplicates: Bool = false) {
        (self.limits, self.refusesDuplicates) = (limits, refusesDuplicates)
    }

    /// Reads one value. Throws ``JSONReadError``.
    ///
    /// - Parameter bytes: The text in UTF-8 or UTF-16, with or without a byte order mark.
    package func read(_ bytes: [UInt8]) throws(JSONReadError) -> JSONValue {
        var parser = JSONParser(try Self.utf8(bytes), limits: limits, refusesDuplicates: refusesDuplicates)
        return try parser.document()
    }

    /// The text in UTF-8, checked, without a byte order mark.
    private static func utf8(_ bytes: [UInt8]) throws(JSONReadError) -> [UInt8] {
        // A text begins with two characters of ASCII, whose other halves say which end comes first (RFC 4627, section 3).
        switch bytes.prefix(4).map({ $0 == 0 }) {
        case [true, false, true, false]: return try utf8([0xFE, 0xFF] + bytes)
        case [false, true, false, true]: return try utf8([0xFF, 0xFE] + bytes)
        default: break
        }
        if bytes.starts(with: [0xFE, 0xFF]) { return try utf8(ofUTF16: bytes) { UInt16($0) << 8 | UInt16($1) } }
        if bytes.starts(with: [0xFF, 0xFE]) { return try utf8(ofUTF16: bytes) { UInt16($1) << 8 | UInt16($0) } }
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        guard String(validating: text, as: UTF8.self) == nil else { return text }
        let valid = validPrefix(text, as: UTF8.self)
        throw JSONReadError(.malformed, "the bytes from here on are no UTF-8", at: valid.count, in: valid)
    }

    private static func utf8(
        ofUTF16 bytes: [UInt8],
        unit: (UInt8, UInt8) -> UInt16
    ) throws(JSONReadError) -> [UInt8] {
        let units = stride(from: 2, to: bytes.count - 1, by: 2).map { unit(bytes[$0], bytes[$0 + 1]) }
        guard let text = String(validating: units, as: UTF16.self) else {
            let valid = validPrefix(units, as: UTF16.self)
            throw JSONReadError(.malformed, "a surrogate of UTF-16 stands alone here", at: valid.count, in: valid)
        }
        let utf8 = Array(text.utf8)
        guard bytes.count.isMultiple(of: 2) else {
            throw JSONReadError(.malformed, "the text ends inside a unit of UTF-16", at: utf8.count, in: utf8)
        }
        return utf8
    }

    /// What stands before the first error, in UTF-8.
    private static func validPrefix<Encoding: Unicode.Encoding>(
        _ units: [Encoding.CodeUnit],
        as encoding: Encoding.Type
    ) -> [UInt8] {
        var parser = Encoding.ForwardParser()
        var iterator = units.makeIterator()
        var valid = String.UnicodeScalarView()
        while case .valid(let scalar) = parser.parseScalar(from: &iterator) { valid.append(Encoding.decode(scalar)) }
        return Array(String(valid).utf8)
    }
}
