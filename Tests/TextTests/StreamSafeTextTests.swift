import Testing
import Text

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
        #expect(StreamSafeText.isSafe(text))
        #expect(StreamSafeText.isSafe(Array(text.utf8)))
        #expect(StreamSafeText.isSafe(text[...]))
    }

    @Test(
        "A run of more combining characters is not, wherever it stands",
        arguments: [
            longest + "\u{301}", "abc" + longest + "\u{323}def", String(repeating: "\u{301}", count: 65),
            String(repeating: "\u{5B0}\u{301}", count: 100_000),
        ]
    )
    func tooMany(text: String) {
        #expect(!StreamSafeText.isSafe(text))
        #expect(!StreamSafeText.isSafe(Array(text.utf8)))
        #expect(!StreamSafeText.isSafe(text[...]))
    }

    @Test("A run is found at every distance from the beginning and from the end")
    func places() {
        for before in 0..<20 {
            for after in [0, 1, 7, 8, 9] {
                for letter in ["a", "\u{7F}", "é"] {
                    let (beginning, end) = (
                        String(repeating: letter, count: before), String(repeating: "z", count: after)
                    )
                    #expect(StreamSafeText.isSafe(beginning + Self.longest + end))
                    #expect(!StreamSafeText.isSafe(beginning + Self.longest + "\u{301}" + end))
                    #expect(StreamSafeText.isSafe(beginning + end))
                }
            }
        }
    }
}
