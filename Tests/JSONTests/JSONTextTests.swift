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
}
