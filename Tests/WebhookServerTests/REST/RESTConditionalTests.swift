import AgentCore
import Foundation
import NIOHTTP1
import Networking
import ServerConfiguration
import StoreContracts
import TestSupport
import Testing
import WebhookModel

@testable import WebhookServer

/// `Last-Modified`, `If-Modified-Since`, and who may keep an answer.
@Suite("REST conditions", .timeLimit(.minutes(10)))
struct RESTConditionalTests {
    private static func date(_ answer: RESTAnswer, plus seconds: Double = 0) throws -> String {
        let text = try answer.textMember("Updated")
        let whole = try Date(String(text.prefix(19)) + "Z", strategy: .iso8601)
        return HTTPDate.text(whole.addingTimeInterval(seconds))
    }

    @Test("A webhook is 304 until it is changed; what is no date does not matter")
    func unchanged() async throws {
        let clock = SteppedClock { Timestamp(Date()) }
        try await RunningService.with(now: { clock.now }) { service in
            let rest = RESTClient(service: service)
            _ = try await rest.create()
            clock.advance(by: .seconds(5))
            let first = try await rest.call("GET", "/Webhook/1")
            let modified = try #require(first.headers["Last-Modified"].first)
            #expect(try modified == Self.date(first))
            for (since, status) in [
                (modified, 304), (try Self.date(first, plus: 60), 304), (try Self.date(first, plus: -1), 200),
                ("Wed, 21 Oct 2015 07:28:00 GMT", 200), ("yesterday", 200), ("", 200),
            ] {
                for path in ["/Webhook/1", "/Webhook/1?$select=name"] {
                    let answer = try await rest.call("GET", path, headers: [("If-Modified-Since", since)])
                    #expect(answer.status == status, "\(since)")
                    #expect(answer.headers["Last-Modified"] == [modified])
                    #expect(answer.headers["Cache-Control"] == ["no-store"])
                    #expect(answer.body.isEmpty == (status == 304))
                }
            }
            let xml = [("If-Modified-Since", modified), ("Accept", "text/xml")]
            let unchanged = try await rest.call("GET", "/Webhook/1", headers: xml)
            #expect(unchanged.status == 304)
            #expect(unchanged.headers["Content-Type"].isEmpty)

            try await Task.sleep(for: .milliseconds(1100))
            let changed = try await rest.call("PUT", "/Webhook/1", RESTClient.hook)
            #expect(changed.status == 200)
            let again = try await rest.call("GET", "/Webhook/1", headers: [("If-Modified-Since", modified)])
            #expect(again.status == 200)
            let absent = try await rest.call("GET", "/Webhook/99", headers: [("If-Modified-Since", modified)])
            #expect(absent.status == 404)
        }
    }

    @Test("Within the second of its last update a webhook has no Last-Modified: another update may follow")
    func sameSecond() async throws {
        // Updates have the time of the system, dates that of the service, which stands still before them.
        try await RunningService.with(now: { Timestamp(ticks: 0) }) { service in
            let rest = RESTClient(service: service).with(("Authorization", "SoTicket 7T:1234abcxyzExample=="))
            let saved = try await rest.call("POST", "/Webhook", RESTClient.hook)
            let since = [("If-Modified-Since", try Self.date(saved, plus: 60))]
            let answer = try await rest.call("GET", "/Webhook/1", headers: since)
            #expect(answer.status == 200)
            #expect(answer.headers["Last-Modified"].isEmpty)
        }
    }

    @Test("Too many errors show although nobody has updated the webhook")
    func tooManyErrors() async throws {
        let clock = SteppedClock { Timestamp(Date()) }
        try await RunningService.with(
            settings: { settings in
                settings.acceptFailingTargets()
                settings.policy.failureLimit = 1
            },
            now: { clock.now }
        ) { service in
            let rest = RESTClient(service: service)
            _ = try await rest.create(RESTClient.hook.replacing(RESTClient.target, with: ScriptedSender.failingURL))
            clock.advance(by: .seconds(5))
            let modified = try #require(try await rest.call("GET", "/Webhook/1").headers["Last-Modified"].first)
            _ = try await rest.call("POST", "/Webhook/sale.changed/1", "{}")
            try await rest.waitUntilIdle()
            let answer = try await rest.call("GET", "/Webhook/1", headers: [("If-Modified-Since", modified)])
            #expect(answer.status == 200)
            #expect(try answer.textMember("State") == "TooManyErrors")
        }
    }

    @Test("Lists and agents' operations are answered whatever If-Modified-Since says")
    func others() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            _ = try await rest.create()
            let since = [("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")]
            for (method, path) in [
                ("GET", "/Webhook"), ("GET", "/Webhook/default"), ("GET", "/Webhook/1/LastError"),
                ("GET", "/Archive/dynamic"), ("POST", "/Agents/Webhook/GetWebhook?webhookId=1"),
            ] {
                let answer = try await rest.call(method, path, headers: since)
                #expect(answer.status == 200, "\(path)")
                #expect(answer.headers["Last-Modified"].isEmpty)
            }
        }
    }

    @Test("No answer may be kept by anybody: it depends on who asks, and holds secrets")
    func nothingKept() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            let id = try await rest.create()
            let calls: [(RESTClient, String, String, String?)] = [
                (rest, "GET", "/Webhook", nil), (rest, "GET", "/Webhook/\(id)", nil), (rest, "GET", "/Webhook/9", nil),
                (rest, "POST", "/Webhook", "{"), (rest, "POST", "/Webhook/a.b/1", nil),
                (rest, "GET", "/Archive/dynamic", nil), (rest, "GET", "/Webhook/\(id)/LastError", nil),
                (rest, "POST", "/Agents/Webhook/GetWebhook", nil), (rest, "PUT", "/Webhook", nil),
                (rest.anonymous, "GET", "/Webhook", nil), (rest.anonymous, "GET", "/api", nil),
                (rest.anonymous, "GET", "/api/v1", nil), (rest.anonymous, "GET", "/openapi.json", nil),
                (rest.anonymous, "GET", "/Agents/Webhook/GetWebhook", nil), (rest, "GET", "/Nothing", nil),
            ]
            for (rest, method, path, body) in calls {
                let answer = try await rest.call(method, path, body)
                #expect(answer.headers["Cache-Control"] == ["no-store"], "\(method) \(path)")
            }
        }
    }
}
