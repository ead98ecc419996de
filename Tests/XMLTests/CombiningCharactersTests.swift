import Testing
import XML

@Suite("Combining characters in XML")
struct CombiningCharactersTests {
    @Test(
        "A document with more than 64 combining characters in a row is refused, in whatever part and however they are written",
        arguments: [
            "<a>\(String(repeating: "\u{301}\u{323}", count: 33))</a>",
            "<a>\(String(repeating: "&#x301;", count: 65))</a>",
            "<a><![CDATA[\(String(repeating: "\u{301}", count: 65))]]></a>",
            "<a b=\"\(String(repeating: "&#769;", count: 65))\"/>",
            "<a\(String(repeating: "\u{301}", count: 65))/>",
            "<a xmlns:b\(String(repeating: "\u{301}", count: 65))=\"urn:b\"/>",
        ]
    )
    func documents(text: String) {
        #expect(throws: XMLReadError.limit(.combiningCharacters, 64)) {
            try XMLDocument(parsing: Array(text.utf8))
        }
    }
}
