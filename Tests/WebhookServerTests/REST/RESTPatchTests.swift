import AgentCore
import Foundation
import NIOHTTP1
import ServerConfiguration
import StoreContracts
import TestSupport
import Testing
import WebhookModel

@testable import WebhookServer

/// PATCH, and changes on a condition (docs/contract.md#section-8).
@Suite("REST patches", .timeLimit(.minutes(10)))
struct RESTPatchTests {
    static let hook = """
        {"Name": "hook", "Events": ["a.b"], "TargetUrl": "http://127.0.0.1:9/hook", "Secret": "s", "State": "Stopped", \
        "Headers": {"X-A": "1", "X-B": "2"}, "Properties": {"n": 1, "list": ["x"], "o": {"p": true}}}
        """

    /// A patch of ``hook``, and the members that are then otherwise.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String { "\(type): \(patch)" }
        let type: String
        let patch: String
        let changes: [String: String]

        init(_ type: String, _ patch: String, _ changes: [String: String]) {
            self.type = type
            self.patch = patch
            self.changes = changes
        }
    }

    static let merge = RESTClient.mergePatch
    static let operations = RESTClient.jsonPatch

    static let cases = [
        // Merge patches: an object under its own type, or as plain JSON.
        Case(merge, "{}", [:]), Case("application/json", "{}", [:]),
        Case(merge, #"{"Name": "new"}"#, ["Name": #""new""#]),
        Case("application/json", #"{"NAME": "new"}"#, ["Name": #""new""#]),
        Case("text/json; charset=utf-8", #"{"name": "new"}"#, ["Name": #""new""#]),
        Case(merge, #"{"Secret": null, "Name": null}"#, ["Secret": "null", "Name": "null"]),
        Case(merge, #"{"State": "active"}"#, ["State": #""Active""#]),
        Case(merge, #"{"State": 3}"#, ["State": #""TooManyErrors""#]),
        Case(merge, #"{"State": null}"#, [:]),
        Case(merge, #"{"Headers": {"X-A": null, "X-C": "3"}}"#, ["Headers": #"{"X-B":"2","X-C":"3"}"#]),
        Case(merge, #"{"Headers": {"x-a": "9"}}"#, ["Headers": #"{"X-A":"9","X-B":"2"}"#]),
        Case(merge, #"{"Headers": null}"#, ["Headers": "null"]),
        Case(merge, #"{"Properties": {"o": {"q": 2}}}"#, ["Properties": #"{"n":1,"list":["x"],"o":{"p":true,"q":2}}"#]),
        // A single value is appended where there is an array; an array replaces it.
        Case(merge, #"{"Events": "sale.created"}"#, ["Events": #"["a.b","sale.created"]"#]),
        Case(merge, #"{"Events": ["sale.created"]}"#, ["Events": #"["sale.created"]"#]),
        Case(merge, #"{"Properties": {"list": "y"}}"#, ["Properties": #"{"n":1,"list":["x","y"],"o":{"p":true}}"#]),
        // JSON Patches: an array under its own type, or as plain JSON.
        Case(operations, "[]", [:]), Case("application/json", "[]", [:]),
        Case(operations, #"[{"op": "replace", "path": "/Name", "value": "new"}]"#, ["Name": #""new""#]),
        Case("text/json", #"[{"OP": "Replace", "Path": "name", "VALUE": "new"}]"#, ["Name": #""new""#]),
        Case(
            operations,
            #"[{"op": "add", "path": "/Headers/X-C", "value": "3"}]"#,
            ["Headers": #"{"X-A":"1","X-B":"2","X-C":"3"}"#]
        ),
        Case(operations, #"[{"op": "remove", "path": "headers/x-a"}]"#, ["Headers": #"{"X-B":"2"}"#]),
        Case(operations, #"[{"op": "remove", "path": "/Secret"}]"#, ["Secret": "null"]),
        Case(operations, #"[{"op": "add", "path": "/Events/0", "value": "z.y"}]"#, ["Events": #"["z.y","a.b"]"#]),
        Case(operations, #"[{"op": "add", "path": "/Events/-", "value": "z.y"}]"#, ["Events": #"["a.b","z.y"]"#]),
        Case(operations, #"[{"op": "add", "path": "/Events", "value": "z.y"}]"#, ["Events": #"["a.b","z.y"]"#]),
        Case(operations, #"[{"op": "replace", "path": "/Events", "value": "z.y"}]"#, ["Events": #"["a.b","z.y"]"#]),
        Case(operations, #"[{"op": "replace", "path": "/Events", "value": ["z.y"]}]"#, ["Events": #"["z.y"]"#]),
        Case(
            operations,
            #"[{"op": "add", "path": "/Properties/a~1b~0c", "value": {"d": [1, 2]}}]"#,
            ["Properties": #"{"n":1,"list":["x"],"o":{"p":true},"a/b~c":{"d":[1,2]}}"#]
        ),
        Case(
            operations,
            """
            [{"op": "test", "path": "/name", "value": "hook"}, {"op": "test", "path": "/WebhookId", "value": 1},
             {"op": "test", "path": "/State", "value": "Stopped"}, {"op": "replace", "path": "/State", "value": 1},
             {"op": "test", "path": "/state", "value": 1}, {"op": "add", "path": "/Name", "value": "tested"},]
            """,
            ["State": #""Active""#, "Name": #""tested""#]
        ),
        // What the server sets may be named, and stays as it is.
        Case(merge, #"{"WebhookId": 99, "Registered": "2001-01-01T00:00:00Z", "RegisteredAssociate": null}"#, [:]),
        Case(merge, #"{"WebhookId": "abc", "Updated": 5, "UpdatedAssociate": {"Name": "x"}}"#, [:]),
        Case(operations, #"[{"op": "replace", "path": "/WebhookId", "value": 99}]"#, [:]),
        Case(operations, #"[{"op": "remove", "path": "/Registered"}]"#, [:]),
        Case(operations, #"[{"op": "replace", "path": "/RegisteredAssociate/Name", "value": "x"}]"#, [:]),
        Case(merge, #"{"TotalCalls": 5, "lasterror": "x", "_Links": null}"#, [:]),
        Case(operations, #"[{"op": "replace", "path": "/TotalErrors", "value": 5}]"#, [:]),
    ]

    @Test("A patch changes what it names and nothing else", arguments: cases)
    func patched(_ item: Case) async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            let before = try await rest.call("POST", "/Webhook", Self.hook)
            let answer = try await rest.call("PATCH", "/Webhook/1", item.patch, type: item.type)
            try #require(answer.status == 200, "\(answer.text)")
            #expect(try answer.memberNames == RESTWebhookTests.members + ["_Links"])
            for name in RESTWebhookTests.members where name != "Updated" {
                #expect(try answer.member(name) == item.changes[name] ?? before.member(name), "\(name)")
            }
            #expect(try answer.textMember("Updated") > before.textMember("Updated"))
            let read = try await rest.call("GET", "/Webhook/1")
            #expect(read.text == answer.text)
        }
    }

    /// What is wrong with a patch of ``hook``.
    struct Wrong: Sendable, CustomTestStringConvertible {
        var testDescription: String { "\(type): \(patch)" }
        let type: String
        let patch: String
        let status: Int
        let naming: String

        init(_ type: String, _ patch: String, _ naming: String, _ status: Int = 400) {
            (self.type, self.patch, self.status, self.naming) = (type, patch, status, naming)
        }

        var exception: String {
            ["Events:", "TargetUrl:", "HTTP/1.1 500"].contains(naming)
                ? "SoValidationException" : status == 409 ? "SoIllegalOperationException" : "SoInvalidArgumentException"
        }
    }

    static let wrong = [
        Wrong(operations, "{}", "array"), Wrong(merge, "[]", "object"), Wrong("application/json", "5", ""),
        Wrong("application/json", #""text""#, ""), Wrong(operations, "5", "array"), Wrong(merge, "null", ""),
        Wrong(operations, "null", ""), Wrong("application/json", "null", ""), Wrong(operations, "[{", "line 1"),
        Wrong(operations, #"[{"op": "move", "from": "/Name", "path": "/Secret"}]"#, "move"),
        Wrong(operations, #"[{"op": "COPY", "from": "/Name", "path": "/Secret"}]"#, "COPY"),
        Wrong(operations, #"[{"op": "frobnicate", "path": "/Name"}]"#, "frobnicate"),
        Wrong(operations, #"[{"path": "/Name", "value": 1}]"#, "op"),
        Wrong(operations, #"[{"op": "replace", "value": 1}]"#, "path"),
        Wrong(operations, #"[{"op": "replace", "path": "/Name"}]"#, "value"),
        // What webhooks do not have is named.
        Wrong(merge, #"{"Name": "new", "Department": {"Id": 5}}"#, "Department"),
        Wrong("application/json", #"{"Name": "new", "Names": null}"#, "Names"),
        Wrong(operations, #"[{"op": "add", "path": "/Department", "value": 5}]"#, "Department"),
        Wrong(operations, #"[{"op": "replace", "path": "nothing/x", "value": 1}]"#, "nothing"),
        Wrong(operations, #"[{"op": "remove", "path": "/Nothing"}]"#, "Nothing"),
        Wrong(operations, #"[{"op": "replace", "path": "", "value": {"Name": "new", "Nothing": 1}}]"#, "Nothing"),
        Wrong(operations, #"[{"op": "replace", "path": "/Headers/X-Z", "value": "1"}]"#, "/Headers/X-Z"),
        Wrong(operations, #"[{"op": "remove", "path": "/Headers/X-Z"}]"#, "/Headers/X-Z"),
        Wrong(operations, #"[{"op": "add", "path": "/Events/7", "value": "a.b"}]"#, "/Events/7"),
        Wrong(operations, #"[{"op": "add", "path": "/Name/x", "value": "a.b"}]"#, "/Name/x"),
        Wrong(operations, #"[{"op": "replace", "path": "/Na~2me", "value": "x"}]"#, "~"),
        Wrong(operations, #"["op"]"#, "object"),
        // All or nothing.
        Wrong(
            operations,
            #"[{"op": "replace", "path": "/Name", "value": "new"}, {"op": "remove", "path": "/Events/9"}]"#,
            "/Events/9"
        ),
        Wrong(
            operations,
            #"[{"op": "replace", "path": "/Name", "value": "new"}, {"op": "test", "path": "/Secret", "value": "t"}]"#,
            "/Secret",
            409
        ),
        Wrong(operations, #"[{"op": "test", "path": "/WebhookId", "value": 2}]"#, "/WebhookId", 409),
        Wrong(operations, #"[{"op": "test", "path": "/Nothing", "value": null}]"#, "/Nothing", 409),
        // What comes of it must be a webhook that may be saved.
        Wrong(merge, #"{"Name": 5}"#, "Name must be text"), Wrong(merge, #"{"Headers": {"X-A": 5}}"#, "Headers.X-A"),
        Wrong(operations, #"[{"op": "replace", "path": "/State", "value": "Paused"}]"#, "State must be one of"),
        Wrong(merge, #"{"Events": 5}"#, "Events[1]"), Wrong(merge, #"{"Events": null}"#, "Events:"),
        Wrong(operations, #"[{"op": "remove", "path": "/Events/0"}]"#, "Events:"),
        Wrong(merge, #"{"TargetUrl": "ftp://x"}"#, "TargetUrl:"),
        Wrong(merge, #"{"State": "Active", "TargetUrl": "http://127.0.0.1:9/failing"}"#, "HTTP/1.1 500"),
    ]

    @Test("A patch that cannot be applied says why, and changes nothing", arguments: wrong)
    func refused(_ item: Wrong) async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            _ = try await rest.create(Self.hook)
            let before = try await rest.call("GET", "/Webhook/1").text
            let answer = try await rest.call("PATCH", "/Webhook/1", item.patch, type: item.type)
            answer.expectProblem(item.status, item.exception, naming: item.naming, source: "Webhook.SaveWebhook")
            let after = try await rest.call("GET", "/Webhook/1").text
            #expect(after == before)
        }
    }

    @Test("Headers, properties and events that are null take what is added")
    func nulls() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            _ = try await rest.create()
            let patch = """
                [{"op": "add", "path": "/Headers/X-A", "value": "1"},
                {"op": "add", "path": "/Properties/n", "value": 1}]
                """
            let answer = try await rest.call("PATCH", "/Webhook/1", patch)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(try answer.member("Headers") == #"{"X-A":"1"}"#)
            #expect(try answer.member("Properties") == #"{"n":1}"#)
        }
    }

    // MARK: Conditions

    @Test("A patch is JSON", arguments: [RESTClient.xml, "text/xml", RESTClient.form, "text/plain"])
    func otherTypes(type: String) async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            _ = try await rest.create(Self.hook)
            let answer = try await rest.call("PATCH", "/Webhook/1", "<Webhook/>", type: type)
            answer.expectProblem(415, "SoInvalidArgumentException", naming: "merge-patch", type)
            #expect(!answer.text.contains("xml"))
        }
    }

    @Test("A patch tests times as they are shown in the zone that it asks for")
    func zoned() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            _ = try await rest.create(Self.hook)
            let zone = [("SO-TimeZone", "US-NY")]
            let updated = try await rest.call("GET", "/Webhook/1", headers: zone).textMember("Updated")
            let patch = #"[{"op": "test", "path": "/Updated", "value": "\#(updated)"}]"#
            let elsewhere = try await rest.call("PATCH", "/Webhook/1", patch)
            #expect(elsewhere.status == 409)
            let answer = try await rest.call("PATCH", "/Webhook/1", patch, headers: zone)
            #expect(answer.status == 200, "\(answer.text)")
        }
    }

    @Test("A patch that sets State clears the errors, and other patches do not")
    func errorsStay() async throws {
        try await RunningService.with(settings: { $0.acceptFailingTargets(retryingAfter: .seconds(3600)) }) { service in
            let rest = RESTClient(service: service)
            let failing = RESTClient.hook.replacing(RESTClient.target, with: ScriptedSender.failingURL)
            _ = try await rest.create(failing)
            func errors() async throws -> String {
                let url = "http://127.0.0.1:\(service.port)/admin/v1/webhooks/1/usage"
                let usage = try await service.send("GET", url)
                return try RESTAnswer(status: usage.status, headers: usage.headers, body: usage.body)
                    .member("consecutiveErrors")
            }
            func fail() async throws {
                _ = try await rest.call("POST", "/Webhook/sale.changed/1", "{}")
                try await eventually("The webhook 1 has one consecutive error") { try await errors() == "1" }
            }
            try await fail()
            for (type, patch) in [
                (Self.merge, #"{"Name": "other"}"#), (Self.operations, "[]"),
                (Self.operations, #"[{"op": "test", "path": "/State", "value": "Active"}]"#),
                (Self.operations, #"[{"op": "replace", "path": "/Name", "value": "third"}]"#),
            ] {
                let answer = try await rest.call("PATCH", "/Webhook/1", patch, type: type)
                #expect(try answer.textMember("State") == "Active")
                #expect(try await errors() == "1", "\(patch)")
            }
            for (type, patch) in [
                (Self.merge, #"{"state": "Active"}"#),
                (Self.operations, #"[{"op": "replace", "path": "state", "value": "Active"}]"#),
            ] {
                _ = try await rest.call("PATCH", "/Webhook/1", patch, type: type)
                #expect(try await errors() == "0", "\(patch)")
                try await fail()
            }
        }
    }
}
