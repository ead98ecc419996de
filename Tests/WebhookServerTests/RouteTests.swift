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

    @Test(
        "The API is found in any case, with a tenant or without, and what is not a fixed name keeps its case",
        arguments: [
            ("/api", Route.api(tenant: nil, [])),
            ("/API/", .api(tenant: nil, [])),
            ("/api/v1", .api(tenant: nil, ["v1"])),
            ("/api/v1/Webhook", .api(tenant: nil, ["v1", "Webhook"])),
            ("/Api/V1/WEBHOOK/", .api(tenant: nil, ["V1", "WEBHOOK"])),
            ("/Cust12345/api/v1/Webhook/5", .api(tenant: "cust12345", ["v1", "Webhook", "5"])),
            ("/cust12345/API", .api(tenant: "cust12345", [])),
            ("/api/v1/Webhook/Order.Paid/7", .api(tenant: nil, ["v1", "Webhook", "Order.Paid", "7"])),
            ("/api/v1/Webhook/k%C3%B8b.ny/7", .api(tenant: nil, ["v1", "Webhook", "køb.ny", "7"])),
            ("/api/v1/Webhook/a%2Fb%20c/7", .api(tenant: nil, ["v1", "Webhook", "a/b c", "7"])),
            ("/api/v1/Webhook/a+b/7", .api(tenant: nil, ["v1", "Webhook", "a+b", "7"])),
            ("/api/v1/%57ebhook", .api(tenant: nil, ["v1", "Webhook"])),
            ("/api/v2/Contact", .api(tenant: nil, ["v2", "Contact"])),
        ]
    )
    func foundAPI(path: String, route: Route) {
        #expect(Route(path: path) == route)
    }

    @Test(
        "Other paths are not the API's",
        arguments: ["/v1/Webhook", "/apis/v1", "/a/b/api/v1", "/Remote/Services87/api", "/Cust12345"]
    )
    func notAPI(path: String) {
        #expect(Route(path: path) == .none)
    }
}
