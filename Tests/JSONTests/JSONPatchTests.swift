import TestSupport
import Testing

@testable import JSON

@Suite("JSON Patch")
struct JSONPatchTests {
    static func patched(_ document: String, _ patch: String) throws -> String {
        try JSONPatch(parsedJSON(patch)).applied(to: parsedJSON(document)).text
    }

    static func refusal(_ document: String, _ patch: String) throws -> PatchError? {
        let (document, patch) = (try parsedJSON(document), try parsedJSON(patch))
        do throws(PatchError) {
            _ = try JSONPatch(patch).applied(to: document)
            return nil
        } catch {
            return error
        }
    }

    /// One exchange: document, patch, and the document after it.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let document: String
        let patch: String
        let result: String

        init(_ description: String, _ document: String, _ patch: String, _ result: String) {
            testDescription = description
            self.document = document
            self.patch = patch
            self.result = result
        }
    }

    /// RFC 6902, appendix A, but for `move` and whatever is refused.
    static let rfcExamples = [
        Case("A.1", #"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz","value":"qux"}]"#, #"{"foo":"bar","baz":"qux"}"#),
        Case(
            "A.2",
            #"{"foo":["bar","baz"]}"#,
            #"[{"op":"add","path":"/foo/1","value":"qux"}]"#,
            #"{"foo":["bar","qux","baz"]}"#
        ),
        Case("A.3", #"{"baz":"qux","foo":"bar"}"#, #"[{"op":"remove","path":"/baz"}]"#, #"{"foo":"bar"}"#),
        Case(
            "A.4",
            #"{"foo":["bar","qux","baz"]}"#,
            #"[{"op":"remove","path":"/foo/1"}]"#,
            #"{"foo":["bar","baz"]}"#
        ),
        Case(
            "A.5",
            #"{"baz":"qux","foo":"bar"}"#,
            #"[{"op":"replace","path":"/baz","value":"boo"}]"#,
            #"{"baz":"boo","foo":"bar"}"#
        ),
        Case(
            "A.8",
            #"{"baz":"qux","foo":["a",2,"c"]}"#,
            #"[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]"#,
            #"{"baz":"qux","foo":["a",2,"c"]}"#
        ),
        Case(
            "A.10",
            #"{"foo":"bar"}"#,
            #"[{"op":"add","path":"/child","value":{"grandchild":{}}}]"#,
            #"{"foo":"bar","child":{"grandchild":{}}}"#
        ),
        Case(
            "A.11",
            #"{"foo":"bar"}"#,
            #"[{"op":"add","path":"/baz","value":"qux","xyz":123}]"#,
            #"{"foo":"bar","baz":"qux"}"#
        ),
        Case("A.14", #"{"/":9,"~1":10}"#, #"[{"op":"test","path":"/~01","value":10}]"#, #"{"/":9,"~1":10}"#),
        Case(
            "A.16",
            #"{"foo":["bar"]}"#,
            #"[{"op":"add","path":"/foo/-","value":["abc","def"]}]"#,
            #"{"foo":["bar",["abc","def"]]}"#
        ),
    ]

    @Test("The examples of RFC 6902 work", arguments: JSONPatchTests.rfcExamples)
    func appendix(_ example: Case) throws {
        #expect(try Self.patched(example.document, example.patch) == example.result)
    }

    static let nameExamples = [
        Case(
            "an operation's members and name in any case",
            "{a:1}",
            #"[{"OP":"Replace","Path":"/a","VALUE":2}]"#,
            #"{"a":2}"#
        ),
        Case("a path in any case", "{Events:[]}", "[{op:'add',path:'/events/-',value:'x'}]", #"{"Events":["x"]}"#),
        Case("a path without its slash", "{Events:[]}", "[{op:'ADD',path:'events/0',value:'x'}]", #"{"Events":["x"]}"#),
        Case("a name without a slash", "{Name:'a'}", "[{op:'replace',path:'name',value:'b'}]", #"{"Name":"b"}"#),
        Case(
            "the existing spelling stays",
            "{Headers:{'X-A':1}}",
            "[{op:'add',path:'/headers/x-a',value:2}]",
            #"{"Headers":{"X-A":2}}"#
        ),
        Case(
            "the very spelling comes before another case",
            "{a:1,A:2,aa:3}",
            "[{op:'replace',path:'/a',value:4},{op:'remove',path:'/A'}]",
            #"{"a":4,"aa":3}"#
        ),
        Case("of other cases the last", "{ab:1,AB:2}", "[{op:'replace',path:'/Ab',value:3}]", #"{"ab":1,"AB":3}"#),
        Case(
            "what was removed is found no more, what was added is",
            "{ab:1}",
            "[{op:'remove',path:'/AB'},{op:'add',path:'/Ab',value:2},{op:'replace',path:'/aB',value:3}]",
            #"{"Ab":3}"#
        ),
        Case(
            "escapes",
            "{'a/b':1,'m~n':2,'':3}",
            "[{op:'remove',path:'/a~1b'},{op:'replace',path:'/m~0n',value:4},{op:'replace',path:'/',value:5}]",
            #"{"m~n":4,"":5}"#
        ),
        Case("digits name members too", "{'0':1}", "[{op:'add',path:'/00',value:2}]", #"{"0":1,"00":2}"#),
    ]

    @Test("Names and paths are taken as NetServer takes them", arguments: JSONPatchTests.nameExamples)
    func names(_ example: Case) throws {
        #expect(try Self.patched(example.document, example.patch) == example.result)
    }

    static let arrayExamples = [
        Case("an index at the end", "{a:[1]}", "[{op:'add',path:'/a/1',value:2}]", #"{"a":[1,2]}"#),
        Case("an index at the beginning", "{a:[1]}", "[{op:'add',path:'/a/0',value:2}]", #"{"a":[2,1]}"#),
        Case("a scalar is appended", "{a:['x']}", "[{op:'replace',path:'/a',value:'y'}]", #"{"a":["x","y"]}"#),
        Case("an object is appended", "{a:['x']}", "[{op:'add',path:'/a',value:{b:1}}]", #"{"a":["x",{"b":1}]}"#),
        Case("an array replaces", "{a:['x']}", "[{op:'add',path:'/a',value:['y']}]", #"{"a":["y"]}"#),
        Case("null replaces", "{a:['x']}", "[{op:'replace',path:'/a',value:null}]", #"{"a":null}"#),
        Case("an item is replaced", "{a:['x']}", "[{op:'replace',path:'/a/0',value:'y'}]", #"{"a":["y"]}"#),
        Case("null becomes an array", "{a:null}", "[{op:'add',path:'/a/-',value:'x'}]", #"{"a":["x"]}"#),
        Case("null becomes an array for its first item", "{a:null}", "[{op:'add',path:'/a/0',value:1}]", #"{"a":[1]}"#),
        Case("null becomes an object", "{a:null}", "[{op:'add',path:'/a/X-A',value:1}]", #"{"a":{"X-A":1}}"#),
        Case("the whole document", "{a:1}", "[{op:'replace',path:'',value:{b:2}}]", #"{"b":2}"#),
        Case("numbers keep their digits", "{a:-0}", "[{op:'add',path:'/b',value:1E+2}]", #"{"a":-0,"b":1E+2}"#),
        Case("no operation", "{a:[1]}", "[]", #"{"a":[1]}"#),
    ]

    @Test("Arrays and nulls take values", arguments: JSONPatchTests.arrayExamples)
    func arrays(_ example: Case) throws {
        #expect(try Self.patched(example.document, example.patch) == example.result)
    }

    @Test(
        "A test succeeds when the values are equal",
        arguments: [
            ("1", "1.0"), ("100", "1e2"), ("1e400", "10E+399"), ("-0", "0.00e7"), ("0.10", "0.1"), ("-1.5", "-15e-1"),
            ("12345678901234567890.123456789", "12345678901234567890.1234567890"),
            (
                "1e99999999999999999999",
                "1e99999999999999999999"
            ),
            ("'a'", #""\u0061""#), ("null", "null"), ("true", "true"), ("[1,[2]]", "[1.0,[2]]"), ("[]", "[]"),
            ("{a:1,b:{c:2,d:3}}", "{b:{d:3,c:2.0},a:1}"), ("{a:1,A:2}", "{A:2,a:1}"),
        ]
    )
    func equal(value: String, other: String) throws {
        #expect(try Self.refusal("{v:\(value)}", "[{op:'test',path:'/v',value:\(other)}]") == nil)
        #expect(try Self.refusal("{v:\(other)}", "[{op:'test',path:'/v',value:\(value)}]") == nil)
    }

    @Test(
        "A test fails when they are not",
        arguments: [
            ("1", "2"), ("1", "-1"), ("1", "'1'"), ("10", "'10'"), ("1", "true"), ("0", "false"), ("0", "null"),
            ("12345678901234567890.123456789", "12345678901234567890.123456788"), ("1e400", "1e401"), ("0.1", "0.01"),
            ("1e99999999999999999999", "1e99999999999999999998"), ("'a'", "'A'"), ("'é'", #""e\u0301""#),
            ("[]", "{}"), ("[1,2]", "[2,1]"), ("[1]", "[1,1]"), ("{a:1}", "{A:1}"), ("{a:1}", "{a:1,b:null}"),
            ("{a:1,b:2}", "{a:1,c:2}"), ("''", "null"), ("[null]", "[]"),
        ]
    )
    func unequal(value: String, other: String) throws {
        for (document, tested) in [(value, other), (other, value)] {
            let error = try Self.refusal("{v:\(document)}", "[{op:'test',path:'/v',value:\(tested)}]")
            #expect(error?.kind == .testFailed)
            #expect(error?.description == "The operation at index 0 ('test' at '/v') failed: there is another value.")
        }
    }

    @Test("An explicit null is a value")
    func nullValue() throws {
        #expect(try Self.patched("{a:1}", "[{op:'add',path:'/a',value:null}]") == #"{"a":null}"#)
    }
}
