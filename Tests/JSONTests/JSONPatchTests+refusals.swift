import TestSupport
import Testing

@testable import JSON

/// Patches that cannot be applied, and bounds on those that can.
extension JSONPatchTests {
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
        ) { try JSONPatch(patch, depth: 3, remedy: "setting max-depth") }
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
