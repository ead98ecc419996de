import Foundation
import TestSupport
import Testing
import Text

@testable import JSON

@Suite("JSON values")
struct JSONValueTests {
    @Test("A member is found in its spelling or else in any case, of several the last")
    func members() throws {
        let node = try parsedJSON(#"{"name":1,"NAME":2,"Name":3,"nAME":4,"X":5}"#)
        #expect(node["name"] == .number("1"))
        #expect(node["Name"] == .number("3"))
        #expect(node["NamE"] == .number("4"))
        #expect(node["x"] == .number("5"))
        #expect(node["nam"] == nil)
        #expect(node["names"] == nil)
        #expect(
            JSONValue.object(
                JSONObject(members: [.init(name: "a", value: .null), .init(name: "a", value: .bool(true))])
            )["a"] == .bool(true)
        )
    }

    @Test("A member whose value is null is there")
    func nullMember() throws {
        #expect(try parsedJSON("{a:null}")["A"] == .null)
        #expect(try parsedJSON("{}")["A"] == nil)
    }

    @Test("Only objects have members", arguments: ["null", "true", "1", "'a'", "['a']"])
    func noMembers(text: String) throws {
        #expect(try parsedJSON(text)["a"] == nil)
    }

    @Test(
        "Names beyond ASCII are compared in any case too",
        arguments: [
            ("ÆØÅ", "æøå", true), ("ΑΒΓ", "αβγ", true), ("Ünï", "üNÏ", true), ("ÆØÅ", "aoa", false),
            ("\u{212A}", "k", false), ("k", "\u{212A}", false), ("İ", "i", false), ("[", "{", false), ("@", "`", false),
            ("é", "e\u{301}", false), ("", "", true), ("a\u{0}", "A", false),
        ]
    )
    func names(name: String, other: String, isSame: Bool) {
        let node = JSONValue.object(JSONObject([(name, .null)]))
        #expect((node[other] != nil) == isSame)
        #expect((CaseInsensitiveName(name) == CaseInsensitiveName(other)) == isSame)
    }

    @Test(
        "Text is compact, and escaped as JSON asks",
        arguments: [
            ("null", "null"), ("[ true , false ]", "[true,false]"), ("{ a : { } , b : [ ] }", #"{"a":{},"b":[]}"#),
            (#"'\"\\/\b\f\n\r\t\u0001é😀'"#, #""\"\\/\u0008\u000c\n\r\t\u0001é😀""#),
            (#"{'a"b\n':[1e400,-0,1E+2,0.10]}"#, #"{"a\"b\n":[1e400,-0,1E+2,0.10]}"#),
        ]
    )
    func text(text: String, compact: String) throws {
        let node = try parsedJSON(text)
        #expect(node.text == compact)
        #expect(try parsedJSON(node.text) == node)
    }

    @Test(
        "Depth counts arrays and objects in each other",
        arguments: [("1", 0), ("[]", 1), ("{}", 1), ("[1,[2,{a:3}],4]", 3), ("{a:[],b:{c:[[]]}}", 4)]
    )
    func depth(text: String, depth: Int) throws {
        #expect(try parsedJSON(text).depth == depth)
    }

    @Test("What is written is JSON to others, and comes back as it was", arguments: 0..<100 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let node = Self.random(depth: 5, using: &generator)
        #expect(try parsedJSON(node.text) == node)
        #expect(try JSONReader().read(markedUTF16(node.text, littleEndian: seed % 2 == 0)) == node)
        #expect(throws: Never.self) {
            try JSONSerialization.jsonObject(with: Data(node.text.utf8), options: .fragmentsAllowed)
        }
    }

    @Test("Damaged text is read or refused, and what is read is JSON", arguments: 0..<100 as Range<UInt64>)
    func damage(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let text = Array(Self.random(depth: 5, using: &generator).text.utf8)
        let pieces = Array(#"{}[]:,"'\/*-+.eE01nNu "#.utf8) + [0x00, 0x0A, 0x80, 0xC3, 0xED, 0xFE, 0xFF]
        for _ in 0..<50 {
            var damaged = text
            for _ in 0..<Int.random(in: 1...4, using: &generator) where !damaged.isEmpty {
                let place = Int.random(in: 0..<damaged.count, using: &generator)
                let piece = pieces[Int.random(in: 0..<pieces.count, using: &generator)]
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: damaged[place] = piece
                case 1: damaged.insert(piece, at: place)
                case 2: damaged.remove(at: place)
                default: damaged.removeSubrange(place...)
                }
            }
            guard let node = try? JSONReader().read(damaged) else { continue }
            #expect(try parsedJSON(node.text) == node)
        }
    }

    private static func random(depth: Int, using generator: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &generator) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &generator))
        case 2: return .number(String(Int64.random(in: Int64.min...Int64.max, using: &generator)))
        case 3: return .number(String(Double.random(in: -1e9...1e9, using: &generator)))
        case 4: return .string(randomText(using: &generator))
        case 5:
            let count = Int.random(in: 0..<6, using: &generator)
            return .array((0..<count).map { _ in random(depth: depth - 1, using: &generator) })
        default:
            let count = Int.random(in: 0..<6, using: &generator)
            return .object(
                JSONObject(
                    (0..<count).map { index in
                        let name = "\(index)" + randomText(using: &generator)
                        return (name, random(depth: depth - 1, using: &generator))
                    }
                )
            )
        }
    }

    private static let ranges: [ClosedRange<UInt32>] = [
        0x01...0x7F, 0x20...0x5D, 0x80...0x07FF, 0x2000...0x2030, 0xD700...0xE0FF, 0xFE00...0xFFFF, 0x1F600...0x1F64F,
    ]

    private static func randomText(using generator: inout SeededGenerator) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...12, using: &generator) {
            let range = ranges[Int.random(in: 0..<ranges.count, using: &generator)]
            guard let scalar = Unicode.Scalar(UInt32.random(in: range, using: &generator)) else { continue }
            text.unicodeScalars.append(scalar)
        }
        return text
    }
}
