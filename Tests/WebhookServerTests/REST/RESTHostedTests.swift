import AgentCore
import Foundation
import NIOHTTP1
import Networking
import ServerConfiguration
import StoreContracts
import Testing
import WebhookModel

@testable import WebhookServer

/// Where the API is, and for whom: tenants, applications, and the host that was asked (docs/contract.md#section-5 and
/// docs/contract.md#section-8).
@Suite("REST, hosted", .timeLimit(.minutes(10)))
struct RESTHostedTests {
    /// Calls of anna, of the tenant Cust1, with an application's token or without.
    static func client(_ service: RunningService, prefix: String = "/Cust1", token: String?) -> RESTClient {
        var headers = [("Authorization", RESTClient.basic("anna", "right"))]
        if let token { headers.append(("SO-AppToken", token)) }
        return RESTClient(service: service, prefix: prefix, headers: headers)
    }

    private static func with<R: Sendable>(
        settings change: (inout ServerSettings) -> Void = { _ in },
        _ body: @Sendable (RunningService) async throws -> R
    ) async throws -> R {
        try await RunningService.with(
            settings: { settings in
                settings.installation = Callers.installation(.hosted)
                settings.authorizesWithUsername = true
                change(&settings)
            },
            body
        )
    }

    @Test(
        "The application token is needed, and is named where it is missing or another tenant's",
        arguments: [nil, "", "app-9", "app-3", "APP-1"]
    )
    func applicationToken(token: String?) async throws {
        try await Self.with { service in
            let answer = try await Self.client(service, token: token).call("GET", "/Webhook")
            RESTAuthorizationTests.expectChallenges(answer, naming: "application token", token ?? "none")
            let good = try await Self.client(service, token: "app-1").call("GET", "/Webhook")
            #expect(good.status == 200, "\(good.text)")
        }
    }

    @Test(
        "An access token stands alone: it sees its application's webhooks, whatever application token is sent beside it"
    )
    func accessToken() async throws {
        try await Self.with(settings: { settings in
            settings.installation.tenants[0].accessTokens = [
                AccessToken(token: "8A:one", user: "anna", application: "name of app-1"),
                AccessToken(token: "8A:two", user: "anna", application: "name of app-2"),
            ]
        }) { service in
            let bearer = RESTClient(service: service, prefix: "/Cust1").with(("Authorization", "Bearer 8A:one"))
            let saved = try await bearer.call("POST", "/Webhook", RESTClient.hook)
            #expect(saved.status == 200, "\(saved.text)")
            #expect(try saved.textMember("RegisteredAssociate/UserName") == "anna")
            for token in ["app-1", "app-2", "app-3", "nonsense"] {
                let both = bearer.with(("Authorization", "Bearer 8A:one"), ("SO-AppToken", token))
                #expect(try await both.count() == 1, "\(token)")
            }
            #expect(try await Self.client(service, token: "app-1").count() == 1)
            #expect(try await Self.client(service, token: "app-2").count() == 0)
            #expect(try await bearer.with(("Authorization", "Bearer 8A:two")).count() == 0)
            let unknown = try await bearer.with(("Authorization", "Bearer 8A:three")).call("GET", "/Webhook")
            RESTAuthorizationTests.expectChallenges(unknown, naming: "Authentication failed!", "unknown")
            let abroad = RESTClient(service: service, prefix: "/Cust2").with(("Authorization", "Bearer 8A:one"))
            RESTAuthorizationTests.expectChallenges(try await abroad.call("GET", "/Webhook"), "another tenant's")
            // A ticket is no access token, whatever the scheme.
            let ticket = try #require(
                try await Callers(service: service, kind: .hosted, tenant: "Cust1", token: "app-1").login(
                    "anna",
                    "right"
                )
            )
            let alone = try await bearer.with(("Authorization", "Bearer \(ticket)")).call("GET", "/Webhook")
            RESTAuthorizationTests.expectChallenges(alone, naming: "application token", "a ticket")
        }
    }

    @Test("Basic is refused, with a 401 that says so, unless the setting allows it")
    func basic() async throws {
        try await Self.with(settings: { $0.authorizesWithUsername = nil }) { service in
            for password in ["right", "wrong"] {
                let rest = RESTClient(service: service, prefix: "/Cust1")
                    .with(("Authorization", RESTClient.basic("anna", password)), ("SO-AppToken", "app-1"))
                let answer = try await rest.call("GET", "/Webhook")
                answer.expectProblem(401, "SoSessionException", naming: "authorize-with-username")
                #expect(answer.headers["WWW-Authenticate"] == ["SoTicket", "Bearer"])
                #expect(answer.cookies.isEmpty)
            }
            let nobody = try await RESTClient(service: service, prefix: "/Cust1").anonymous.call("GET", "/Webhook")
            nobody.expectProblem(401, "SoSessionException", naming: "Authorization with SoTicket or Bearer")
        }
        try await RunningService.with(settings: { $0.authorizesWithUsername = false }) { service in
            let answer = try await RESTClient(service: service).call("GET", "/Webhook")
            answer.expectProblem(401, "SoSessionException", naming: "authorize-with-username")
        }
    }

    @Test(
        "Cookies are for the installation's path, as the browser asked for it",
        arguments: [
            (nil, "/Cust1", "/Cust1"), (nil, "/cUST1", "/cUST1"),
            ("https://hooks.example.com/so", "/Cust1", "/so/Cust1"), ("https://hooks.example.com", "/Cust1", "/Cust1"),
        ] as [(String?, String, String)]
    )
    func cookiePath(publicURL: String?, prefix: String, path: String) async throws {
        try await Self.with(settings: { $0.publicURL = publicURL }) { service in
            let cookies = try await Self.client(service, prefix: prefix, token: "app-1").call("GET", "/Webhook").cookies
            #expect(cookies.count == 2)
            for cookie in cookies.values {
                #expect(cookie.attributes.contains("Path=\(path)"), "\(cookie)")
                #expect(cookie.attributes.contains("Secure") == (publicURL != nil))
            }
        }
        try await RunningService.with(settings: { $0.publicURL = publicURL }) { service in
            let cookies = try await RESTClient(service: service).call("GET", "/Webhook").cookies
            let own = path.replacing(prefix, with: "")
            #expect(cookies["SoSession"]?.attributes.contains("Path=\(own.isEmpty ? "/" : own)") == true)
        }
    }

    @Test("An application's webhooks do not exist for another, and events reach them all")
    func applications() async throws {
        try await Self.with { service in
            let own = Self.client(service, token: "app-1")
            let other = Self.client(service, token: "app-2")
            let id = try await own.create()
            let before = try await own.call("GET", "/Webhook/\(id)").text
            let missing = [
                ("GET", "/Webhook/\(id)"), ("PUT", "/Webhook/\(id)"), ("PATCH", "/Webhook/\(id)"),
                ("DELETE", "/Webhook/\(id)"),
            ]
            for (method, path) in missing {
                let body = method == "GET" || method == "DELETE" ? nil : RESTClient.hook
                let answer = try await other.call(method, path, body)
                answer.expectProblem(404, "SoNotFoundException", naming: "\(id)", "\(method) \(path)")
            }
            let got = try await other.call("POST", "/Agents/Webhook/GetWebhook?webhookId=\(id)")
            #expect(got.status == 200)
            #expect(got.text == "null")
            let usage = try await other.call("GET", "/Archive/dynamic")
            #expect(try usage.member("value") == "[]")
            let deleted = try await other.call("POST", "/Agents/Webhook/DeleteWebhook?webhookId=\(id)")
            #expect(deleted.status == 204, "As for an id that nobody has.")
            for lastError in [
                try await other.call("POST", "/Agents/Webhook/GetLastError", #"{"WebhookId": \#(id)}"#),
                try await other.call("GET", "/Webhook/\(id)/LastError"),
            ] {
                #expect(lastError.status == 200)
                #expect(lastError.text == #""""#)
            }
            let seen = try await other.count()
            #expect(seen == 0)
            let after = try await own.call("GET", "/Webhook/\(id)").text
            #expect(after == before)

            let signalled = try await other.call("POST", "/Webhook/sale.changed/7")
            #expect(signalled.status == 204)
            try await own.waitUntilIdle()
            let body = try #require(service.sender.sent.last).body
            let members = #""PrimaryKey":7,"Entity":"sale","ContextIdentifier":"Cust1""#
            #expect(String(decoding: body, as: UTF8.self).contains(members))
        }
    }

    @Test("Paths begin with the tenant in any case; others are 404, as is a tenant on-site")
    func tenants() async throws {
        try await Self.with { service in
            for prefix in ["/Cust1", "/cust1", "/CUST1"] {
                let status = try await Self.client(service, prefix: prefix, token: "app-1").call("GET", "/Webhook")
                    .status
                #expect(status == 200, "\(prefix)")
            }
            for prefix in ["", "/Cust3", "/Cust12", "/Default"] {
                for path in ["/Webhook", "/api", "/api/v1", "/api/v1/openapi.json"] {
                    let answer = try await Self.client(service, prefix: prefix, token: "app-1").call("GET", path)
                    answer.expectProblem(404, "SoNotFoundException", naming: "tenant", source: "Webhook", prefix + path)
                }
            }
            let twice = try await Self.client(service, prefix: "/Cust1/Cust1", token: "app-1").call("GET", "/Webhook")
            #expect(twice.status == 404)
            #expect(twice.text.contains("There is nothing at this path"))
            let routes = try await Self.client(service, prefix: "/cust1", token: "app-1").call("GET", "/api/v1").text
            #expect(routes.contains(#"/Cust1/api/v1/Webhook/{id}":{"GET":"#))
            #expect(!routes.contains(#"\#(service.port)/api"#))
            let foreign = try await Self.client(service, prefix: "/Cust2", token: "app-3").call("GET", "/Webhook")
            RESTAuthorizationTests.expectChallenges(foreign, "a user of another tenant")
        }
        try await RunningService.with { service in
            for prefix in ["/Default", "/Cust1"] {
                let answer = try await RESTClient(service: service, prefix: prefix).call("GET", "/Webhook")
                answer.expectProblem(404, "SoNotFoundException", naming: "on-site", source: "Webhook", prefix)
            }
        }
    }

    @Test("A browser goes on in its tenant")
    func goingOn() async throws {
        try await Self.with { service in
            let rest = Self.client(service, token: "app-1")
            let cookies = try await rest.call("GET", "/Webhook").cookies
            let session = try #require(cookies["SoSession"]).value
            let token = try #require(cookies["XSRF-TOKEN"]).value
            let headers = [("Cookie", "SoSession=\(session)"), ("X-XSRF-TOKEN", token)]
            for (prefix, application, status) in [
                ("/cust1", "app-1", 200), ("/Cust1", "app-3", 401), ("/Cust2", "app-3", 401),
            ] {
                let browser = RESTClient(
                    service: service,
                    prefix: prefix,
                    headers: headers + [("SO-AppToken", application)]
                )
                let answer = try await browser.call("GET", "/Webhook")
                #expect(answer.status == status, "\(prefix) \(application): \(answer.text)")
            }
        }
    }

    /// How a webhook's links begin, for what is asked and configured.
    struct Base: Sendable {
        var headers: [(String, String)] = []
        var publicURL: String?
        var trustsProxy = false
        var base: String
    }

    static let bases = [
        Base(headers: [("Host", "so.example.com:8443")], base: "http://so.example.com:8443"),
        Base(headers: [("X-Forwarded-Host", "evil.example")], base: "http://127.0.0.1:"),
        Base(
            headers: [("X-Forwarded-Host", "so.example.com"), ("X-Forwarded-Proto", "https")],
            trustsProxy: true,
            base: "https://so.example.com"
        ),
        Base(
            headers: [("Host", "inner")],
            publicURL: "https://hooks.example.com/so",
            base: "https://hooks.example.com/so"
        ),
    ]

    @Test("Links are absolute URLs of the host that was asked, the tenant as it is configured", arguments: bases)
    func links(base: Base) async throws {
        let change: (inout ServerSettings) -> Void = { settings in
            settings.publicURL = base.publicURL
            if base.trustsProxy { settings.trustedProxies = ["127.0.0.0/8"].compactMap(AddressRange.init) }
        }
        @Sendable func check(_ rest: RESTClient, tenant: String) async throws {
            let id = try await rest.create()
            for answer in [
                try await rest.call("GET", "/Webhook/\(id)", headers: base.headers),
                try await rest.call("PUT", "/Webhook/\(id)", RESTClient.hook, headers: base.headers),
                try await rest.call("PATCH", "/Webhook/\(id)", "{}", headers: base.headers),
            ] {
                let archive = try answer.textMember("_Links/Archive")
                #expect(archive.hasPrefix(base.base), "\(archive)")
                #expect(archive.hasSuffix("\(tenant)/api/v1/Webhook"), "\(archive)")
                #expect(try answer.textMember("_Links/Self") == "\(archive)/\(id)")
                if !base.base.hasSuffix(":") { #expect(archive == "\(base.base)\(tenant)/api/v1/Webhook") }
            }
            let versions = try await rest.call("GET", "/API", headers: base.headers)
            #expect(try versions.textMember("v1").hasPrefix(base.base))
            #expect(try versions.textMember("v1").hasSuffix("\(tenant)/api/v1"))
            let description = try await rest.call("GET", "/OpenApi.json", headers: base.headers)
            #expect(description.text.contains(#""\#(try versions.textMember("v1"))""#))
        }
        try await Self.with(settings: change) { service in
            try await check(Self.client(service, prefix: "/cust1", token: "app-1"), tenant: "/Cust1")
        }
        try await RunningService.with(settings: change) { service in
            try await check(RESTClient(service: service), tenant: "")
        }
    }
}
