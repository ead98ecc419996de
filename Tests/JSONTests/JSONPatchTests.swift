import TestSupport
import Testing

@testable import JSON

@Suite("JSON Patch")
struct JSONPatchTests {
    private static func patched(_ document: String, _ patch: String) throws -> String {
        try JSONPatch(parsedJSON(patch)).applied(to: parsedJSON(document)).text
    }

    private static func refusal(_ document: String, _ patch: String) throws -> PatchError? {
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

    @Test(
        "A test of what is not there fails",
        arguments: ["/b", "/a/-", "/a/1", "/a/00", "/a/0/x", "/a/18446744073709551616"]
    )
    func absentTest(path: String) throws {
        let error = try Self.refusal("{a:[1]}", "[{op:'test',path:'\(path)',value:null}]")
        #expect(error?.kind == .testFailed)
        #expect(error?.description == "The operation at index 0 ('test' at '\(path)') failed: there is nothing.")
    }

    @Test(
        "What has no place in the document is refused",
        arguments: [
            // RFC 6902, A.12.
            ("add", "/baz/bat", "nothing can be added there"),
            ("add", "/foo/bat", "nothing can be added there"),
            ("add", "/list/3", "nothing can be added there"),
            ("add", "/list/01", "nothing can be added there"),
            ("add", "/list/-1", "nothing can be added there"),
            ("add", "/list/+1", "nothing can be added there"),
            ("add", "/list/1e0", "nothing can be added there"),
            ("add", "/list/", "nothing can be added there"),
            ("add", "/list/x", "nothing can be added there"),
            ("add", "/list/-/x", "nothing can be added there"),
            ("add", "/list/99999999999999999999", "nothing can be added there"),
            ("add", "/none/a/b", "nothing can be added there"),
            ("replace", "/baz", "there is nothing to replace"),
            ("replace", "/none/a", "there is nothing to replace"),
            ("replace", "/list/-", "there is nothing to replace"),
            ("replace", "/list/2", "there is nothing to replace"),
            ("remove", "/baz", "there is nothing to remove"),
            ("remove", "/baz/a", "there is nothing to remove"),
            ("remove", "/foo/a", "there is nothing to remove"),
            ("remove", "/none/a", "there is nothing to remove"),
            ("remove", "/list/-", "there is nothing to remove"),
            ("remove", "/list/2", "there is nothing to remove"),
            ("remove", "", "the whole document cannot be removed"),
        ]
    )
    func noPlace(name: String, path: String, reason: String) throws {
        let patch = "[{op:'test',path:'/foo',value:'bar'},{op:'\(name)',path:'\(path)',value:1}]"
        let error = try Self.refusal("{foo:'bar',list:[1,2],none:null}", patch)
        #expect(error?.kind == .malformed)
        #expect(error?.description == "The operation at index 1 ('\(name)' at '\(path)') cannot be done: \(reason).")
    }

    @Test(
        "What is no patch is refused before anything is done",
        arguments: [
            ("{}", "A JSON Patch must be an array of operations."),
            ("null", "A JSON Patch must be an array of operations."),
            ("[1]", "The operation at index 0 must be an object."),
            ("[{path:'/a',value:1}]", "The operation at index 0 must have a text 'op'."),
            ("[{op:1,path:'/a',value:1}]", "The operation at index 0 must have a text 'op'."),
            ("[{op:'add',value:1}]", "The operation at index 0 must have a text 'path'."),
            ("[{op:'add',path:['a'],value:1}]", "The operation at index 0 must have a text 'path'."),
            ("[{op:'add',path:'/a'}]", "The operation at index 0 ('add' at '/a') must have a 'value'."),
            ("[{op:'replace',path:'/a'}]", "The operation at index 0 ('replace' at '/a') must have a 'value'."),
            ("[{op:'Test',path:'/a'}]", "The operation at index 0 ('Test' at '/a') must have a 'value'."),
            (
                "[{op:'test',path:'/a',value:1},{op:'Move',from:'/a',path:'/b'}]",
                "The operation at index 1 is 'Move', which is not supported; add, replace, remove and test are."
            ),
            (
                "[{op:'copy',from:'/a',path:'/b'}]",
                "The operation at index 0 is 'copy', which is not supported; add, replace, remove and test are."
            ),
            (
                "[{op:'',path:'/b'}]",
                "The operation at index 0 is '', which is not supported; add, replace, remove and test are."
            ),
            (
                "[{op:'remove',path:'/a~2'}]",
                "The operation at index 0 has the path '/a~2': a '~' must be written '~0', and a '/' in a name '~1'."
            ),
            (
                "[{op:'remove',path:'/a~'}]",
                "The operation at index 0 has the path '/a~': a '~' must be written '~0', and a '/' in a name '~1'."
            ),
        ]
    )
    func malformed(patch: String, description: String) throws {
        let error = try Self.refusal("{}", patch)
        #expect(error == PatchError(.malformed, description))
    }

    @Test("An explicit null is a value")
    func nullValue() throws {
        #expect(try Self.patched("{a:1}", "[{op:'add',path:'/a',value:null}]") == #"{"a":null}"#)
    }

    @Test("A failure in the middle leaves the document as it was")
    func allOrNothing() throws {
        let document = try parsedJSON("{a:1,list:[1]}")
        let patch = try JSONPatch(
            parsedJSON("[{op:'replace',path:'/a',value:2},{op:'add',path:'/list/-',value:2},{op:'remove',path:'/b'}]")
        )
        #expect(throws: PatchError.self) { try patch.applied(to: document) }
        #expect(document.text == #"{"a":1,"list":[1]}"#)
    }

    @Test("1,000 operations are allowed, one more is not")
    func manyOperations() throws {
        func patch(_ count: Int) -> String {
            "[" + String(repeating: "{op:'add',path:'/a/-',value:1},", count: count) + "]"
        }
        #expect(try Self.refusal("{a:[]}", patch(1_000)) == nil)
        let error = try Self.refusal("{a:[]}", patch(1_001))
        #expect(error == PatchError(.malformed, "The JSON Patch has 1001 operations, and 1000 are allowed."))
    }

    @Test("A patch cannot pile up more levels than the reader allows")
    func depth() throws {
        let patch = try parsedJSON("[{op:'add',path:'/a/b',value:[[1]]}]")
        #expect(throws: Never.self) { try JSONPatch(patch, depth: 4) }
        #expect(
            throws: PatchError(
                .malformed,
                "The operation at index 0 ('add' at '/a/b') goes beyond 3 levels of nesting (setting max-depth)."
            )
        ) { try JSONPatch(patch, depth: 3) }
        let longPath = String(repeating: "/a", count: 500_000)
        #expect(try Self.refusal("{}", "[{op:'remove',path:'\(longPath)'}]")?.kind == .malformed)
    }

    @Test("1,000 operations on an object of 50,000 members are quick", .timeLimit(.minutes(10)))
    func manyMembers() throws {
        // Names that differ from the path's in their case and late.
        let document = JSONValue.object(JSONObject((0..<50_000).map { ("ÆØÅÆØÅ\($0)", .null) }))
        let operations = (0..<500).map {
            "{op:'replace',path:'/æøåæøå\($0)',value:1},{op:'remove',path:'/æøåÆØÅ\($0)'}"
        }
        let result = try JSONPatch(parsedJSON("[\(operations.joined(separator: ","))]")).applied(to: document)
        #expect(result["ÆØÅÆØÅ500"] == .null)
        #expect(result["ÆØÅÆØÅ499"] == nil)
    }

    @Test("A message repeats the beginning of a long path only")
    func excerpts() throws {
        let error = try Self.refusal("{}", "[{op:'remove',path:'/\(String(repeating: "x", count: 1000))'}]")
        #expect((error?.description.utf8.count ?? 1000) < 200)
    }
}
