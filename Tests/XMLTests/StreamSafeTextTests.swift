import Testing
import XML

/// Text whose comparison would cost the square of its length (UAX #15).
@Suite("Stream-safe text")
struct StreamSafeTextTests {
    static let longest = "e" + String(repeating: "\u{301}\u{323}", count: 32)

    @Test(
        "What languages write is safe",
        arguments: [
            "", "plain", "blåbær", "a\u{301}\u{323}b", "한국어", "हिन्दी", "ไทย", "שָׁלוֹם", "👩‍👩‍👧‍👦", longest, longest + longest,
            String(repeating: "🇳🇴", count: 1000), String(repeating: "é", count: 10_000),
        ]
    )
    func written(text: String) {
        #expect(StreamSafeText.isSafe(text.utf8))
    }

    @Test(
        "A run of more combining characters is not, wherever it stands",
        arguments: [
            longest + "\u{301}", "abc" + longest + "\u{323}def", String(repeating: "\u{301}", count: 65),
            String(repeating: "\u{5B0}\u{301}", count: 100_000),
        ]
    )
    func tooMany(text: String) {
        #expect(!StreamSafeText.isSafe(text.utf8))
    }

    @Test(
        "A document with one is refused, in whatever part of it and however it is written",
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
        #expect(throws: XMLReadError.limit("combining characters in a row", 64)) {
            try XMLDocument(parsing: Array(text.utf8))
        }
    }
}
