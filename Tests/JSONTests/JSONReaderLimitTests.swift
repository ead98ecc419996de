import TestSupport
import Testing

@testable import JSON

@Suite("Limits of reading JSON")
struct JSONReaderLimitTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let limits: JSONReader.Limits
        let fitting: [String]
        let exceeding: [String]
        let reason: String
    }

    static let cases: [Case] = [
        Case(
            testDescription: "depth",
            limits: .init(depth: 3, remedies: [.depth: "setting max-depth"]),
            fitting: ["[[[1]],[[]]]", "{a:[{b:1}]}", "1"],
            exceeding: ["[[[[]]]]", "{a:[{b:{}}]}", "[[[["],
            reason: "more than 3 levels of nesting (setting max-depth)"
        ),
        Case(
            testDescription: "values",
            limits: .init(values: 4),
            fitting: ["[1,2,3]", "[[],{}, null]", "{a:1,b:2,c:3}", "[[[[]]]]"],
            exceeding: ["[1,2,3,4]", "[[],{},null,", "{a:1,b:2,c:3,a:4}", "[[[[[]]]]]"],
            reason: "more than 4 values"
        ),
        Case(
            testDescription: "text",
            limits: .init(textBytes: 4, remedies: [.textBytes: "setting max-text-bytes"]),
            fitting: [#""éé""#, #""\u00e9\u00E9""#, #""\n\n\n\n""#, "1234", "{abcd:'1234'}", #"{"éé":1}"#],
            exceeding: [
                #""éé1""#, #""123\u00e9""#, "12345", "{abcde:1}", #"{"12345":1}"#, "{ééa:1}", "'12345'", "1.234",
            ],
            reason: "more than 4 bytes in one text (setting max-text-bytes)"
        ),
    ]

    @Test("A limit's value is allowed, one more is not", arguments: JSONReaderLimitTests.cases)
    func limit(_ limit: Case) {
        for text in limit.fitting { #expect(refusal(ofJSON: text, limits: limit.limits) == nil, "\(text)") }
        for text in limit.exceeding {
            let error = refusal(ofJSON: text, limits: limit.limits)
            #expect(error?.kind == .limit, "\(text)")
            #expect(error?.reason == limit.reason, "\(text)")
        }
    }

    @Test("The place is where the limit was passed")
    func place() {
        let error = refusal(ofJSON: "[\n [[]]]", limits: .init(depth: 2, remedies: [.depth: "setting max-depth"]))
        #expect(error?.description == "line 2, column 3: more than 2 levels of nesting (setting max-depth)")
    }

    @Test("The defaults are the documented ones")
    func defaults() {
        let limits = JSONReader.Limits()
        #expect(limits.depth == 64)
        #expect(limits.values == 100_000)
        #expect(limits.textBytes == 1 << 20)
    }

    static let megabyte = 1 << 20

    /// Texts of a megabyte that would take minutes if their pieces were gone over again and again.
    static let long: [(beginning: String, piece: String, end: String)] = [
        ("", "[", ""), ("", "{a:", ""), ("[", "1,", "]"), ("[", "[],", "]"), ("\"", "\\u0041", "\""),
        ("\"", "\\ud83d\\ude00", "\""), ("\"", "a", ""), ("\"", "\\", ""), ("", "/**/", "1"), ("", "//\n", "1"),
        ("/*", "*", ""), ("", "\u{A0}", "1"), ("", "1", ""), ("", "0", ""), ("0.", "0", ""), ("1e", "9", ""),
        ("", "-", ""), ("1", ".1", ""), ("{", "a", ":1}"), ("{", "é", ":1}"), ("", "x", ""), ("{", "a:1,", "}"),
        ("", "\n", "x"), ("", "\"\"", ""), ("[", "'\u{301}',", "]"),
    ]

    @Test("A megabyte of anything is read or refused at once", .timeLimit(.minutes(10)), arguments: long)
    func quick(beginning: String, piece: String, end: String) {
        let text = beginning + String(repeating: piece, count: Self.megabyte / piece.utf8.count) + end
        if let error = refusal(ofJSON: text) { #expect(error.description.utf8.count < 400) }
    }

    @Test("An object of many members is read at once", .timeLimit(.minutes(10)))
    func manyMembers() throws {
        let text = "{" + (0..<90_000).map { "n\($0):\($0)" }.joined(separator: ",") + "}"
        #expect(try parsedJSON(text)["n89999"] == .number("89999"))
    }

    @Test("A string of a megabyte is allowed, whatever it is written as")
    func longest() throws {
        let long = String(repeating: "A", count: Self.megabyte)
        #expect(try parsedJSON("\"\(long)\"") == .string(long))
        #expect(try parsedJSON("'" + String(repeating: "\\u0041", count: Self.megabyte) + "'") == .string(long))
    }
}
