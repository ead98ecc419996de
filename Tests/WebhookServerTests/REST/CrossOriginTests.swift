import AgentCore
import NIOHTTP1
import Networking
import ServerConfiguration
import StoreContracts
import Testing
import WebhookModel

@testable import WebhookServer

/// Calls of web pages of other origins.
@Suite("Cross origin", .timeLimit(.minutes(10)))
struct CrossOriginTests {
    private static let named = "https://app.example.com"
    private static let listed = "http://localhost:3000"
    private static let stranger = "https://evil.example"

    private static func with<R: Sendable>(
        _ origins: String = "https://app.example.com http://localhost:*",
        _ body: @Sendable (RunningService) async throws -> R
    ) async throws -> R {
        let origins = try #require(AllowedOrigins(origins))
        return try await RunningService.with(
            settings: { settings in
                settings.installation = Callers.installation(.onSite)
                settings.installation.tenants[0].accessTokens = [AccessToken(token: "8A:anna", user: "anna")]
                settings.corsOrigins = origins
            },
            body
        )
    }

    private static func preflight(
        _ rest: RESTClient,
        _ path: String,
        _ origin: String,
        method: String = "PATCH"
    ) async throws -> RESTAnswer {
        try await rest.anonymous.call(
            "OPTIONS",
            path,
            headers: [
                ("Origin", origin), ("Access-Control-Request-Method", method),
                ("Access-Control-Request-Headers", "authorization,content-type,so-apptoken"),
            ]
        )
    }

    @Test(
        "A preflight is answered on every path of the API, without credentials, with the documented headers",
        arguments: ["/api", "/api/v1", "/Webhook", "/Webhook/1", "/Agents/Webhook/SaveWebhook", "/Nothing"]
    )
    func preflights(path: String) async throws {
        try await Self.with { service in
            for origin in [Self.named, Self.listed] {
                let answer = try await Self.preflight(RESTClient(service: service), path, origin)
                #expect(answer.status == 204, "\(origin)")
                #expect(answer.body.isEmpty)
                #expect(answer.headers["Access-Control-Allow-Origin"] == [origin])
                #expect(answer.headers["Access-Control-Allow-Credentials"] == (origin == Self.named ? ["true"] : []))
                #expect(answer.headers["Vary"] == ["Origin"])
                let methods = answer.headers[canonicalForm: "Access-Control-Allow-Methods"].map(String.init)
                #expect(Set(methods) == ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
                let headers = answer.headers[canonicalForm: "Access-Control-Allow-Headers"].map { $0.lowercased() }
                #expect(
                    Set(headers) == [
                        "accept", "accept-language", "authorization", "content-type", "if-modified-since",
                        "if-unmodified-since", "so-apptoken", "so-culture", "so-language", "so-timezone",
                        "x-xsrf-token",
                    ]
                )
            }
            let refused = try await Self.preflight(RESTClient(service: service), path, Self.stranger)
            refused.expectProblem(403, "SoSentryException", naming: "cors-origins", path)
            #expect(refused.headers["Access-Control-Allow-Origin"].isEmpty)
            #expect(refused.headers["Vary"] == ["Origin"])
        }
    }

    @Test("Hosted, preflights are answered beneath the tenant")
    func hosted() async throws {
        try await RunningService.with(settings: { settings in
            settings.installation = Callers.installation(.hosted)
            settings.corsOrigins = AllowedOrigins("*") ?? .none
        }) { service in
            let rest = RESTClient(service: service, prefix: "/Cust1")
            let answer = try await Self.preflight(rest, "/Webhook", Self.stranger)
            #expect(answer.status == 204)
            #expect(answer.headers["Access-Control-Allow-Origin"] == [Self.stranger])
            #expect(answer.headers["Access-Control-Allow-Credentials"].isEmpty)
        }
    }

    @Test("Without the setting no page is let in, and OPTIONS that asks nothing is not allowed")
    func noOrigins() async throws {
        try await Self.with("") { service in
            let rest = RESTClient(service: service).with(("Authorization", "Bearer 8A:anna"))
            let refused = try await Self.preflight(rest, "/Webhook", Self.named)
            refused.expectProblem(403, "SoSentryException", naming: "cors-origins")
            for answer in [
                refused, try await rest.call("GET", "/Webhook", headers: [("Origin", Self.named)]),
                try await rest.call("OPTIONS", "/Webhook", headers: [("Origin", Self.named)]),
            ] {
                #expect(answer.headers["Access-Control-Allow-Origin"].isEmpty)
                #expect(answer.headers["Vary"].isEmpty)
            }
            let plain = try await rest.call("OPTIONS", "/Webhook", headers: [("Origin", Self.named)])
            #expect(plain.status == 405)
        }
    }

    @Test("Every answer, errors among them, says which page may read it")
    func marked() async throws {
        try await Self.with { service in
            let bearer = RESTClient(service: service).with(("Authorization", "Bearer 8A:anna"))
            let calls: [(RESTClient, String, String, String?, Int)] = [
                (bearer, "GET", "/Webhook", nil, 200), (bearer, "POST", "/Webhook", RESTClient.hook, 200),
                (bearer, "POST", "/Webhook/a.b/1", "{}", 204), (bearer, "GET", "/Webhook/99", nil, 404),
                (bearer, "POST", "/Webhook", "{", 400), (bearer, "GET", "/Nothing", nil, 404),
                (bearer, "DELETE", "/Webhook", nil, 405), (bearer.anonymous, "GET", "/Webhook", nil, 401),
                (bearer.anonymous, "GET", "/api", nil, 200), (bearer.anonymous, "GET", "/api/v1", nil, 200),
                (bearer, "POST", "/Webhook", String(repeating: " ", count: 2 << 20), 413),
            ]
            for (rest, method, path, body, status) in calls {
                for origin in [Self.named, Self.listed, Self.stranger] {
                    let answer = try await rest.call(method, path, body, headers: [("Origin", origin)])
                    let cell = Comment("\(method) \(path) \(origin)")
                    #expect(answer.status == status, cell)
                    let allowed = origin == Self.stranger ? [] : [origin]
                    #expect(answer.headers["Access-Control-Allow-Origin"] == allowed, cell)
                    let trusted = origin == Self.named ? ["true"] : []
                    #expect(answer.headers["Access-Control-Allow-Credentials"] == trusted, cell)
                    #expect(answer.headers["Vary"] == ["Origin"], cell)
                }
                let answer = try await rest.call(method, path, body)
                #expect(answer.headers["Vary"] == ["Origin"], "A cache must not give a page another's answer.")
                #expect(answer.headers["Access-Control-Allow-Origin"].isEmpty)
            }
        }
    }

    @Test(
        "Credentials that a page sends itself are taken from any page, with the setting or without",
        arguments: ["", "*"]
    )
    func ownCredentials(origins: String) async throws {
        try await Self.with(origins) { service in
            let ticket = try await RESTAuthorizationTests.login(service)
            for headers in [
                [("Authorization", "Bearer 8A:anna")], [("Authorization", "SoTicket \(ticket)")],
                [("Authorization", "Bearer \(ticket)")],
                [("Authorization", RESTAuthorizationTests.anna), ("SO-AppToken", "any")],
            ] {
                let page = [("Origin", Self.stranger), ("Sec-Fetch-Site", "cross-site")]
                let rest = RESTClient(service: service, headers: headers + page)
                let status = try await rest.call("POST", "/Webhook/a.b/1", "{}").status
                #expect(status == 204, "\(headers)")
            }
        }
    }

    @Test("Credentials that the browser adds are taken from this service's own pages and from named ones alone")
    func addedCredentials() async throws {
        try await Self.with("https://app.example.com *") { service in
            let rest = RESTClient(service: service)
            let basic = [("Authorization", RESTAuthorizationTests.anna)]
            let cookies = try await RESTClient(service: service, headers: basic).call("GET", "/Webhook").cookies
            let session = [
                ("Cookie", "SoSession=\(try #require(cookies["SoSession"]).value)"),
                ("X-XSRF-TOKEN", try #require(cookies["XSRF-TOKEN"]).value),
            ]
            for credentials in [basic, session] {
                for (origin, status) in [
                    (Self.named, 204), (Self.listed, 403), (Self.stranger, 403), ("null", 403),
                    ("http://127.0.0.1:\(service.port)", 204),
                ] {
                    let site = origin.hasPrefix("http://127") ? "same-origin" : "cross-site"
                    let page = [("Origin", origin), ("Sec-Fetch-Site", site)]
                    let caller = RESTClient(service: service, headers: credentials + page)
                    let answer = try await caller.call("POST", "/Webhook/a.b/1", "{}")
                    #expect(answer.status == status, "\(credentials[0].0) \(origin)")
                    if status == 403 { answer.expectProblem(403, "SoSentryException", naming: "SoTicket or Bearer") }
                    let read = try await caller.call("GET", "/Webhook").status
                    #expect(read == 200, "What changes nothing is answered; the browser keeps it from the page.")
                }
            }
            let anonymous = try await rest.anonymous.call(
                "POST",
                "/Webhook",
                "{}",
                headers: [("Origin", Self.stranger)]
            )
            #expect(anonymous.status == 401)
        }
    }
}
