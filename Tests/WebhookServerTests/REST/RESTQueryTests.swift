import AgentCore
import Foundation
import JSON
import NIOHTTP1
import StoreContracts
import TestSupport
import Testing
import WebhookModel

@testable import WebhookServer

/// What stands in a path or behind its question mark (docs/contract.md#section-8).
@Suite("REST paths and queries", .timeLimit(.minutes(10)))
struct RESTQueryTests {
    private static func names(_ answer: RESTAnswer) throws -> [String] {
        guard case .array(let items) = try answer.json else { return [answer.text] }
        return items.map { if case .string(let name) = $0["Name"] { name } else { "null" } }
    }

    static let filters: [(query: String, names: [String])] = [
        ("", ["one", "two words", "three"]), ("?nameFilter=one", ["one"]), ("?NAMEFILTER=one", ["one"]),
        ("?namefilter=One", []), ("?nameFilter=two%20words", ["two words"]),
        ("?nameFilter=", ["one", "two words", "three"]),
        ("?eventFilter=sale.changed", ["one", "three"]), ("?EventFilter=SALE.Changed", ["one", "three"]),
        ("?eventFilter=sale", []), ("?statusFilter=Stopped", ["three"]), ("?statusfilter=stopped", ["three"]),
        ("?statusFilter=2", ["three"]), ("?statusFilter=1", ["one", "two words"]),
        ("?statusFilter=Unknown", ["one", "two words", "three"]), ("?statusFilter=", ["one", "two words", "three"]),
        ("?eventFilter=sale.changed&statusFilter=Active", ["one"]), ("?nameFilter=one&eventFilter=b", []),
        ("?unknown=x&nameFilter=three&&", ["three"]),
    ]

    @Test("Lists are filtered, the parameters' names in any case")
    func filtered() async throws {
        try await Self.withThree { rest in
            for (query, names) in Self.filters {
                let answer = try await rest.call("GET", "/Webhook" + query)
                #expect(answer.status == 200)
                #expect(try Self.names(answer) == names, "\(query)")
            }
        }
    }

    /// What a form, `URLSearchParams` and Python's requests make of them.
    @Test("Parameters are understood as those encode them who write queries as forms")
    func formEncoded() async throws {
        try await Self.withThree { rest in
            let plus = try await rest.call("GET", "/Webhook?nameFilter=two+words")
            #expect(try Self.names(plus) == ["two words"])
            let dollar = try await rest.call("GET", "/Webhook/1?%24select=Secret")
            #expect(try dollar.member("Name") == "null")
            let name = try await rest.call("GET", "/Webhook?name%46ilter=one")
            #expect(try Self.names(name) == ["one"])
        }
    }

    private static func withThree(_ body: @escaping @Sendable (RESTClient) async throws -> Void) async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            for (name, event, state) in [
                ("one", "sale.changed", "Active"), ("two words", "b", "Active"), ("three", "Sale.Changed", "Stopped"),
            ] {
                let members = #""Name": "\#(name)", "Events": ["\#(event)"], "State": "\#(state)""#
                _ = try await rest.create(#"{\#(members), "TargetUrl": "\#(RESTClient.target)"}"#)
            }
            try await body(rest)
        }
    }

    static let nulls = RESTWebhookTests.members.map { "\"\($0)\":null" }.joined(separator: ",")

    @Test("$select nulls the members that it does not name, wherever an object is answered")
    func select() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            let name = Self.nulls.replacing(#""Name":null"#, with: #""Name":"hook""#)
            let calls: [(String, String, String?, String)] = [
                ("POST", "/Webhook?$select=name", RESTClient.hook, "{\(name),\"_Links\":null}"),
                ("GET", "/Webhook/1?$select=NAME", nil, "{\(name),\"_Links\":null}"),
                ("GET", "/Webhook/1?$SELECT=Name,department,category/id", nil, "{\(name),\"_Links\":null}"),
                ("PUT", "/Webhook/1?$select=%20name%20", RESTClient.hook, "{\(name),\"_Links\":null}"),
                ("PATCH", "/Webhook/1?$select=name", "{}", "{\(name),\"_Links\":null}"),
                ("GET", "/Webhook?$select=name", nil, "[{\(name)}]"),
                ("POST", "/Agents/Webhook/GetAllWebhooks?$select=name", nil, "[{\(name)}]"),
                ("POST", "/Agents/Webhook/GetWebhook?webhookId=1&$select=name", nil, "{\(name)}"),
                (
                    "POST", "/Webhook/Test?$select=success", RESTClient.hook,
                    #"{"Success":true,"Message":null,"TableRight":null,"FieldProperties":null}"#
                ),
                ("GET", "/Webhook/1/LastError?$select=name", nil, #""""#),
            ]
            for (method, path, body, expected) in calls {
                let answer = try await rest.call(method, path, body)
                #expect(answer.status == 200)
                #expect(answer.text == expected, "\(method) \(path)")
            }
            let whole = try await rest.call("GET", "/Webhook/1")
            for query in ["?$select=", "?$select", "?$select=,"] {
                let answer = try await rest.call("GET", "/Webhook/1" + query)
                #expect(answer.text == whole.text, "\(query)")
            }
            let signalled = try await rest.call("POST", "/Webhook/a.b/1?$select=name,department,category/id")
            #expect(signalled.status == 204)
            let absent = try await rest.call("GET", "/Webhook/99?$select=name")
            absent.expectProblem(404, "SoNotFoundException", naming: "99")
        }
    }

    @Test("$select reaches into associates and links")
    func nestedSelect() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            _ = try await rest.create()
            let answer = try await rest.call("GET", "/Webhook/1?$select=registeredAssociate/fullName,_links/self")
            #expect(try answer.member("Name") == "null")
            #expect(try answer.textMember("RegisteredAssociate/FullName") == "Tje Nul")
            #expect(try answer.member("RegisteredAssociate/AssociateId") == "null")
            #expect(try answer.member("UpdatedAssociate") == "null")
            #expect(try answer.textMember("_Links/Self").hasSuffix("/api/v1/Webhook/1"))
            #expect(try answer.member("_Links/Archive") == "null")
        }
    }

    @Test("Names in paths are taken in any case, with a slash behind them or without")
    func pathCase() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            _ = try await rest.create()
            for (method, path, status) in [
                ("GET", "/API/V1/WEBHOOK/1", 200), ("GET", "/api/v1/webhook/", 200),
                ("GET", "/Api/v1/wEbHoOk/DeFaUlT", 200),
                ("GET", "/api/v1/webhook/1/lasterror", 200), ("POST", "/api/v1/agents/webhook/getallwebhooks/", 200),
                ("POST", "/api/V1/webhook/A.B/1", 204), ("GET", "/api/v1/%57ebhook/1", 200),
            ] {
                let answer = try await rest.call(method, path)
                #expect(answer.status == status, "\(method) \(path)")
            }
        }
    }

    static let eventNames: [(path: String, event: String)] = [
        ("order.paid", "order.paid"), ("Order.Paid", "Order.Paid"), ("k%C3%B8b.ny", "køb.ny"),
        ("%E9%8D%B5%F0%9F%94%91", "鍵🔑"), ("a%2Fb%20c%3Fd%23e", "a/b c?d#e"), ("a+b", "a+b"), ("100%25", "100%"),
        ("Kris,%20Dicki%20and%20Windler", "Kris, Dicki and Windler"), ("default", "default"), ("Test", "Test"),
        ("5", "5"),
    ]

    @Test("An event's name may hold anything, percent-encoded", arguments: eventNames)
    func events(path: String, event: String) async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            let name = Hook.array([event])
            _ = try await rest.create(#"{"Events": \#(name), "TargetUrl": "\#(RESTClient.target)"}"#)
            let answer = try await rest.call("POST", "/Webhook/\(path)/853", #"{"windowName": "foo", "widgets": 123}"#)
            #expect(answer.status == 204, "\(answer.text)")
            try await rest.waitUntilIdle()
            let sent = try #require(service.sender.sent.last)
            #expect(sent.event == event)
            let body = try parsedJSON(String(decoding: sent.body, as: UTF8.self))
            #expect(body["Event"] == .string(event))
            #expect(body["PrimaryKey"] == .number("853"))
            #expect(body["Changes"]?.text == #"["windowName","widgets"]"#)
        }
    }
}
