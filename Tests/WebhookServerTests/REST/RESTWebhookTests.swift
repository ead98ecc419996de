import AgentCore
import Foundation
import JSON
import NIOHTTP1
import ServerConfiguration
import StoreContracts
import Testing
import WebhookModel

@testable import WebhookServer

/// A webhook as REST shows and takes it (docs/contract.md#section-8).
@Suite("REST webhooks", .timeLimit(.minutes(10)))
struct RESTWebhookTests {
    /// The documentation's table, in its order.
    static let members = [
        "WebhookId", "Name", "Events", "TargetUrl", "Secret", "State", "Type", "Headers", "Properties", "Registered",
        "RegisteredAssociate", "Updated", "UpdatedAssociate", "ErrorsEmail", "ErrorEmails", "ErrorAssociates",
        "Description", "NotifyVia", "NotifyWhen", "TotalCalls", "TotalErrors", "ConsecutiveErrors", "LastError",
    ]
    /// How the last of them are shown of a webhook that says nothing in them and has not been called.
    static let newerMembers = """
        "ErrorsEmail":null,"ErrorEmails":null,"ErrorAssociates":null,"Description":null,"NotifyVia":"None",\
        "NotifyWhen":"None","TotalCalls":0,"TotalErrors":0,"ConsecutiveErrors":0,"LastError":null
        """
    static let associateMembers = [
        "AssociateId", "Name", "PersonId", "Rank", "Tooltip", "Type", "GroupIdx", "FullName", "FormalName", "Deleted",
        "EjUserId", "UserName", "TableRight", "FieldProperties",
    ]

    private static func items(_ answer: RESTAnswer) throws -> [JSONValue] {
        guard case .array(let items) = try answer.json else { return [] }
        return items
    }

    @Test("Members stand in the documented order, then links on the routes of one webhook alone")
    func memberOrder() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            let id = try await rest.create()
            let linked = try [
                try await rest.call("POST", "/Webhook", RESTClient.hook), try await rest.call("GET", "/Webhook/\(id)"),
                try await rest.call("PUT", "/Webhook/\(id)", RESTClient.hook),
                try await rest.call("PATCH", "/Webhook/\(id)", "{}"),
            ].map { try $0.json }
            let unlinked = try [
                try await rest.call("GET", "/Webhook/default"),
                try await rest.call("POST", "/Agents/Webhook/CreateDefaultWebhook"),
                try await rest.call("POST", "/Agents/Webhook/SaveWebhook", RESTClient.hook),
                try await rest.call("POST", "/Agents/Webhook/GetWebhook?webhookId=\(id)"),
            ].map { try $0.json }
            let list = try Self.items(try await rest.call("GET", "/Webhook"))
            let agentList = try Self.items(try await rest.call("POST", "/Agents/Webhook/GetAllWebhooks"))
            #expect(list.count == 3)
            #expect(agentList.count == 3)
            for webhook in linked {
                #expect(webhook.memberNames == Self.members + ["_Links"])
                #expect(webhook["_Links"]?.memberNames == ["Self", "Archive"])
            }
            for webhook in unlinked + list + agentList { #expect(webhook.memberNames == Self.members) }
            for webhook in linked + list + agentList {
                #expect(webhook["RegisteredAssociate"]?.memberNames == Self.associateMembers)
                #expect(webhook["UpdatedAssociate"]?.memberNames == Self.associateMembers)
            }
        }
    }

    @Test("The default is what SOAP's is, its times never set")
    func defaultWebhook() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            let expected = """
                {"WebhookId":0,"Name":null,"Events":["contact.created","contact.deleted"],"TargetUrl":null,\
                "Secret":null,"State":"Active","Type":"webhook","Headers":null,"Properties":null,\
                "Registered":"0001-01-01T00:00:00Z","RegisteredAssociate":null,\
                "Updated":"0001-01-01T00:00:00Z","UpdatedAssociate":null,\(Self.newerMembers)}
                """
            let headers = [("SO-TimeZone", "Asia/Kathmandu")]
            for answer in [
                try await rest.call("GET", "/Webhook/default"),
                try await rest.call("POST", "/Agents/Webhook/CreateDefaultWebhook"),
            ] {
                #expect(answer.text == expected)
            }
            let zoned = try await rest.call("GET", "/Webhook/DEFAULT", headers: headers)
            #expect(zoned.text == expected.replacing("00Z", with: "00"))
        }
    }

    /// The documentation's sample, which says more than the server lets a client say.
    static let sample = """
        {
          "WebhookId": 794, "Name": "Howell Group", "Events": ["non", "et"], "TargetUrl": "http://127.0.0.1:9/hook",
          "Secret": "ea", "State": "Active", "Type": "webhook",
          "Headers": { "Headers1": "laborum", "Headers2": "ad" }, "Properties": { "fieldName": {} },
          "Registered": "2016-04-18T09:41:00.1118281+02:00",
          "RegisteredAssociate": { "AssociateId": 999, "Name": "Rau-Kozey", "Type": "AnonymousAssociate" },
          "Updated": "2017-09-30T09:41:00.1127872+02:00",
          "UpdatedAssociate": { "AssociateId": 612, "Name": "Bartoletti-Renner", "Deleted": true },
          "Department": "nobody knows it", "_Links": { "Self": "https://www.example.com/api/v1/contact/321" }
        }
        """

    @Test("A client's id, times, associates and unknown members are ignored: the server sets what is its own")
    func serversOwn() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            let answer = try await rest.call("POST", "/Webhook", Self.sample)
            try #require(answer.status == 200, "\(answer.text)")
            let tje0 = """
                {"AssociateId":5,"Name":"tje0","PersonId":3,"Rank":1,"Tooltip":"","Type":"InternalAssociate",\
                "GroupIdx":1,"FullName":"Tje Nul","FormalName":"",\
                "Deleted":false,"EjUserId":0,"UserName":"tje0","TableRight":null,\
                "FieldProperties":null}
                """
            let time = try answer.textMember("Registered")
            let base = "http://127.0.0.1:\(service.port)/api/v1/Webhook"
            #expect(
                answer.text == """
                    {"WebhookId":1,"Name":"Howell Group","Events":["non","et"],"TargetUrl":"http://127.0.0.1:9/hook",\
                    "Secret":"ea","State":"Active","Type":"webhook",\
                    "Headers":{"Headers1":"laborum","Headers2":"ad"},"Properties":{"fieldName":{}},\
                    "Registered":"\(time)","RegisteredAssociate":\(tje0),\
                    "Updated":"\(time)","UpdatedAssociate":\(tje0),\(Self.newerMembers),\
                    "_Links":{"Self":"\(base)/1","Archive":"\(base)"}}
                    """
            )
            #expect(time.wholeMatch(of: /20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,6}[1-9])?Z/) != nil, "\(time)")
            #expect(!time.hasPrefix("2016") && !time.hasPrefix("2017"))
            let read = try await rest.call("GET", "/Webhook/1")
            #expect(read.text == answer.text)
        }
    }

    @Test(
        "What is ignored need not even be of its type",
        arguments: [
            #""WebhookId": "abc""#, #""WebhookId": {}"#, #""WebhookId": 99999999999"#, #""WebhookId": null"#,
            #""WebhookId": [1], "Registered": "yesterday", "RegisteredAssociate": 5"#,
            #""Updated": [], "UpdatedAssociate": "me""#,
        ]
    )
    func ignored(members: String) async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            let body = #"{\#(members), "Events": ["sale.changed"], "TargetUrl": "\#(RESTClient.target)"}"#
            let created = try await rest.call("POST", "/Webhook", body)
            #expect(created.status == 200, "\(created.text)")
            let put = try await rest.call("PUT", "/Webhook/1", body)
            #expect(put.status == 200, "\(put.text)")
        }
    }

    @Test("POST always creates, and PUT changes the webhook of its path, whatever id the body has")
    func ids() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            _ = try await rest.create()
            let body = #"{"WebhookId": 1, "Name": "other", "Events": ["a.b"], "TargetUrl": "\#(RESTClient.target)"}"#
            let created = try await rest.call("POST", "/Webhook", body)
            #expect(try created.member("WebhookId") == "2")
            let put = try await rest.call("PUT", "/Webhook/2", body.replacing("other", with: "second"))
            #expect(try put.member("WebhookId") == "2")
            let names = try Self.items(try await rest.call("GET", "/Webhook")).map { $0["Name"]?.text }
            #expect(names == [#""hook""#, #""second""#])
            // The agent's operation takes the id of the body.
            let saved = try await rest.call("POST", "/Agents/Webhook/SaveWebhook", body)
            #expect(try saved.member("WebhookId") == "1")
            #expect(try saved.textMember("Name") == "other")
            let new = try await rest.call("POST", "/Agents/Webhook/SaveWebhook", body.replacing(": 1,", with: ": 0,"))
            #expect(try new.member("WebhookId") == "3")
        }
    }

    @Test("An update replaces the whole webhook, State apart; who registered it and when stay")
    func update() async throws {
        try await RunningService.with(settings: { settings in
            settings.installation = Callers.installation(.onSite)
            settings.installation.tenants[0].users[1].rights = [.webhooks]
        }) { service in
            let anna = RESTClient(service: service).with(("Authorization", RESTClient.basic("anna", "right")))
            let carl = RESTClient(service: service).with(("Authorization", RESTClient.basic("carl", "right")))
            let created = try await anna.call(
                "POST",
                "/Webhook",
                Self.sample.replacing(#""Active""#, with: #""stopped""#)
            )
            let put = try await carl.call("PUT", "/Webhook/1", RESTClient.hook)
            try #require(put.status == 200, "\(put.text)")
            for (name, value) in [
                ("Name", #""hook""#), ("Events", #"["sale.changed"]"#), ("Secret", "null"), ("State", #""Stopped""#),
                ("Type", #""webhook""#), ("Headers", "null"), ("Properties", "null"),
            ] {
                #expect(try put.member(name) == value, "\(name)")
            }
            #expect(try put.textMember("RegisteredAssociate/UserName") == "anna")
            #expect(try put.textMember("UpdatedAssociate/UserName") == "carl")
            #expect(try put.member("UpdatedAssociate/AssociateId") == "7")
            #expect(try put.member("Registered") == created.member("Registered"))
            #expect(try put.textMember("Updated") > created.textMember("Updated"))
        }
    }

    @Test("A test answers what the target said, and stores nothing")
    func test() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            let good = try await rest.call("POST", "/Webhook/test", RESTClient.hook)
            #expect(
                good.text
                    == #"{"Success":true,"Message":"HTTP/1.1 200 OK\n\nok","TableRight":null,"FieldProperties":null}"#
            )
            let failing = #"{"Webhook": {"TargetUrl": "\#(ScriptedSender.failingURL)"}}"#
            for path in ["/Webhook/Test", "/Agents/Webhook/TestWebhook"] {
                let bad = try await rest.call("POST", path, failing)
                #expect(bad.status == 200)
                #expect(try bad.member("Success") == "false")
                #expect(try bad.textMember("Message") == "HTTP/1.1 500 Internal Server Error\n\nbroken")
            }
            let count = try await rest.count()
            #expect(count == 0)
            #expect(service.sender.sent.map(\.isTest) == [true, true, true])
        }
    }

    @Test("Times follow SO-TimeZone wherever a webhook is shown; an unknown zone is refused")
    func timeZone() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            let headers = [("SO-TimeZone", "Asia/Kathmandu")]
            let shown = [
                try await rest.call("POST", "/Webhook", RESTClient.hook, headers: headers),
                try await rest.call("GET", "/Webhook/1", headers: headers),
                try await rest.call("PUT", "/Webhook/1", RESTClient.hook, headers: headers),
                try await rest.call("PATCH", "/Webhook/1", "{}", headers: headers),
                try await rest.call("GET", "/Webhook", headers: headers),
                try await rest.call("POST", "/Agents/Webhook/GetWebhook?webhookId=1", headers: headers),
            ]
            for answer in shown {
                #expect(answer.status == 200)
                let times = answer.text.matches(of: /"(?:Registered|Updated)":"([^"]*)"/).map(\.1)
                #expect(times.count == 2)
                #expect(times.allSatisfy { $0.wholeMatch(of: /[-0-9]{10}T[:.0-9]+/) != nil }, "\(times)")
            }
            let offset = [("SO-TimeZone", "Asia/Kathmandu, includeTZOffset")]
            let whole = try await rest.call("GET", "/Webhook/1", headers: offset)
            let bare = try await rest.call("GET", "/Webhook/1", headers: headers)
            #expect(try whole.textMember("Updated") == bare.textMember("Updated") + "+05:45")
            let utc = try await rest.call("GET", "/Webhook/1")
            #expect(try utc.textMember("Registered").hasSuffix("Z"))
            for zone in ["Europe/Nowhere", "x", "W. Europe Standard Time"] {
                let answer = try await rest.call("POST", "/Webhook", RESTClient.hook, headers: [("SO-TimeZone", zone)])
                answer.expectProblem(400, "SoInvalidArgumentException", naming: "SO-TimeZone", zone)
            }
            let count = try await rest.count()
            #expect(count == 1)
        }
    }
}
