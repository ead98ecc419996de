import Testing

@testable import JSON

@Suite("JSON Pointer")
struct JSONPointerTests {
    @Test(
        "A pointer is its tokens, escapes resolved, with a leading slash or without",
        arguments: [
            ("", []), ("/", [""]), ("/a", ["a"]), ("a", ["a"]), ("/a/b", ["a", "b"]), ("a/b", ["a", "b"]),
            ("//", ["", ""]), ("/a/", ["a", ""]), ("/Events/-", ["Events", "-"]), ("/a~1b/m~0n", ["a/b", "m~n"]),
            ("/~01/~10/~0~1", ["~1", "/0", "~/"]), ("/ /é%25", [" ", "é%25"]), ("/a\u{0}b", ["a\u{0}b"]),
        ] as [(String, [String])]
    )
    func tokens(text: String, tokens: [String]) {
        #expect(JSONPointer(text)?.tokens == tokens)
    }

    @Test("A tilde that escapes nothing is refused", arguments: ["~", "/~", "/a~", "/~2", "/~~0", "/a~/b", "/~é"])
    func tilde(text: String) {
        #expect(JSONPointer(text) == nil)
    }
}
