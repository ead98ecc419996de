import NetServerSOAP
import Testing
import WebhookServer

/// What paths ask for.
@Suite("Route")
struct RouteTests {
    @Test(
        "Services are found in any case, with a tenant or without",
        arguments: [
            ("/Remote/Services87/Webhook.svc", Route.service(tenant: nil, .webhook, .services87)),
            ("/remote/services85/WEBHOOK.SVC", .service(tenant: nil, .webhook, .services85)),
            ("/Remote/Services88/SoPrincipal.svc", .service(tenant: nil, .soPrincipal, .services88)),
            ("/Cust12345/Remote/Services87/Webhook.svc", .service(tenant: "cust12345", .webhook, .services87)),
            ("/a/remote/services86/soprincipal.svc", .service(tenant: "a", .soPrincipal, .services86)),
            ("/", .root), ("*", .root), ("//", .root),
            ("/Remote/Services87/Webhook.svc/", .service(tenant: nil, .webhook, .services87)),
            ("//Remote//Services87/Webhook%2Esvc", .service(tenant: nil, .webhook, .services87)),
            ("/%43ust12345/Remote/Services87/Webhook.svc", .service(tenant: "cust12345", .webhook, .services87)),
            ("/healthz", .health), ("/readyz", .readiness), ("/metrics", .metrics), ("/admin/v1/webhooks", .admin),
        ]
    )
    func found(path: String, route: Route) {
        #expect(Route(path: path) == route)
    }

    @Test(
        "Other paths ask for nothing",
        arguments: [
            "", "x", "**", "/*", "/Remote", "/Remote/Services87", "/Remote/Services84/Webhook.svc",
            "/Remote/Services87/Other.svc", "/a/b/Remote/Services87/Webhook.svc", "/Remote/Services87/Webhook.svc/x",
            "/Remote%2FServices87/Webhook.svc", "/Remote/Services87/Webhook%.svc",
            "/Webhook.svc", "//Remote/Services87/Webhook.svc/x", "/healthz/x",
        ]
    )
    func none(path: String) {
        #expect(Route(path: path) == .none)
    }
}
