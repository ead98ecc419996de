import AgentCore
import NIOHTTP1
import ServerConfiguration
import StoreContracts
import Testing
import WebhookModel
import XML

@testable import WebhookServer

/// The counters of webhooks, as the troubleshooting page of NetServer's documentation asks for them.
@Suite("REST usage", .timeLimit(.minutes(10)))
struct RESTUsageTests {
    static let query = """
        /Archive/dynamic?$select=webhook_usage.webhook_usage_id,webhook_usage.total_calls,webhook_usage.total_errors,\
        webhook_usage.consecutive_errors,webhook_usage.last_error
        """

    /// Three webhooks, the second of which has failed once.
    private static func with(_ body: @Sendable (RESTClient) async throws -> Void) async throws {
        try await RunningService.with(settings: { $0.acceptFailingTargets() }) { service in
            let rest = RESTClient(service: service)
            let failing = RESTClient.hook.replacing(RESTClient.target, with: ScriptedSender.failingURL)
            for hook in [RESTClient.hook, failing, RESTClient.hook.replacing("sale", with: "nothing")] {
                _ = try await rest.create(hook)
            }
            _ = try await rest.call("POST", "/Webhook/sale.changed/1", "{}")
            try await rest.waitUntilIdle()
            try await body(rest)
        }
    }

    private static func row(_ id: Int, calls: Int, errors: Int, _ error: String) -> String {
        """
        {"PrimaryKey":\(id),"EntityName":"webhook_usage","webhook_usage.webhook_usage_id":\(id),\
        "webhook_usage.total_calls":\(calls),"webhook_usage.total_errors":\(errors),\
        "webhook_usage.consecutive_errors":\(errors),"webhook_usage.last_error":\(error)}
        """
    }

    private static let error = #""HTTP/1.1 500 Internal Server Error\n\nbroken""#

    @Test("The documented query answers every webhook's counters by id")
    func all() async throws {
        try await Self.with { rest in
            let rows = [
                Self.row(1, calls: 1, errors: 0, "null"), Self.row(2, calls: 1, errors: 1, Self.error),
                Self.row(3, calls: 0, errors: 0, "null"),
            ]
            let url = "http://127.0.0.1:\(rest.service.port)/api/v1/archive/$metadata"
            let expected = """
                {"odata.metadata":"\(url)","odata.nextLink":null,"value":[\(rows.joined(separator: ","))]}
                """
            for path in [Self.query, "/archive/DYNAMIC", "/Archive/dynamic?$filter="] {
                let answer = try await rest.call("GET", path)
                #expect(answer.status == 200)
                #expect(answer.text == expected, "\(path)")
                #expect(answer.headers["Cache-Control"] == ["no-store"])
            }
        }
    }

    @Test("Columns are those selected, rows those of one webhook or a page")
    func narrowed() async throws {
        try await Self.with { rest in
            let two = #"[{"PrimaryKey":2,"EntityName":"webhook_usage","webhook_usage.total_errors":1}]"#
            let select = "$select=Webhook_Usage.TOTAL_errors"
            for rest_ in [
                "$filter=webhook_usage.webhook_usage_id%20eq%202", "$filter=webhook_usage.webhook_usage_id=2",
                "$filter=WEBHOOK_USAGE.webhook_usage_id%20Equals%20%202", "$skip=1&$top=1",
            ] {
                let answer = try await rest.call("GET", "/Archive/dynamic?\(select)&\(rest_)")
                #expect(answer.status == 200, "\(rest_): \(answer.text)")
                #expect(try answer.member("value") == two, "\(rest_)")
            }
            for none in ["$filter=webhook_usage.webhook_usage_id%20eq%2099", "$skip=3", "$top=0"] {
                #expect(try await rest.call("GET", "/Archive/dynamic?\(none)").member("value") == "[]", "\(none)")
            }
        }
    }

    @Test("The usage report can be XML")
    func xml() async throws {
        try await Self.with { rest in
            let answer = try await rest.call("GET", "/Archive/dynamic?$top=1", headers: [("Accept", "application/xml")])
            let root = try XML.XMLDocument(parsing: answer.body).root
            #expect(root.name == "ODataSlimResponse")
            #expect(root.child("value")?.child("row")?.child("PrimaryKey")?.text == "1")
        }
    }

    @Test("What is not supported is named, not ignored")
    func refused() async throws {
        try await Self.with { rest in
            for (query, name) in [
                ("$select=contact.name", "contact.name"), ("$select=total_calls", "webhook_usage.total_calls"),
                ("$filter=webhook_usage.total_calls%20gt%205", "$filter"), ("$filter=name%20eq%20'x'", "$filter"),
                ("$filter=webhook_usage.webhook_usage_id%20eq%2099999999999", "$filter"),
                ("$orderBy=webhook_usage.total_calls", "$orderBy"), ("$top=-1", "$top"), ("$skip=x", "$skip"),
            ] {
                let answer = try await rest.call("GET", "/Archive/dynamic?\(query)")
                answer.expectProblem(400, "SoInvalidArgumentException", naming: name, query)
            }
            try await rest.anonymous.call("GET", Self.query).expectProblem(401, "SoSessionException")
        }
    }

    @Test("Who may not see webhooks may not see their counters")
    func rights() async throws {
        try await RunningService.with(settings: { $0.installation = Callers.installation(.onSite) }) { service in
            let carl = RESTClient(service: service).with(("Authorization", RESTClient.basic("carl", "right")))
            try await carl.call("GET", Self.query).expectProblem(403, "SoSentryException", naming: "webhooks")
        }
    }
}
