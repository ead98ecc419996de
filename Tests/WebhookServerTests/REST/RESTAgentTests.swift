import AgentCore
import NIOHTTP1
import StoreContracts
import Testing
import WebhookModel
import XML

@testable import WebhookServer

/// How the routes of agents' operations answer what routes of entities answer with errors.
@Suite("REST agents", .timeLimit(.minutes(10)))
struct RESTAgentTests {
    @Test("GetWebhook of an absent id is 200 with null, while the entity is 404")
    func absent() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            for (path, body) in [
                ("/Agents/Webhook/GetWebhook?webhookId=99", nil), ("/Agents/Webhook/GetWebhook", #"{"WebhookId": 99}"#),
                ("/Agents/Webhook/GetWebhook?webhookId=99&$select=name", nil),
            ] {
                let answer = try await rest.call("POST", path, body)
                #expect(answer.status == 200)
                #expect(answer.text == "null")
                #expect(answer.headers["Content-Type"] == ["application/json; charset=utf-8"])
                #expect(answer.headers["Cache-Control"] == ["no-store"])
            }
            let xml = try await rest.call(
                "POST",
                "/Agents/Webhook/GetWebhook?webhookId=99",
                headers: [("Accept", "text/xml")]
            )
            let root = try XML.XMLDocument(parsing: xml.body).root
            #expect(root.name == "Webhook")
            #expect(xml.text.contains(#"nil="true""#))
            try await rest.call("GET", "/Webhook/99").expectProblem(404, "SoNotFoundException")
        }
    }

    @Test("A missing parameter is 200 with ASP.NET's error object, which $select leaves whole")
    func missing() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            _ = try await rest.create()
            let cases: [(path: String, body: String?, parameter: String)] = [
                ("GetWebhook", nil, "webhookId"), ("GetWebhook", "{}", "webhookId"),
                ("GetWebhook?$select=name", #"{"WebhookId": null}"#, "webhookId"), ("DeleteWebhook", nil, "webhookId"),
                ("GetLastError", nil, "webhookId"), ("GetLastError", "{}", "webhookId"),
                ("SaveWebhook", nil, "Webhook"),
                ("SaveWebhook", "null", "Webhook"), ("SaveWebhook", #"{"Webhook": null}"#, "Webhook"),
                ("TestWebhook", nil, "Webhook"), ("TestWebhook", #"{"Webhook": null}"#, "Webhook"),
            ]
            for (path, body, parameter) in cases {
                let answer = try await rest.call("POST", "/Agents/Webhook/\(path)", body)
                #expect(answer.status == 200, "\(path)")
                let detail = "The parameters dictionary contains a null entry for parameter '\(parameter)'."
                #expect(
                    answer.text == #"{"Message":"The request is invalid.","MessageDetail":"\#(detail)"}"#,
                    "\(path) \(body ?? "")"
                )
                #expect(answer.cookies.count == 2, "Whoever may call goes on as after any other answer.")
            }
            let count = try await rest.count()
            #expect(count == 1, "Nothing was deleted.")
            #expect(service.sender.sent.count == 1, "Nothing was tested.")
        }
    }

    @Test("What is wrong, and saving what is not there, stay errors")
    func errors() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            let glops = try await rest.call("POST", "/Agents/Webhook/GetWebhook?webhookId=glops")
            glops.expectProblem(400, "SoInvalidArgumentException", naming: "webhookId")
            let saved = try await rest.call(
                "POST",
                "/Agents/Webhook/SaveWebhook",
                #"{"WebhookId": 99, "Events": ["a.b"], "TargetUrl": "http://127.0.0.1:9/hook"}"#
            )
            saved.expectProblem(404, "SoNotFoundException", naming: "99")
            let anonymous = try await rest.anonymous.call("POST", "/Agents/Webhook/GetWebhook?webhookId=99")
            #expect(anonymous.status == 401)
        }
    }
}
