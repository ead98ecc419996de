import TestSupport
import Testing

@testable import JSON

@Suite("Reading JSON")
struct JSONReaderTests {
    @Test("Every kind of value is read, members in the order they were written")
    func values() throws {
        let node = try parsedJSON(#" { "b" : [ null , true, false, 1.50, "x" ], "a" : { }, "c" : [ ] } "#)
        let expected = JSONValue.object([
            "b": .array([.null, .bool(true), .bool(false), .number("1.50"), .string("x")]),
            "a": .object([:]),
            "c": .array([]),
        ])
        #expect(node == expected)
    }

    @Test("One value of any kind is a text", arguments: ["null", "true", "false", "0", "\"\"", "[]", "{}"])
    func scalars(text: String) throws {
        #expect(try parsedJSON(text).text == text)
        #expect(try parsedJSON("\r\n\t \(text)\n").text == text)
    }

    @Test(
        "Numbers keep every digit and their form",
        arguments: [
            "0", "-0", "7", "-7", "0.0", "0.10", "12345678901234567890.123456789", "1e400", "-1e-400", "1E+2", "1e05",
            "0e0", "9223372036854775808", "0.1e1",
        ]
    )
    func numbers(text: String) throws {
        #expect(try parsedJSON(text) == .number(text))
        #expect(try parsedJSON("[\(text)]") == .array([.number(text)]))
    }

    @Test(
        "Numbers that are loosely written become JSON's",
        arguments: [
            ("+1", "1"), (".5", "0.5"), ("-.5", "-0.5"), ("+.5e1", "0.5e1"), ("5.", "5"), ("5.e3", "5e3"),
            ("007", "7"), ("-007.50", "-7.50"), ("00", "0"), ("-00.0", "-0.0"), ("00e1", "0e1"), ("+0", "0"),
        ]
    )
    func looseNumbers(text: String, number: String) throws {
        #expect(try parsedJSON(text) == .number(number))
        #expect(try parsedJSON("{a:\(text)}")["a"] == .number(number))
    }

    @Test(
        "Strings are what they stand for, in either kind of quotes",
        arguments: [
            (#""""#, ""), (#""é€😀""#, "é€😀"), (#""\"\\\/\b\f\n\r\t\'""#, "\"\\/\u{8}\u{C}\n\r\t'"),
            (#""\u0041\u00e6\u20AC\uD83D\ude00""#, "Aæ€😀"), (#""\u0001\u007f""#, "\u{1}\u{7F}"),
            ("\"a\tb\"", "a\tb"), (#""it's""#, "it's"), (#"'say "it"'"#, "say \"it\""), (#"'it\'s'"#, "it's"),
            ("''", ""), (#""// no comment /* none */""#, "// no comment /* none */"),
            ("\"\u{7F}\u{2028}\"", "\u{7F}\u{2028}"),
            (#""\uFFFF\ud7ff\uE000""#, "\u{FFFF}\u{D7FF}\u{E000}"), (#""\\u0041""#, "\\u0041"),
        ]
    )
    func strings(text: String, string: String) throws {
        guard case .string(let read) = try parsedJSON(text) else {
            Issue.record("no string")
            return
        }
        #expect(Array(read.utf8) == Array(string.utf8))
    }

    @Test(
        "What NetServer's reader takes is taken",
        arguments: [
            (#"{'a':1}"#, #"{"a":1}"#),
            (#"{a:1,$b_2:2,3:4,navn_æ:5,null:6}"#, #"{"a":1,"$b_2":2,"3":4,"navn_æ":5,"null":6}"#),
            ("[1,]", "[1]"),
            (#"{"a":1,}"#, #"{"a":1}"#),
            ("[[1,],]", "[[1]]"),
            ("// first\n[1, // one\r2 /* two */ , /**/ 3 /***/]// last", "[1,2,3]"),
            ("/* a\n * // b */{/*c*/a/*d*/:/*e*/1/*f*/}/*/ g */", #"{"a":1}"#),
            ("\u{A0}[\u{2003}1\u{3000}\u{2028},\u{B}2\u{C}\u{85}]", "[1,2]"),
        ]
    )
    func lenient(text: String, standard: String) throws {
        #expect(try parsedJSON(text).text == standard)
    }

    @Test("A name that an object has twice keeps its first place and its last value")
    func duplicates() throws {
        #expect(try parsedJSON(#"{"a":1,"b":2,"a":[3]}"#).text == #"{"a":[3],"b":2}"#)
        // As they are not the same to .NET, though they are to Swift.
        let composed = try parsedJSON(#"{"\u00e9":1,"e\u0301":2,"A":3,"a":4}"#)
        guard case .object(let members) = composed else {
            Issue.record("no object")
            return
        }
        #expect(members.map(\.value) == [.number("1"), .number("2"), .number("3"), .number("4")])
    }

    @Test("UTF-8 and UTF-16 are read by their byte order marks")
    func encodings() throws {
        let text = #"{"é":"€😀"}"#
        let expected = JSONValue.object(["é": .string("€😀")])
        let reader = JSONReader()
        #expect(try reader.read(Array(text.utf8)) == expected)
        #expect(try reader.read([0xEF, 0xBB, 0xBF] + Array(text.utf8)) == expected)
        #expect(try reader.read(markedUTF16(text, littleEndian: true)) == expected)
        #expect(try reader.read(markedUTF16(text, littleEndian: false)) == expected)
    }
}
