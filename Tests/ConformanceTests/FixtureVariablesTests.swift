import Conformance
import Testing

@Suite("Fixture variables")
struct FixtureVariablesTests {
    private let variables = FixtureVariables(
        ticket: "7T:abc==",
        token: "token-1",
        user: "tje0",
        password: "p<w",
        target: "http://127.0.0.1:9/?a=1&b=\"2\"",
        badTarget: "http://127.0.0.1:9/500",
        run: "run-1"
    )

    @Test("Fixture variables are put into a request as XML")
    func substitution() throws {
        let request = Array("<a b='{{target}}' c='{{user}}:{{password}}'>{{ticket}}{{run}}</a>".utf8)
        let expected = "<a b='http://127.0.0.1:9/?a=1&amp;b=&quot;2&quot;' c='tje0:p&lt;w'>7T:abc==run-1</a>"
        #expect(try String(decoding: variables.substituted(into: request), as: UTF8.self) == expected)
    }

    @Test("Leave every other byte of a request as it is")
    func otherBytes() throws {
        let request = Array("{{ {x} {{}} \r\n}}".utf8) + [0xFF, 0xFE]
        #expect(try variables.substituted(into: request) == request)
    }

    @Test("A request cannot be made without all of them")
    func unbound() {
        #expect(throws: ConformanceError.unboundVariable("id")) {
            try variables.substituted(into: Array("<a>{{id}}</a>".utf8))
        }
    }

    @Test(
        "Match",
        arguments: [
            ("plain", "plain"), ("", ""), ("{{run}}", "run-1"), ("a {{run}} b", "a run-1 b"),
            ("{{any}}", ""), ("{{any}}", "line\r\nline"), ("{{any}}Field{{any}}", "the Field"), ("{{some}}", "x"),
            ("{{time}}", "2024-02-29T12:30:15Z"), ("{{time}}", "2024-02-29T12:30:15.1234567Z"),
            ("{{guid}}", "0f8fad5b-d9cb-469f-a165-70867728950e"), ("{{any}}200{{any}}ok", "HTTP 200 200\n\nok ok"),
            ("{{int:x}}", "7"), ("id {{int:x}}.", "id 2147483647."), ("{{text:x}}", "blå"),
            ("{{any}}'{{text:x}}'{{any}}", "It's 'so' here."),
        ]
    )
    func matching(pattern: String, text: String) {
        var variables = self.variables
        let isMatch = variables.match(pattern, against: text)
        #expect(isMatch)
    }

    @Test(
        "Do not match",
        arguments: [
            ("plain", "plain "), ("{{run}}", "run-2"), ("{{some}}", ""), ("{{any}}Field{{any}}", "the field"),
            ("{{time}}", "0001-01-01T00:00:00"), ("{{time}}", "2024-02-29T12:30:15.12345678Z"),
            ("{{time}}", "2024-02-29T12:30:15+01:00"), ("{{guid}}", "0f8fad5b"), ("{{int:x}}", "0"),
            ("{{int:x}}", "-1"), ("{{int:x}}", "1.5"), ("{{unbound}}", "{{unbound}}"), ("{{text:x}}", ""),
            ("{{text:x}}", "two words"), ("{{text:x}}", "word "), ("{{text:x}}", "\nword"), ("{{text:x}}!", "!"),
            // The same text to Swift's String, not the same to XML.
            ("\u{E5}", "a\u{30A}"),
        ]
    )
    func mismatching(pattern: String, text: String) {
        var variables = self.variables
        let isMatch = variables.match(pattern, against: text)
        #expect(!isMatch)
    }

    @Test(
        "Fixture variables are bound to the longest matching text without white space",
        arguments: [
            ("{{text:x}}", "7T:YQ=="), ("Ticket {{text:x}} ends.", "Ticket 7T:YQ== ends."),
            ("{{text:x}}.", "7T:YQ==."), ("{{text:x}}{{any}}", "7T:YQ==\tends"), ("'{{text:x}}'", "'7T:YQ=='"),
        ]
    )
    func bindingOfText(pattern: String, text: String) throws {
        var variables = self.variables
        let isMatch = variables.match(pattern, against: text)
        #expect(isMatch)
        #expect(variables["x"] == "7T:YQ==")
        #expect(try variables.substituted(into: Array("<a>{{x}}</a>".utf8)) == Array("<a>7T:YQ==</a>".utf8))
    }

    @Test("Fixture variables are bound anew by a later answer")
    func rebinding() {
        var variables = self.variables
        let first = variables.match("{{text:x}}", against: "one")
        let second = variables.match("{{text:x}}", against: "two")
        let mismatch = variables.match("{{text:x}}", against: "")
        #expect(first && second && !mismatch)
        #expect(variables["x"] == "two")
    }

    @Test("Fixture variables are bound by a match and by nothing else")
    func binding() {
        var variables = self.variables
        let mismatch = variables.match("{{int:id}}!", against: "17")
        #expect(!mismatch)
        #expect(variables["id"] == nil)
        let match = variables.match("{{int:id}}!", against: "17!")
        #expect(match)
        #expect(variables["id"] == "17")
        let matchesLater = variables.match("{{id}}", against: "17")
        #expect(matchesLater)
        let matchesAnother = variables.match("{{id}}", against: "18")
        #expect(!matchesAnother)
    }
}
