import AgentCore
import Foundation
import JSON
import ServerConfiguration
import StoreContracts
import TestSupport
import Testing
import WebhookModel
import XML

@testable import WebhookServer

/// The members that webhooks have got since Services87, over REST: stored, shown, selected and patched in every type of
/// body; and the counters, which are shown and not taken.
@Suite("REST extras", .timeLimit(.minutes(10)))
struct RESTExtrasTests {
    private static let members = [
        "ErrorsEmail", "ErrorEmails", "ErrorAssociates", "Description", "NotifyVia", "NotifyWhen",
    ]

    private static func item(_ id: Int, name: String = "null", children: String = "null") -> String {
        """
        {"Id":\(id),"Name":\(name),"ToolTip":null,"Deleted":false,"Rank":0,"Type":null,"ChildItems":\(children),\
        "IconHint":null,"ColorBlock":0,"ExtraInfo":null,"StyleHint":null,"FullName":null}
        """
    }

    /// What a body holds beside what a webhook needs, and what is then shown.
    struct Body: Sendable, CustomTestStringConvertible {
        var testDescription: String
        let type: String
        let text: String
        let shown: [String]
    }

    private static let needed = #""Events": ["a.b"], "TargetUrl": "http://127.0.0.1:9/hook""#
    private static let all = [
        #""old@example.com""#, #"["a@example.com",null]"#,
        "[" + item(5, name: #""tje0""#) + "," + item(6, children: "[" + item(7) + "]") + "]",
        #""What it is for""#, #""Email, InApp""#, #""FirstFailure""#,
    ]

    static let bodies = [
        Body(
            testDescription: "JSON",
            type: RESTClient.json,
            text: """
                {\(needed), "ErrorsEmail": "old@example.com", "ErrorEmails": ["a@example.com", null],
                "ErrorAssociates": [{"Id": 5, "Name": "tje0"}, {"Id": 6, "ChildItems": [7]}, null],
                "Description": "What it is for", "NotifyVia": 3, "NotifyWhen": "firstFailure"}
                """,
            shown: all
        ),
        Body(
            testDescription: "XML",
            type: RESTClient.xml,
            text: """
                <Webhook><Events><string>a.b</string></Events><TargetUrl>http://127.0.0.1:9/hook</TargetUrl>\
                <ErrorsEmail>old@example.com</ErrorsEmail><ErrorEmails><string>a@example.com</string>\
                <string xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/></ErrorEmails>\
                <ErrorAssociates><MDOListItem><Id>5</Id><Name>tje0</Name></MDOListItem><MDOListItem><Id>6</Id>\
                <ChildItems><MDOListItem><Id>7</Id></MDOListItem></ChildItems></MDOListItem></ErrorAssociates>\
                <Description>What it is for</Description><NotifyVia>InApp Email</NotifyVia><NotifyWhen>1</NotifyWhen>\
                </Webhook>
                """,
            shown: all
        ),
        Body(
            testDescription: "form",
            type: RESTClient.form,
            text: """
                Events=a.b&TargetUrl=http://127.0.0.1:9/hook&ErrorsEmail=old@example.com&ErrorEmails=a@example.com\
                &ErrorAssociates=5&Description=What+it+is+for&NotifyVia=Email,InApp&NotifyWhen=FirstFailure
                """,
            shown: [all[0], #"["a@example.com"]"#, "[" + item(5) + "]", all[3], all[4], all[5]]
        ),
        Body(
            testDescription: "null",
            type: RESTClient.json,
            text: "{\(needed), " + members.map { #""\#($0)": null"# }.joined(separator: ", ") + "}",
            shown: ["null", "null", "null", "null", #""None""#, #""None""#]
        ),
        Body(
            testDescription: "empty",
            type: RESTClient.json,
            text: """
                {\(needed), "ErrorsEmail": "", "ErrorEmails": [], "ErrorAssociates": [], "Description": "",
                "NotifyVia": "", "NotifyWhen": "None"}
                """,
            shown: [#""""#, "[]", "[]", #""""#, #""None""#, #""None""#]
        ),
    ]

    @Test("What any type of body says is stored, and shown by every route", arguments: bodies)
    func stored(body: Body) async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            let created = try await rest.call("POST", "/Webhook", body.text, type: body.type)
            try #require(created.status == 200, "\(created.text)")
            let replaced = try await rest.call("PUT", "/Webhook/1", body.text, type: body.type)
            let read = try await rest.call("GET", "/Webhook/1")
            let agent = try await rest.call("POST", "/Agents/Webhook/GetWebhook?webhookId=1")
            for answer in [created, replaced, read, agent] {
                #expect(try Self.members.map(answer.member) == body.shown)
            }
            let list = try await rest.call("GET", "/Webhook")
            #expect(list.text.contains(#""ErrorAssociates":\#(body.shown[2]),"Description":\#(body.shown[3])"#))
            let cleared = try await rest.call("PUT", "/Webhook/1", RESTClient.hook)
            #expect(try Self.members.map(cleared.member) == Self.bodies[3].shown, "What is absent is cleared.")
        }
    }

    @Test("XML shows them as SOAP would")
    func xml() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            _ = try await rest.create(Self.bodies[0].text)
            let answer = try await rest.call("GET", "/Webhook/1", headers: [("Accept", "text/xml")])
            for part in [
                "<ErrorsEmail>old@example.com</ErrorsEmail><ErrorEmails><string>a@example.com</string>",
                "<ErrorAssociates><MDOListItem><Id>5</Id><Name>tje0</Name><ToolTip xsi:nil=\"true\"/>",
                "<ChildItems><MDOListItem><Id>7</Id>", "<Description>What it is for</Description>",
                "<NotifyVia>Email, InApp</NotifyVia><NotifyWhen>FirstFailure</NotifyWhen><TotalCalls>0</TotalCalls>",
                "<LastError xsi:nil=\"true\"/>",
            ] {
                #expect(answer.text.contains(part), "\(part) in \(answer.text)")
            }
            // What is shown can be sent back.
            let body = answer.text.replacing(/<_Links>.*<\/_Links>/, with: "")
            let again = try await rest.call("PUT", "/Webhook/1", body, type: RESTClient.xml)
            #expect(try Self.members.map(again.member) == Self.all)
        }
    }

    static let wrong: [(member: String, naming: String)] = [
        (#""ErrorsEmail": 5"#, "ErrorsEmail must be text"), (#""Description": []"#, "Description must be text"),
        (#""ErrorEmails": "a@b""#, "ErrorEmails must be an array"), (#""ErrorEmails": [5]"#, "ErrorEmails[0]"),
        (#""ErrorAssociates": 5"#, "ErrorAssociates must be an array"),
        (#""ErrorAssociates": [5, "x"]"#, "ErrorAssociates[1]"),
        (#""ErrorAssociates": [{"Id": 1, "Name": 2}]"#, "ErrorAssociates[0].Name"),
        (#""ErrorAssociates": [{"ChildItems": [{"Deleted": 1}]}]"#, "ErrorAssociates[0].ChildItems[0].Deleted"),
        (#""NotifyVia": "Sms""#, "NotifyVia must be one of None (0), Email (1), InApp (2)"),
        (#""NotifyVia": 4"#, "NotifyVia must be one of"), (#""NotifyWhen": true"#, "NotifyWhen must be one of None"),
        (#""Description": "\#(String(repeating: "x", count: 4097))""#, "Description: It is longer than 4096 bytes"),
        (#""ErrorEmails": [\#((0..<101).map { "\"\($0)\"" }.joined(separator: ","))]"#, "ErrorEmails: There are more"),
        (
            #""ErrorAssociates": [{"ChildItems": [\#((0..<100).map(String.init).joined(separator: ","))]}]"#,
            "ErrorAssociates: There are more than 100"
        ),
    ]

    @Test("Extra members that are wrong are refused by name")
    func refused() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            for (member, naming) in Self.wrong {
                let answer = try await rest.call("POST", "/Webhook", "{\(Self.needed), \(member)}")
                let type = naming.contains(": ") ? "SoValidationException" : "SoInvalidArgumentException"
                answer.expectProblem(400, type, naming: naming, "\(naming)")
            }
            #expect(try await rest.count() == 0)
        }
    }

    @Test("Both kinds of patch change extra members", arguments: [RESTClient.mergePatch, RESTClient.jsonPatch])
    func patched(type: String) async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            let id = try await rest.create(Self.bodies[0].text)
            let steps: [(merge: String, json: String, member: String, shown: String)] = [
                (
                    #"{"errorsemail": null}"#, #"[{"op": "remove", "path": "/ErrorsEmail"}]"#, "ErrorsEmail",
                    "null"
                ),
                (
                    #"{"ErrorEmails": "b@example.com"}"#,
                    #"[{"op": "add", "path": "/erroremails", "value": "b@example.com"}]"#, "ErrorEmails",
                    #"["a@example.com",null,"b@example.com"]"#
                ),
                (
                    #"{"ErrorAssociates": null}"#,
                    #"[{"op": "replace", "path": "/ErrorAssociates", "value": null}]"#, "ErrorAssociates", "null"
                ),
                (
                    #"{"ErrorAssociates": {"Id": 9}}"#,
                    #"[{"op": "add", "path": "/ErrorAssociates/-", "value": {"Id": 9}}]"#, "ErrorAssociates",
                    "[" + Self.item(9) + "]"
                ),
                (
                    #"{"Description": "new"}"#,
                    #"[{"op": "test", "path": "/NotifyVia", "value": "Email, InApp"},"#
                        + #"{"op": "replace", "path": "/Description", "value": "new"}]"#,
                    "Description", #""new""#
                ),
                (
                    #"{"NotifyVia": "InApp"}"#, #"[{"op": "replace", "path": "/NotifyVia", "value": 2}]"#, "NotifyVia",
                    #""InApp""#
                ),
            ]
            for step in steps {
                let patch = type == RESTClient.mergePatch ? step.merge : step.json
                let answer = try await rest.call("PATCH", "/Webhook/\(id)", patch, type: type)
                #expect(answer.status == 200, "\(answer.text)")
                #expect(try answer.member(step.member) == step.shown)
            }
            let read = try await rest.call("GET", "/Webhook/\(id)")
            #expect(try read.member("NotifyWhen") == #""FirstFailure""#, "What no patch named stays.")
        }
    }

    @Test("A patch of something else leaves lists that are null as they are")
    func nullLists() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            let id = try await rest.create()
            let answer = try await rest.call("PATCH", "/Webhook/\(id)", #"{"Description": "new"}"#)
            #expect(try answer.member("ErrorEmails") == "null")
            #expect(try answer.member("ErrorAssociates") == "null")
        }
    }

    @Test("$select names them, and reaches into items")
    func select() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            _ = try await rest.create(Self.bodies[0].text)
            let answer = try await rest.call("GET", "/Webhook/1?$select=erroremails,errorAssociates/id,totalCalls")
            #expect(try answer.member("ErrorEmails") == Self.all[1])
            #expect(try answer.member("ErrorAssociates").contains(#""Id":5,"Name":null"#))
            #expect(try answer.member("TotalCalls") == "0")
            for name in ["ErrorsEmail", "Description", "NotifyVia", "TotalErrors"] {
                #expect(try answer.member(name) == "null")
            }
        }
    }

    @Test("The counters are shown by every route that shows webhooks, and are not the client's to set")
    func counters() async throws {
        try await RunningService.with(settings: { $0.acceptFailingTargets(retryingAfter: .seconds(3600)) }) { service in
            let rest = RESTClient(service: service)
            let failing = RESTClient.hook.replacing(RESTClient.target, with: ScriptedSender.failingURL)
            for hook in [RESTClient.hook, failing] { _ = try await rest.create(hook) }
            _ = try await rest.call("POST", "/Webhook/sale.changed/1", "{}")
            for id in [1, 2] {
                try await eventually("The webhook \(id) has one call in all") {
                    try await rest.call("GET", "/Webhook/\(id)").member("TotalCalls") == "1"
                }
            }
            func shown(_ answer: RESTAnswer) throws -> [String] {
                try ["TotalCalls", "TotalErrors", "ConsecutiveErrors", "LastError"].map {
                    String(try answer.member($0).prefix { $0 != " " })
                }
            }
            for (id, hook, expected) in [
                (1, RESTClient.hook, ["1", "0", "0", "null"]), (2, failing, ["1", "1", "1", #""HTTP/1.1"#]),
            ] {
                let wish = hook.replacing("{", with: #"{"TotalCalls": 99, "LastError": "none", "#)
                for answer in [
                    try await rest.call("GET", "/Webhook/\(id)"), try await rest.call("PUT", "/Webhook/\(id)", wish),
                    try await rest.call("PATCH", "/Webhook/\(id)", #"{"TotalCalls": 99, "ConsecutiveErrors": 0}"#),
                    try await rest.call("POST", "/Agents/Webhook/GetWebhook?webhookId=\(id)"),
                ] {
                    #expect(try shown(answer) == expected, "\(answer.text)")
                }
                for list in [
                    try await rest.call("GET", "/Webhook"),
                    try await rest.call("POST", "/Agents/Webhook/GetAllWebhooks"),
                ] {
                    guard case .array(let webhooks) = try list.json else {
                        throw RESTAnswer.Missing(path: "", text: "")
                    }
                    #expect(webhooks[id - 1]["TotalErrors"]?.text == expected[1])
                }
                let tested = try await rest.call("GET", "/Webhook/\(id)/LastError")
                #expect(tested.text.hasPrefix(expected[3]) == (id == 2))
            }
        }
    }
}
