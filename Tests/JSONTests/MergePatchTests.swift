import TestSupport
import Testing

@testable import JSON

@Suite("Merge patch")
struct MergePatchTests {
    private static func merged(_ document: String, _ patch: String) throws -> String {
        try MergePatch.apply(parsedJSON(patch), to: parsedJSON(document)).text
    }

    @Test(
        "The examples of RFC 7396 work",
        arguments: [
            (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
            (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
            (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
            (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
            (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
            (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#),
            (#"[1,2]"#, #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
            (#"{}"#, #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
            (
                #"{"title":"Goodbye!","author":{"givenName":"John","familyName":"Doe"},"tags":["example","sample"],"#
                    + #""content":"This will be unchanged"}"#,
                #"{"title":"Hello!","phoneNumber":"+01-123-456-7890","author":{"familyName":null},"tags":["example"]}"#,
                #"{"title":"Hello!","author":{"givenName":"John"},"tags":["example"],"#
                    + #""content":"This will be unchanged","phoneNumber":"+01-123-456-7890"}"#
            ),
        ]
    )
    func appendix(document: String, patch: String, result: String) throws {
        #expect(try Self.merged(document, patch) == result)
    }

    /// A rule that the RFC leaves open, or that differs from it, with documents, patches and what they give together.
    struct Rule: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let examples: [(document: String, patch: String, result: String)]
    }

    static let rules = [
        Rule(
            testDescription: "At the top null makes a member null, further down it removes",
            examples: [
                ("{Name:'a',Type:'b'}", "{name:null}", #"{"Name":null,"Type":"b"}"#),
                ("{Events:['a']}", "{events:null}", #"{"Events":null}"#),
                ("{Headers:{'X-A':1}}", "{Headers:null}", #"{"Headers":null}"#),
                ("{Headers:{'X-A':1,'X-B':2}}", "{headers:{'x-a':null}}", #"{"Headers":{"X-B":2}}"#),
                ("{Properties:{a:{b:1,c:2}}}", "{Properties:{a:{B:null}}}", #"{"Properties":{"a":{"c":2}}}"#),
                ("{a:1}", "{b:null}", #"{"a":1}"#),
                ("{a:null}", "{a:{b:null,c:1}}", #"{"a":{"c":1}}"#),
                ("{a:'x'}", "{a:{b:1}}", #"{"a":{"b":1}}"#),
                ("{a:[1]}", "{a:[null]}", #"{"a":[null]}"#),
            ]
        ),
        Rule(
            testDescription: "A single value is appended to an array",
            examples: [
                ("{Events:['a']}", "{events:'b'}", #"{"Events":["a","b"]}"#),
                ("{a:[]}", "{a:1}", #"{"a":[1]}"#),
                ("{a:[1]}", "{a:{b:null}}", #"{"a":[1,{"b":null}]}"#),
                ("{a:[1]}", "{a:false}", #"{"a":[1,false]}"#),
                ("{p:{a:[1]}}", "{p:{a:2}}", #"{"p":{"a":[1,2]}}"#),
                ("{p:{a:[1]}}", "{p:{a:null}}", #"{"p":{}}"#),
            ]
        ),
        Rule(
            testDescription: "A name in another case means the member that is there, and the last change counts",
            examples: [
                ("{Name:1}", "{NAME:2}", #"{"Name":2}"#),
                ("{Name:1}", "{NAME:2,name:3}", #"{"Name":3}"#),
                ("{Events:[]}", "{Events:'a',events:'b'}", #"{"Events":["b"]}"#),
                ("{p:{a:1}}", "{p:{a:null,A:2}}", #"{"p":{"a":2}}"#),
                ("{p:{a:1}}", "{p:{A:2,a:null}}", #"{"p":{}}"#),
                ("{p:{A:1,a:2}}", "{p:{A:3,a:4}}", #"{"p":{"A":3,"a":4}}"#),
                ("{p:{}}", "{p:{X:1,x:2}}", #"{"p":{"X":1,"x":2}}"#),
                ("{p:{'ÆØÅ':1}}", "{p:{'æøå':2}}", #"{"p":{"ÆØÅ":2}}"#),
            ]
        ),
    ]

    @Test("The service's own rules hold", arguments: rules)
    func rule(_ rule: Rule) throws {
        for (document, patch, result) in rule.examples {
            #expect(try Self.merged(document, patch) == result, "\(document) and \(patch)")
        }
    }

    @Test("Order, spelling and digits stay")
    func order() throws {
        let document = "{c:12345678901234567890.123456789,b:-0,a:1E+2}"
        #expect(try Self.merged(document, "{B:1e400}") == #"{"c":12345678901234567890.123456789,"b":1e400,"a":1E+2}"#)
        #expect(try Self.merged(document, "{}") == #"{"c":12345678901234567890.123456789,"b":-0,"a":1E+2}"#)
    }

    @Test("What is no object is refused", arguments: ["[]", "null", "'a'", "1", "[{op:'add',path:'/a',value:1}]"])
    func noObject(patch: String) throws {
        let node = try parsedJSON(patch)
        #expect(throws: PatchError(.malformed, "A merge patch must be an object.")) {
            try MergePatch.apply(node, to: .object([:]))
        }
    }

    @Test("Tens of thousands of changes are quick", .timeLimit(.minutes(10)))
    func manyChanges() throws {
        let document = JSONValue.object(JSONObject((0..<50_000).map { ("Æ\($0)", .null) }))
        let patch = JSONValue.object(JSONObject((0..<50_000).map { ("æ\($0 * 2)", .bool(true)) }))
        let result = try MergePatch.apply(
            .object(["p": patch]),
            to: .object(["P": document])
        )
        guard case .object(let members)? = result["P"] else {
            Issue.record("no object")
            return
        }
        #expect(members.count == 75_000)
        #expect(Array(members)[2] == .init(name: "Æ2", value: .bool(true)))
    }
}
