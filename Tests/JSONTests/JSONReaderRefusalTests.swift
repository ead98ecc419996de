import TestSupport
import Testing
import Text

@testable import JSON

@Suite("JSON that is refused")
struct JSONReaderRefusalTests {
    @Test(
        "A text without a value is refused as empty",
        arguments: ["", " ", "\r\n\t", "// nothing", "/* nothing */ \u{A0}"]
    )
    func empty(text: String) {
        #expect(refusal(ofJSON: text) == .empty)
        #expect(refusal(ofJSON: [0xEF, 0xBB, 0xBF] + Array(text.utf8)) == .empty)
        #expect(refusal(ofJSON: markedUTF16(text, littleEndian: true)) == .empty)
        #expect(JSONReadError.empty.description == "The JSON text is empty.")
    }

    @Test(
        "What is no JSON is refused with its place",
        arguments: [
            ("[1 2]", "line 1, column 4: ',' or ']' is expected, not '2'"),
            ("{\n  \"a\": 1\n  \"b\": 2\n}", "line 3, column 3: ',' or '}' is expected, not '\"'"),
            ("[1,\r\n2,\r\n,]", "line 3, column 1: a value is expected, not ','"),
            ("[1,\r2,\rx]", "line 3, column 1: this is no JSON value; text needs quotes"),
            ("[\"é€😀\" 1]", "line 1, column 8: ',' or ']' is expected, not '1'"),
            ("\u{FEFF}x", "line 1, column 1: this is no JSON value; text needs quotes"),
            ("{\"a\" 1}", "line 1, column 6: ':' is expected, not '1'"),
            ("{,}", "line 1, column 2: a name is expected, not ','"),
            ("{\"a\":}", "line 1, column 6: a value is expected, not '}'"),
            ("{\"a\":1,,}", "line 1, column 8: a name is expected, not ','"),
            ("{[]:1}", "line 1, column 2: a name is expected, not '['"),
            ("[1", "line 1, column 3: ',' or ']' is expected, not the end of the text"),
            ("{", "line 1, column 2: a name is expected, not the end of the text"),
            ("[", "line 1, column 2: a value is expected, not the end of the text"),
            ("[1}", "line 1, column 3: ',' or ']' is expected, not '}'"),
            ("[,]", "line 1, column 2: a value is expected, not ','"),
            ("<a/>", "line 1, column 1: a value is expected, not '<'"),
            ("1 2", "line 1, column 3: the text goes on after its value, with '2'"),
            ("{}{}", "line 1, column 3: the text goes on after its value, with '{'"),
            ("[]]", "line 1, column 3: the text goes on after its value, with ']'"),
            ("1\u{0}", "line 1, column 2: the text goes on after its value, with U+0000"),
            ("[1]\u{FEFF}", "line 1, column 4: the text goes on after its value, with U+FEFF"),
            ("[True]", "line 1, column 2: this is no JSON value; text needs quotes"),
            ("nullx", "line 1, column 1: this is no JSON value; text needs quotes"),
            ("new Date(0)", "line 1, column 1: this is no JSON value; text needs quotes"),
            ("undefined", "line 1, column 1: this is no JSON value; text needs quotes"),
            ("[NaN]", "line 1, column 2: JSON has no NaN"),
            ("Infinity", "line 1, column 1: JSON has no Infinity"),
            ("{a-b:1}", "line 1, column 3: ':' is expected, not '-'"),
        ]
    )
    func malformed(text: String, description: String) {
        let error = refusal(ofJSON: text)
        #expect(error?.kind == .malformed)
        #expect(error?.description == description)
    }

    @Test(
        "What is no number is refused as a whole",
        arguments: [
            "-", "+", ".", "-.", "1e", "1e+", "1.e", ".e1", "1.2.3", "--1", "+-1", "1-2", "0x1F", "1a", "1_000",
            "-Infinity", "1e5.5", "-NaN",
        ]
    )
    func numbers(text: String) {
        #expect(refusal(ofJSON: "[\n \(text)]")?.description == "line 2, column 2: this is no number of JSON")
    }

    @Test(
        "Strings that are broken are refused with the place where they break",
        arguments: [
            ("[\"abc]", 2, "this string does not end"),
            ("'abc\"", 1, "this string does not end"),
            ("\"abc\\\"", 1, "this string does not end"),
            ("\"abc\\", 5, "the text ends inside an escape"),
            ("\"a\nb\"", 3, "U+000A in a string must be escaped; is a closing quote missing?"),
            ("\"a\u{1}\"", 3, "U+0001 in a string must be escaped; is a closing quote missing?"),
            ("\"a\u{0}\"", 3, "U+0000 in a string must be escaped; is a closing quote missing?"),
            ("\"\\u0000\"", 2, "U+0000 is not allowed in a text"),
            ("\"a\\x41\"", 3, "a backslash before 'x' is no escape"),
            ("\"\\é\"", 2, "a backslash before 'é' is no escape"),
            ("\"\\u12\"", 2, "four hexadecimal digits must follow \\u"),
            ("\"\\u12g4\"", 2, "four hexadecimal digits must follow \\u"),
            ("\"\\u+123\"", 2, "four hexadecimal digits must follow \\u"),
            ("\"\\ud83d\"", 2, "U+D83D is half of a surrogate pair without the other"),
            ("\"x\\ude00\"", 3, "U+DE00 is half of a surrogate pair without the other"),
            ("\"\\ud83d\\ud83d\\ude00\"", 2, "U+D83D is half of a surrogate pair without the other"),
            ("\"\\ud83dx\"", 2, "U+D83D is half of a surrogate pair without the other"),
            ("\"\\ud83d\\u0041\"", 2, "U+D83D is half of a surrogate pair without the other"),
            ("\"\\ud83d\\n\"", 2, "U+D83D is half of a surrogate pair without the other"),
            ("{'a\nb':1}", 4, "U+000A in a string must be escaped; is a closing quote missing?"),
        ] as [(String, Int, String)]
    )
    func strings(text: String, column: Int, reason: String) {
        #expect(refusal(ofJSON: text)?.description == "line 1, column \(column): \(reason)")
    }

    @Test(
        "Comments that are broken are refused where they begin",
        arguments: [
            ("1 /* x", "line 1, column 3: this comment does not end"),
            ("1\n/*/", "line 2, column 1: this comment does not end"),
            ("[/*", "line 1, column 2: this comment does not end"),
            ("/1", "line 1, column 1: a '/' that begins no comment"),
            ("[1]/", "line 1, column 4: a '/' that begins no comment"),
        ]
    )
    func comments(text: String, description: String) {
        #expect(refusal(ofJSON: text)?.description == description)
    }

    @Test(
        "Bytes that are no UTF-8 are refused wherever they stand",
        arguments: [
            [0x80], [0xBF], [0xFE], [0xFF], [0xC3, 0x28], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xC0, 0xBC],
            [0xE0, 0x80, 0xBC],
            [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80],
        ] as [[UInt8]]
    )
    func invalidUTF8(bytes: [UInt8]) {
        for (before, after) in [("\n\"é", "\""), ("\n[]", ""), ("\n//", "\n1"), ("\n/*", "*/1"), ("\n{a", ":1}")] {
            let error = refusal(ofJSON: Array(before.utf8) + bytes + Array(after.utf8))
            let column = before.unicodeScalars.count
            #expect(error?.description == "line 2, column \(column): the bytes from here on are no UTF-8")
        }
    }

    @Test("UTF-16 that is broken is refused with its place", arguments: [true, false])
    func invalidUTF16(littleEndian: Bool) {
        let units = Array("\n[\"é".utf16) + [0xD83D] + Array("\"]".utf16)
        #expect(
            refusal(ofJSON: markedUTF16(units, littleEndian: littleEndian))?.description
                == "line 2, column 4: a surrogate of UTF-16 stands alone here"
        )
        #expect(
            refusal(ofJSON: markedUTF16("[1]", littleEndian: littleEndian) + [0x20])?.description
                == "line 1, column 4: the text ends inside a unit of UTF-16"
        )
    }

    @Test("A message does not repeat what has no quotes; excerpts are short and on one line")
    func excerpts() throws {
        let long = try #require(refusal(ofJSON: String(repeating: "é", count: 100_000)))
        #expect(long.reason == "this is no JSON value; text needs quotes")
        #expect(Excerpt.quoted("a\nb\u{0}\u{2028}\u{202E}é") == "'a\u{FFFD}b\u{FFFD}\u{FFFD}\u{FFFD}é'")
        let onePileOfAccents = "e" + String(repeating: "\u{301}", count: 1000)
        #expect(Excerpt.quoted(onePileOfAccents).unicodeScalars.count < 70)
    }
}
