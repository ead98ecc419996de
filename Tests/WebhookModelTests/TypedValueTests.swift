import Foundation
import TestSupport
import Testing

@testable import WebhookModel

@Suite("Typed values")
struct TypedValueTests {
    private static let nested = ObjectDictionary([
        ("b", .scalar(.int, text: "1")),
        ("a", .dictionary(ObjectDictionary([("x", .null), ("y", .strings(["z", nil]))]))),
    ])

    static let jsonCases: [(TypedValue, String)] = [
        (.null, "null"),
        (.scalar(.decimal, text: "1.50"), "1.50"),
        (.string("a\"b"), "\"a\\\"b\""),
        (.untyped(text: "5"), "\"5\""),
        (.qualifiedName(prefix: "p", namespace: "urn:x", localName: "n"), "\"p:n\""),
        (.qualifiedName(prefix: "", namespace: "urn:x", localName: "n"), "\"n\""),
        (.strings([]), "[]"),
        (.strings(["a", nil, "\n"]), "[\"a\",null,\"\\n\"]"),
        (.ints([]), "[]"),
        (.ints([1, -2, .max]), "[1,-2,2147483647]"),
        (.dictionary(ObjectDictionary()), "{}"),
        (.dictionary(nested), "{\"b\":1,\"a\":{\"x\":null,\"y\":[\"z\",null]}}"),
        (.json("[1,\"a\"]"), "[1,\"a\"]"),
    ]

    @Test("Typed values are written as JSON in their order", arguments: TypedValueTests.jsonCases)
    func json(value: TypedValue, expected: String) {
        #expect(value.jsonText == expected)
    }

    @Test("Typed values are kept in a store without loss", arguments: TypedValueTests.jsonCases)
    func codable(value: TypedValue, json: String) throws {
        let dictionary = ObjectDictionary([("k", value)])
        let data = try JSONEncoder().encode(dictionary)
        #expect(try JSONDecoder().decode(ObjectDictionary.self, from: data) == dictionary)
    }

    /// What a client sent, what was stored, and what is stored then.
    struct Adoption: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let given: TypedValue
        let stored: TypedValue?
        let result: TypedValue
    }

    private static let name = TypedValue.qualifiedName(prefix: "p", namespace: "urn:x", localName: "n")
    private static let bareName = TypedValue.qualifiedName(prefix: "", namespace: "urn:x", localName: "n")

    static let adoptions: [Adoption] = [
        adoption(
            "a number that XML clients are shown as a string",
            .string("1e400"),
            .scalar(.double, text: "1e400"),
            .scalar(.double, text: "1e400")
        ),
        adoption(
            "the same without its type",
            .untyped(text: "1e400"),
            .scalar(.double, text: "1e400"),
            .scalar(.double, text: "1e400")
        ),
        adoption("another such number", .string("1e401"), .scalar(.double, text: "1e400"), .string("1e401")),
        adoption("a string for a number that is shown", .string("1e4"), .scalar(.double, text: "1e4"), .string("1e4")),
        adoption("nothing stored", .untyped(text: "5"), nil, .string("5")),
        adoption("same text", .untyped(text: "5"), .scalar(.int, text: "5"), .scalar(.int, text: "5")),
        adoption(
            "same decimal",
            .untyped(text: "1.50"),
            .scalar(.decimal, text: "1.50"),
            .scalar(.decimal, text: "1.50")
        ),
        adoption(
            "the same number",
            .untyped(text: "1.5"),
            .scalar(.decimal, text: "1.50"),
            .scalar(.decimal, text: "1.50")
        ),
        adoption("another number", .untyped(text: "1.51"), .scalar(.decimal, text: "1.50"), .string("1.51")),
        adoption("another double", .untyped(text: "1.501"), .scalar(.double, text: "1.50"), .string("1.501")),
        adoption("a number for a text", .untyped(text: "1.0"), .string("1"), .string("1.0")),
        adoption("a number for infinity", .untyped(text: "5"), .scalar(.double, text: "INF"), .string("5")),
        adoption("the other infinity", .untyped(text: "INF"), .scalar(.double, text: "-INF"), .string("INF")),
        adoption(
            "a 15th digit",
            .untyped(text: "100000000000004"),
            .scalar(.unsignedLong, text: "100000000000000"),
            .string("100000000000004")
        ),
        adoption(
            "all nines",
            .untyped(text: "1.0E+15"),
            .scalar(.double, text: "999999999999999.9"),
            .scalar(.double, text: "999999999999999.9")
        ),
        adoption("hexadecimal", .untyped(text: "0x3"), .scalar(.double, text: "3"), .string("0x3")),
        adoption(
            "a written boolean",
            .scalar(.boolean, text: "1"),
            .scalar(.boolean, text: "true"),
            .scalar(.boolean, text: "true")
        ),
        adoption("no bytes", .untyped(text: ""), .scalar(.base64Binary, text: "aGVsbG8="), .string("")),
        adoption("a text for a number", .string("5"), .scalar(.unsignedLong, text: "5"), .string("5")),
        adoption(
            "a changed number",
            .scalar(.short, text: "6"),
            .scalar(.unsignedByte, text: "5"),
            .scalar(.short, text: "6")
        ),
        adoption(
            "a written double",
            .scalar(.double, text: "0.50"),
            .scalar(.double, text: "0.5"),
            .scalar(.double, text: "0.5")
        ),
        adoption("other text", .untyped(text: "6"), .scalar(.int, text: "5"), .string("6")),
        adoption("same string", .untyped(text: "x"), .string("x"), .string("x")),
        adoption(
            "suds' True",
            .untyped(text: "True"),
            .scalar(.boolean, text: "true"),
            .scalar(.boolean, text: "true")
        ),
        adoption(
            "suds' False",
            .untyped(text: "False"),
            .scalar(.boolean, text: "false"),
            .scalar(.boolean, text: "false")
        ),
        adoption("another boolean", .untyped(text: "False"), .scalar(.boolean, text: "true"), .string("False")),
        adoption("case of a string", .untyped(text: "True"), .string("true"), .string("True")),
        adoption("date", .untyped(text: "2024-02-29T12:30:15"), date, date),
        adoption("a stated type", .string("5"), .scalar(.int, text: "5"), .string("5")),
        adoption("another stated type", .scalar(.long, text: "5"), .scalar(.int, text: "5"), .scalar(.long, text: "5")),
        adoption("null", .null, .scalar(.int, text: "5"), .null),
        adoption("stored null", .untyped(text: ""), .null, .string("")),
        adoption("qualified name", .untyped(text: "p:n"), name, name),
        adoption("qualified name without prefix", .untyped(text: "n"), bareName, bareName),
        adoption("qualified name under another prefix", .untyped(text: "q:n"), name, name),
        adoption("JSON", .untyped(text: "[1,\"a\"]"), .json("[1,\"a\"]"), .json("[1,\"a\"]")),
        adoption("other JSON", .untyped(text: "[1]"), .json("[1,\"a\"]"), .string("[1]")),
        adoption("strings", .strings(["a"]), .strings(["b"]), .strings(["a"])),
        adoption("nothing for strings", .untyped(text: ""), .strings(["a"]), .string("")),
        adoption("string for strings", .untyped(text: "a"), .strings(["a"]), .string("a")),
        adoption(
            "nested",
            dictionary([("a", .untyped(text: "5")), ("b", .untyped(text: "6"))]),
            dictionary([("b", .scalar(.int, text: "6")), ("a", .scalar(.long, text: "5"))]),
            dictionary([("a", .scalar(.long, text: "5")), ("b", .scalar(.int, text: "6"))])
        ),
        adoption(
            "nested where none was",
            dictionary([("a", dictionary([("b", .untyped(text: "5"))]))]),
            .string("x"),
            dictionary([("a", dictionary([("b", .string("5"))]))])
        ),
    ]

    private static let date = TypedValue.scalar(.dateTime, text: "2024-02-29T12:30:15")

    private static func adoption(
        _ description: String,
        _ given: TypedValue,
        _ stored: TypedValue?,
        _ result: TypedValue
    ) -> Adoption {
        Adoption(testDescription: description, given: given, stored: stored, result: result)
    }

    private static func dictionary(_ entries: [(String, TypedValue)]) -> TypedValue {
        .dictionary(ObjectDictionary(entries))
    }

    @Test("An untyped value that repeats a stored one keeps its type", arguments: TypedValueTests.adoptions)
    func preservingType(_ adoption: Adoption) {
        #expect(adoption.given.preservingType(of: adoption.stored) == adoption.result)
    }

    @Test("A value composed otherwise is another value")
    func composition() {
        let composed = TypedValue.untyped(text: "\u{E9}").preservingType(of: .string("e\u{301}"))
        guard case .scalar(.string, let text) = composed else {
            Issue.record("not a string: \(composed)")
            return
        }
        #expect(Array(text.utf8) == Array("\u{E9}".utf8))
    }
}

@Suite("Object dictionaries")
struct ObjectDictionaryTests {
    @Test("Keep the order; a repeated name keeps its first place and its last value")
    func duplicates() {
        let dictionary = ObjectDictionary([("b", .string("1")), ("a", .string("2")), ("b", .string("3")), ("B", .null)])
        #expect(dictionary.entries.map(\.key) == ["b", "a", "B"])
        #expect(dictionary.entries.map(\.value) == [.string("3"), .string("2"), .null])
        #expect(dictionary["b"] == .string("3"))
        #expect(dictionary["B"] == .null)
        #expect(dictionary["c"] == nil)
    }

    @Test("Names are told apart by their characters, not by how they look")
    func composition() {
        let dictionary = ObjectDictionary([("\u{E9}", .string("1")), ("e\u{301}", .string("2"))])
        #expect(dictionary.entries.count == 2)
    }

    @Test("Names are escaped in JSON")
    func escaping() {
        #expect(ObjectDictionary([("a\"\n", .null), ("", .null)]).jsonText == "{\"a\\\"\\n\":null,\"\":null}")
    }

    @Test(
        "A repeated name keeps its first place and its last value, among few names and among many",
        arguments: [0, 1, 2, 11, 12, 13, 14, 50]
    )
    func repeatedNames(count: Int) {
        // The second and third are the same to Swift, and two names to .NET.
        let names = ["", "\u{E9}", "e\u{301}", "K", "\u{212A}", "k", "a", "b"]
        let entries = (0..<count).map { (names[$0 % names.count], TypedValue.string(String($0))) }
        var expected: [(name: [UInt8], value: TypedValue)] = []
        for (name, value) in entries {
            if let place = expected.firstIndex(where: { $0.name == Array(name.utf8) }) {
                expected[place].value = value
            } else {
                expected.append((Array(name.utf8), value))
            }
        }
        let dictionary = ObjectDictionary(entries)
        #expect(dictionary.entries.map { Array($0.key.utf8) } == expected.map(\.name))
        #expect(dictionary.entries.map(\.value) == expected.map(\.value))
    }
}
