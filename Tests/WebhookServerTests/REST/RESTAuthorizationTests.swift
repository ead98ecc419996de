import AgentCore
import Cryptography
import Foundation
import NIOHTTP1
import Networking
import ServerConfiguration
import StoreContracts
import TestSupport
import Testing
import WebhookModel

@testable import WebhookServer

/// Who may call over REST (docs/contract.md#section-5).
@Suite("REST authorization", .timeLimit(.minutes(10)))
struct RESTAuthorizationTests {
    /// The users anna, with the right to webhooks, and carl, without; anna's access token is `8A:anna`.
    private static func with<R: Sendable>(
        _ kind: Installation.Kind = .onSite,
        now: @escaping @Sendable () -> Timestamp = { Timestamp(Date()) },
        settings change: (inout ServerSettings) -> Void = { _ in },
        _ body: @Sendable (RunningService) async throws -> R
    ) async throws -> R {
        try await RunningService.with(
            settings: { settings in
                settings.installation = Callers.installation(kind)
                settings.installation.tenants[0].accessTokens = [AccessToken(token: "8A:anna", user: "anna")]
                change(&settings)
            },
            now: now,
            body
        )
    }

    static let anna = RESTClient.basic("anna", "right")

    static func login(_ service: RunningService) async throws -> String {
        let callers = Callers(service: service, kind: .onSite, tenant: "Default", token: nil)
        return try #require(try await callers.login("anna", "right"))
    }

    static func expectChallenges(_ answer: RESTAnswer, naming: String = "", _ comment: String) {
        answer.expectProblem(401, "SoSessionException", naming: naming, comment)
        let challenges = answer.headers["WWW-Authenticate"]
        #expect(challenges.count == 3, "\(comment): \(challenges)")
        for challenge in [#"Basic realm="webhook-svc""#, "SoTicket", "Bearer"] {
            #expect(challenges.contains { $0.hasPrefix(challenge) }, "\(comment): \(challenges)")
        }
        #expect(answer.cookies.isEmpty, "\(comment)")
    }

    static let wrong: [String?] = [
        nil, "", "Basic", "Basic !!!", "Basic " + Data("anna".utf8).base64EncodedString(),
        RESTClient.basic("anna", "wrong"), RESTClient.basic("anna", "Right"), RESTClient.basic("nobody", "right"),
        RESTClient.basic("anna", ""), "SoTicket", "SoTicket 7T:1234abcxyzExample==", "Bearer", "Bearer 8A:anna2",
        "Bearer 7T:1234abcxyzExample==", "Digest username=anna", "anna:right", "8A:anna",
    ]

    @Test("Missing or wrong credentials are 401 with the three challenges, and say nothing else", arguments: wrong)
    func refused(authorization: String?) async throws {
        try await Self.with { service in
            let headers = authorization.map { [("Authorization", $0)] } ?? []
            for (method, path, body) in [
                ("GET", "/Webhook", nil), ("POST", "/Agents/Webhook/SaveWebhook", RESTClient.hook),
            ] {
                let answer = try await RESTClient(service: service, headers: headers).call(method, path, body)
                Self.expectChallenges(answer, "\(authorization ?? "none") \(method)")
            }
            let count = try await RESTClient(service: service, headers: [("Authorization", Self.anna)]).count()
            #expect(count == 0, "Nothing was saved.")
        }
    }

    @Test("Basic, tickets and access tokens are taken, their schemes in any case")
    func taken() async throws {
        try await Self.with { service in
            let ticket = try await Self.login(service)
            let credentials = Self.anna.dropFirst("Basic ".count)
            let lines = [
                Self.anna, "basic \(credentials)", "BASIC  \(credentials)", "SoTicket \(ticket)", "soticket \(ticket)",
                "SOTICKET \(ticket)", "Bearer 8A:anna", "bearer 8A:anna", "Bearer \(ticket)",
            ]
            for line in lines {
                let rest = RESTClient(service: service).with(("Authorization", line), ("SO-AppToken", "not looked at"))
                let answer = try await rest.call("POST", "/Webhook", RESTClient.hook)
                #expect(answer.status == 200, "\(line): \(answer.text)")
                #expect(try answer.textMember("RegisteredAssociate/UserName") == "anna", "\(line)")
                #expect(answer.cookies.isEmpty == !line.lowercased().hasPrefix("basic"), "\(line)")
            }
        }
    }

    @Test("A password may hold what is neither ASCII nor safe")
    func passwords() async throws {
        let password = "pæss:wörd \u{1F511} & more"
        try await Self.with(settings: { settings in
            settings.installation.tenants[0].users[0].passwordHash =
                PasswordHash.cheap(ofPassword: password).description
        }) { service in
            let rest = RESTClient(service: service).with(("Authorization", RESTClient.basic("ANNA", password)))
            let status = try await rest.call("GET", "/Webhook").status
            #expect(status == 200)
        }
    }

    @Test("An answer to Basic sets both cookies, whatever came of the call")
    func cookies() async throws {
        try await Self.with { service in
            let rest = RESTClient(service: service).with(("Authorization", Self.anna))
            let calls: [(String, String, String?, Int)] = [
                ("GET", "/Webhook", nil, 200), ("POST", "/Webhook/a.b/1", nil, 204), ("GET", "/Webhook/99", nil, 404),
                ("POST", "/Webhook", "{}", 400), ("POST", "/Webhook", "{,}", 400),
            ]
            for (method, path, body, status) in calls {
                let answer = try await rest.call(method, path, body)
                #expect(answer.status == status)
                let cookies = answer.cookies
                let comment = Comment("\(method) \(path) \(body ?? "")")
                #expect(cookies.keys.sorted() == ["SoSession", "XSRF-TOKEN"], comment)
                #expect(cookies["SoSession"]?.attributes == ["Path=/", "HttpOnly", "SameSite=Lax"], comment)
                #expect(cookies["XSRF-TOKEN"]?.attributes == ["Path=/", "SameSite=Lax"], comment)
                #expect(cookies["SoSession"]?.value.hasPrefix("7T:") == true, comment)
                #expect(cookies["XSRF-TOKEN"]?.value.count ?? 0 >= 32, comment)
            }
        }
    }

    @Test("Behind a proxy that speaks https cookies are for https alone")
    func secureCookies() async throws {
        try await Self.with(settings: { $0.trustedProxies = ["127.0.0.0/8"].compactMap(AddressRange.init) }) {
            service in
            let rest = RESTClient(service: service)
                .with(
                    ("Authorization", Self.anna),
                    ("X-Forwarded-Proto", "https"),
                    ("X-Forwarded-Host", "so.example.com")
                )
            let cookies = try await rest.call("GET", "/Webhook").cookies
            #expect(cookies["SoSession"]?.attributes == ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"])
            #expect(cookies["XSRF-TOKEN"]?.attributes == ["Path=/", "SameSite=Lax", "Secure"])
        }
    }

    @Test("A browser goes on with its cookie and the token beside it, and not without or with another")
    func goingOn() async throws {
        try await Self.with { service in
            let rest = RESTClient(service: service)
            let cookies = try await rest.with(("Authorization", Self.anna)).call("GET", "/Webhook").cookies
            let session = try #require(cookies["SoSession"]).value
            let token = try #require(cookies["XSRF-TOKEN"]).value
            let cookie = "theme=dark; SoSession=\(session); XSRF-TOKEN=\(token)"

            let browser = rest.with(("Cookie", cookie), ("X-XSRF-TOKEN", token))
            let saved = try await browser.call("POST", "/Webhook", RESTClient.hook)
            #expect(saved.status == 200, "\(saved.text)")
            #expect(try saved.textMember("RegisteredAssociate/UserName") == "anna")
            #expect(saved.cookies.isEmpty)
            let listed = try await rest.with(("Cookie", "SoSession=\(session)"), ("x-xsrf-token", token)).count()
            #expect(listed == 1)

            let other = Data("another".utf8).base64EncodedString()
            for wrong in [nil, "", other, token + "x", String(token.dropLast()), token.uppercased() + " ", session] {
                let headers = [("Cookie", cookie)] + (wrong.map { [("X-XSRF-TOKEN", $0)] } ?? [])
                for method in ["GET", "POST"] {
                    let answer = try await RESTClient(service: service, headers: headers).call(method, "/Webhook", "{}")
                    Self.expectChallenges(answer, "\(method) with \(wrong ?? "none")")
                }
            }
            // What a page of another origin could make up: a pair that merely matches.
            let made = rest.with(("Cookie", "SoSession=\(session); XSRF-TOKEN=mine"), ("X-XSRF-TOKEN", "mine"))
            Self.expectChallenges(try await made.call("GET", "/Webhook"), "a pair that was made up")
            let alone = rest.with(("Cookie", "XSRF-TOKEN=\(token)"), ("X-XSRF-TOKEN", token))
            Self.expectChallenges(try await alone.call("GET", "/Webhook"), "the token alone")
            // Whoever shows other credentials needs no token.
            let both = rest.with(("Cookie", cookie), ("Authorization", "SoTicket \(session)"))
            let status = try await both.call("GET", "/Webhook").status
            #expect(status == 200)
            let wrongTicket = rest.with(("Cookie", cookie), ("X-XSRF-TOKEN", token), ("Authorization", "SoTicket x"))
            Self.expectChallenges(try await wrongTicket.call("GET", "/Webhook"), "a wrong ticket beside the cookie")
        }
    }

    @Test("A page of another site changes nothing with credentials that a browser remembers")
    func crossSite() async throws {
        try await Self.with { service in
            let rest = RESTClient(service: service).with(("Authorization", Self.anna))
            let site = "Sec-Fetch-Site"
            let here = "127.0.0.1:\(service.port)"
            for header in [
                (site, "cross-site"), (site, "same-site"), ("Origin", "http://evil.example"), ("Origin", "null"),
                ("Origin", "http://127.0.0.1"), ("Origin", "http://evil.example//\(here)"), ("Origin", ""),
            ] {
                let refused = try await rest.call("POST", "/Webhook", RESTClient.hook, headers: [header])
                refused.expectProblem(403, "SoSentryException", "\(header)")
            }
            let count = try await rest.count()
            #expect(count == 0)
            for header in [
                (site, "same-origin"), (site, "none"), ("Origin", "http://\(here)"), ("Origin", "HTTPS://\(here)"),
            ] {
                let status = try await rest.call("POST", "/Webhook", RESTClient.hook, headers: [header]).status
                #expect(status == 200, "\(header)")
            }
        }
    }

    @Test(
        "A page of this service's own is known by the URL that the service has for others",
        arguments: [
            "https://hooks.example.com", "https://hooks.example.com/sub", "https://hooks.example.com:443",
            "HTTPS://Hooks.Example.com/",
        ]
    )
    func ownPages(publicURL: String) async throws {
        try await RunningService.with(settings: { $0.publicURL = publicURL }) { service in
            let rest = RESTClient(service: service)
            for (origin, status) in [
                ("https://hooks.example.com", 204), ("https://hooks.example.com:443", 204),
                ("https://hooks.example.com:8443", 403), ("https://hooks.example.com.evil.example", 403),
                ("https://evil.example/hooks.example.com", 403),
            ] {
                let answer = try await rest.call("POST", "/Webhook/a.b/1", "{}", headers: [("Origin", origin)])
                #expect(answer.status == status, "\(publicURL) \(origin)")
            }
        }
    }

    @Test("A session is one for both fronts, and many calls with Basic leave one")
    func sessions() async throws {
        try await Self.with { service in
            let rest = RESTClient(service: service).with(("Authorization", Self.anna))
            var tickets: Set<String> = []
            for _ in 0..<20 {
                tickets.insert(try #require(try await rest.call("GET", "/Webhook").cookies["SoSession"]).value)
            }
            #expect(tickets.count == 1)
            let callers = Callers(service: service, kind: .onSite, tenant: "Default", token: nil)
            let answer = try await callers.call("<GetAllWebhooks/>", ticket: tickets.first, token: nil)
            #expect(answer.contains(">true</Succeeded>"))
            let url = "http://127.0.0.1:\(service.port)/admin/v1/tickets"
            let listed = try await service.send("GET", url).body
            #expect(String(decoding: listed, as: UTF8.self).matches(of: /"user":"anna"/).count == 1)
        }
    }

    @Test("A cookie ends with its session, and Basic then begins another")
    func expiry() async throws {
        let clock = SteppedClock { Timestamp(Date()) }
        try await Self.with(now: { clock.now }) { service in
            let rest = RESTClient(service: service)
            let basic = rest.with(("Authorization", Self.anna))
            var last: String?
            for ending in ["expired", "revoked", "none"] {
                let cookies = try await basic.call("GET", "/Webhook").cookies
                let session = try #require(cookies["SoSession"]).value
                #expect(session != last, "\(ending)")
                last = session
                let token = try #require(cookies["XSRF-TOKEN"]).value
                let browser = rest.with(("Cookie", "SoSession=\(session)"), ("X-XSRF-TOKEN", token))
                let before = try await browser.call("GET", "/Webhook").status
                #expect(before == 200)
                switch ending {
                case "expired": clock.advance(by: .seconds(7 * 3600))
                case "revoked":
                    let url = "http://127.0.0.1:\(service.port)/admin/v1/tickets/revoke?all=true"
                    let status = try await service.send("POST", url).status
                    #expect(status == 200)
                default: continue
                }
                Self.expectChallenges(try await browser.call("GET", "/Webhook"), ending)
            }
        }
    }

    @Test("Without the right to webhooks a user is refused with 403, but may signal")
    func rights() async throws {
        try await Self.with { service in
            let id = try await RESTClient(service: service).with(("Authorization", Self.anna)).create()
            let carl = RESTClient(service: service).with(("Authorization", RESTClient.basic("carl", "right")))
            let calls: [(String, String, String?)] = [
                ("GET", "/Webhook/default", nil), ("GET", "/Webhook", nil), ("POST", "/Webhook", RESTClient.hook),
                ("GET", "/Webhook/\(id)", nil), ("PUT", "/Webhook/\(id)", RESTClient.hook),
                ("PATCH", "/Webhook/\(id)", "{}"), ("DELETE", "/Webhook/\(id)", nil), ("GET", "/Webhook/99", nil),
                ("POST", "/Webhook/Test", RESTClient.hook), ("GET", "/Webhook/\(id)/LastError", nil),
                ("POST", "/Agents/Webhook/DeleteWebhook", #"{"WebhookId": 1}"#),
            ]
            for (method, path, body) in calls {
                let answer = try await carl.call(method, path, body)
                answer.expectProblem(403, "SoSentryException", naming: "webhooks", "\(method) \(path)")
                #expect(answer.headers["WWW-Authenticate"].isEmpty)
            }
            let signalled = try await carl.call("POST", "/Webhook/a.b/1").status
            #expect(signalled == 204)
            let count = try await RESTClient(service: service).with(("Authorization", Self.anna)).count()
            #expect(count == 1)
        }
    }
}
