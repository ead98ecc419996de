import Foundation
import Testing

@testable import JSON

@Suite("JSON text")
struct JSONTextTests {
    @Test(
        "Strings are escaped as JSON asks and no further",
        arguments: [
            ("", ""), ("abc", "abc"), ("\"", "\\\""), ("\\", "\\\\"), ("/", "/"), ("\n\r\t", "\\n\\r\\t"),
            ("\r\n", "\\r\\n"), ("\u{0}\u{1}\u{8}\u{C}\u{1F}", "\\u0000\\u0001\\u0008\\u000c\\u001f"),
            ("\u{20}\u{7F}\u{80}", "\u{20}\u{7F}\u{80}"), ("æøå€😀", "æøå€😀"), ("\u{2028}\u{2029}", "\u{2028}\u{2029}"),
            ("e\u{301}", "e\u{301}"), ("<&>'", "<&>'"),
        ] as [(String, String)]
    )
    func string(text: String, escaped: String) throws {
        let json = JSONText.string(text)
        #expect(Array(json.utf8) == Array("\"\(escaped)\"".utf8))
        let object = try JSONSerialization.jsonObject(with: Data("[\(json)]".utf8))
        let read = try #require(object as? [String])
        #expect(Array(read[0].utf8) == Array(text.utf8))
    }

    @Test(
        "Bytes and text get the same string, wherever its escapes stand",
        arguments: [
            "", "\"", "\"\"", "a\"", "\"a", "a\u{1F}\u{0}b\\c", "\u{301}", "\"\u{301}", "\n\u{301}x", "\r\n", "日本\t語",
            "😀\u{7F}\u{80}\\", String(repeating: "é\n", count: 500), String(repeating: "a", count: 5000),
        ]
    )
    func bytes(text: String) {
        for escapes in [JSONText.ShortEscapes.common, .all] {
            var expected = "[\""
            for scalar in text.unicodeScalars {
                switch scalar {
                case "\"", "\\": expected += "\\" + String(scalar)
                case "\n": expected += "\\n"
                case "\r": expected += "\\r"
                case "\t": expected += "\\t"
                case "\u{0}"..<"\u{20}": expected += String(format: "\\u%04x", scalar.value)
                default: expected.unicodeScalars.append(scalar)
                }
            }
            expected += "\""
            var bytes = [UInt8(ascii: "[")]
            JSONText.append(text, to: &bytes, escapes: escapes)
            #expect(bytes == Array(expected.utf8))
            var string = "["
            JSONText.append(text, to: &string, escapes: escapes)
            #expect(Array(string.utf8) == bytes)
        }
    }
}
