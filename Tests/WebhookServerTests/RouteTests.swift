import HTTPRouting
import HTTPTypes
import NetServerSOAP
import Testing

@testable import AdminServing
@testable import NetServerREST
@testable import WebhookServer

/// What paths ask for.
@Suite("Routes of the service")
struct RouteTests {
    /// What the service does at a path, and for which tenant; nil when it has nothing there.
    static func found(_ path: String, _ method: HTTPRequest.Method) -> (operation: ServiceOperation, tenant: String?)? {
        guard let path = RequestPath(path),
            let route = ServiceRoutes.table.match(path)?.route(for: method)
        else { return nil }
        return (route.operation, route.name("tenant", in: path))
    }

    @Test(
        "Services are found in any case, with a tenant or without",
        arguments: [
            ("/Remote/Services87/Webhook.svc", nil, ServiceName.webhook, ServiceNumber.services87),
            ("/remote/services85/WEBHOOK.SVC", nil, .webhook, .services85),
            ("/Remote/Services88/SoPrincipal.svc", nil, .soPrincipal, .services88),
            ("/Cust12345/Remote/Services87/Webhook.svc", "cust12345", .webhook, .services87),
            ("/a/remote/services86/soprincipal.svc", "a", .soPrincipal, .services86),
            ("/Remote/Services87/Webhook.svc/", nil, .webhook, .services87),
            ("//Remote//Services87/Webhook%2Esvc", nil, .webhook, .services87),
            ("/%43ust12345/Remote/Services87/Webhook.svc", "cust12345", .webhook, .services87),
            ("/api/Remote/Services87/Webhook.svc", "api", .webhook, .services87),
        ] as [(String, String?, ServiceName, ServiceNumber)]
    )
    func services(path: String, tenant: String?, name: ServiceName, number: ServiceNumber) throws {
        let call = try #require(Self.found(path, .post))
        #expect(call.operation == .call(name, number))
        #expect(call.tenant == tenant)
        #expect(Self.found(path, .get)?.operation == .describe(name, number))
        #expect(Self.found(path, .put) == nil)
    }

    @Test(
        "States and APIs are found at their paths",
        arguments: [
            ("/", .state), ("*", .state), ("//", .state), ("/healthz", .health), ("/readyz", .readiness),
            ("/metrics", .metrics), ("/admin/v1", .admin), ("/Admin/V1/webhooks", .admin), ("/api", .rest),
            ("/cust12345/api/v1/Webhook", .rest),
        ] as [(String, ServiceOperation)]
    )
    func others(path: String, operation: ServiceOperation) {
        #expect(Self.found(path, .get)?.operation == operation)
    }

    @Test(
        "Other paths ask for nothing",
        arguments: [
            "", "x", "**", "/*", "/Remote", "/Remote/Services87", "/Remote/Services84/Webhook.svc",
            "/Remote/Services87/Other.svc", "/a/b/Remote/Services87/Webhook.svc", "/Remote/Services87/Webhook.svc/x",
            "/Remote%2FServices87/Webhook.svc", "/Remote/Services87/Webhook%.svc",
            "/Webhook.svc", "//Remote/Services87/Webhook.svc/x", "/healthz/x", "/admin",
        ]
    )
    func none(path: String) {
        #expect(RequestPath(path).flatMap(ServiceRoutes.table.match) == nil)
    }

    @Test("The methods of each path are those of its rows, and HEAD where GET is")
    func methods() throws {
        let methods = [
            "/": "GET, HEAD, OPTIONS", "/healthz": "GET, HEAD", "/readyz": "GET, HEAD", "/metrics": "GET, HEAD",
        ]
        for resource in ServiceRoutes.table.resources where !resource.path.isOpen {
            let path = try #require(RequestPath(resource.path.text))
            let match = try #require(ServiceRoutes.table.match(path), "\(resource.path.text)")
            #expect(match.allow == methods[resource.path.text, default: "GET, HEAD, POST"], "\(resource.path.text)")
        }
    }

    @Test("A call is found at the path of every row of every table")
    func reachable() throws {
        try Self.expectReachable(ServiceRoutes.table) { RequestPath($0) }
        try Self.expectReachable(RESTRoutes.table) { RequestPath($0) }
        try Self.expectReachable(AdminRoutes.table) { path in
            RequestPath(exactly: path.split(separator: "/").map(String.init))
        }
    }

    private static func expectReachable<Operation: Hashable & Sendable>(
        _ table: RouteTable<Operation>,
        path: (String) -> RequestPath?
    ) throws {
        for route in table.routes {
            let text = route.path.text.replacing("{id}", with: "5").replacing("{primaryKey}", with: "7")
            let path = try #require(path(text.replacing("/**", with: "")))
            let found = try #require(table.match(path)?.route(for: route.method ?? .patch), "\(route.path.text)")
            #expect(found.operation == route.operation, "\(route.path.text)")
            #expect(!route.summary.isEmpty)
        }
    }

    @Test("The operator alone may make the calls of the admin API")
    func adminAccess() {
        #expect(AdminRoutes.table.routes.filter { $0.access != .operator }.isEmpty)
    }

    @Test("Replaying all deliveries and showing one whose id is a word are told apart by the method")
    func replay() throws {
        let match = try #require(AdminRoutes.table.match(RequestPath(exactly: ["deliveries", "replay"])))
        #expect(match.route(for: .post)?.operation == .replayAll)
        #expect(match.route(for: .get)?.operation == .show)
        #expect(match.route(for: .put)?.operation == nil)
    }

    @Test("The case of the admin API's paths counts")
    func adminCase() {
        #expect(AdminRoutes.table.match(RequestPath(exactly: ["Deliveries"])) == nil)
    }

    /// What follows `/api`, as the API gets it, and the tenant.
    static func foundAPI(_ path: String) -> (tenant: String?, parts: [String])? {
        guard let path = RequestPath(path),
            let route = ServiceRoutes.table.match(path)?.route(for: .get), route.operation == .rest
        else { return nil }
        return (route.name("tenant", in: path), Array(path.dropFirst(route.path.count).parts))
    }

    @Test(
        "The API is found in any case, with a tenant or without, and what is not a fixed name keeps its case",
        arguments: [
            ("/api", nil, []),
            ("/API/", nil, []),
            ("/api/v1", nil, ["v1"]),
            ("/api/v1/Webhook", nil, ["v1", "Webhook"]),
            ("/Api/V1/WEBHOOK/", nil, ["V1", "WEBHOOK"]),
            ("/Cust12345/api/v1/Webhook/5", "cust12345", ["v1", "Webhook", "5"]),
            ("/cust12345/API", "cust12345", []),
            ("/api/api/v1", nil, ["api", "v1"]),
            ("/api/v1/Webhook/Order.Paid/7", nil, ["v1", "Webhook", "Order.Paid", "7"]),
            ("/api/v1/Webhook/k%C3%B8b.ny/7", nil, ["v1", "Webhook", "køb.ny", "7"]),
            ("/api/v1/Webhook/a%2Fb%20c/7", nil, ["v1", "Webhook", "a/b c", "7"]),
            ("/api/v1/Webhook/a+b/7", nil, ["v1", "Webhook", "a+b", "7"]),
            ("/api/v1/%57ebhook", nil, ["v1", "Webhook"]),
            ("/api/v2/Contact", nil, ["v2", "Contact"]),
        ] as [(String, String?, [String])]
    )
    func apiFound(path: String, tenant: String?, parts: [String]) throws {
        let found = try #require(Self.foundAPI(path))
        #expect(found.tenant == tenant)
        #expect(found.parts == parts)
    }

    @Test(
        "Other paths are not the API's",
        arguments: ["/v1/Webhook", "/apis/v1", "/a/b/api/v1", "/Remote/Services87/api", "/Cust12345"]
    )
    func notAPI(path: String) {
        #expect(Self.foundAPI(path) == nil)
    }
}
