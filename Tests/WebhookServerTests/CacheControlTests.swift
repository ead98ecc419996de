import NIOHTTP1
import Testing
import WebhookServer

/// What anything between a client and the service may keep of its answers.
@Suite("Cache-Control")
struct CacheControlTests {
    /// A request, and the status of its answer.
    struct Kind: Sendable, CustomTestStringConvertible {
        var method: String
        var path: String
        var headers: [(String, String)] = []
        var body = ""
        var status: Int

        var testDescription: String { "\(method) \(path) \(status)" }
    }

    private static let service = "/Remote/Services87/Webhook.svc"
    private static let login = [("Authorization", RESTClient.basic("tje0", "Tje0"))]
    private static let soap = [("Content-Type", "text/xml; charset=utf-8")]

    static let kinds = [
        Kind(method: "GET", path: "/admin/v1/tickets", status: 200),
        Kind(method: "GET", path: "/admin/v1/deliveries", status: 200),
        Kind(method: "GET", path: "/admin/v1/webhooks", status: 200),
        Kind(method: "GET", path: "/admin/v1/idle", status: 200),
        Kind(method: "POST", path: "/admin/v1/reset", status: 204),
        Kind(method: "GET", path: "/admin/v1/nothing", status: 404),
        Kind(method: "GET", path: "/admin/v1/tickets?nothing=1", status: 400),
        Kind(method: "GET", path: "/admin/v1/tickets", headers: [("Via", "1.1 proxy")], status: 403),
        Kind(method: "POST", path: service, headers: soap, body: HTTPTests.body, status: 200),
        Kind(method: "POST", path: service, headers: soap, body: "nonsense", status: 500),
        Kind(method: "POST", path: service, headers: [("Content-Type", "text/plain")], body: "x", status: 415),
        Kind(method: "PUT", path: service, body: "x", status: 405),
        Kind(method: "GET", path: service, status: 200),
        Kind(method: "GET", path: service + "?wsdl", status: 200),
        Kind(method: "GET", path: "/Remote/Services87/SoPrincipal.svc?wsdl12", status: 200),
        Kind(method: "GET", path: "/Remote/Services12/Webhook.svc", status: 404),
        Kind(method: "GET", path: "/api", status: 200),
        Kind(method: "GET", path: "/api/v1", status: 200),
        Kind(method: "GET", path: "/api/v1/openapi.json", status: 200),
        Kind(method: "GET", path: "/api/v1/Webhook", headers: login, status: 200),
        Kind(method: "GET", path: "/api/v1/Webhook", status: 401),
        Kind(method: "GET", path: "/api/v1/Webhook/77", headers: login, status: 404),
        Kind(method: "DELETE", path: "/api/v1/Webhook/77", headers: login, status: 404),
        Kind(method: "GET", path: "/healthz", status: 200), Kind(method: "GET", path: "/readyz", status: 200),
        Kind(method: "GET", path: "/metrics", status: 200), Kind(method: "DELETE", path: "/metrics", status: 405),
        Kind(method: "GET", path: "/", status: 200), Kind(method: "OPTIONS", path: "/", status: 200),
        Kind(method: "GET", path: "/favicon.ico", status: 404),
    ]

    @Test("Nobody keeps an answer that depends on who asks", arguments: kinds)
    func noStore(kind: Kind) async throws {
        try await RunningService.with { service in
            let url = "http://127.0.0.1:\(service.port)\(kind.path)"
            let headers = HTTPHeaders(kind.headers)
            let answer = try await service.send(kind.method, url, headers: headers, body: Array(kind.body.utf8))
            #expect(answer.status == kind.status)
            #expect(answer.headers["Cache-Control"] == ["no-store"])
        }
    }
}
