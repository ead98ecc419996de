import AgentCore
import HTTPTypes
import StoreContracts
import Testing
import WebhookModel

@testable import WebhookServer

/// What paths of the REST API ask for (contract, section 8).
@Suite("REST routes")
struct RESTRouteTests {
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
    func found(path: String, route: Route) {
        #expect(Route(path: path) == route)
    }

    @Test(
        "Other paths are not the API's",
        arguments: ["/v1/Webhook", "/apis/v1", "/a/b/api/v1", "/Remote/Services87/api", "/Cust12345"]
    )
    func notFound(path: String) {
        #expect(Route(path: path) == .none)
    }

    static let routes: [(parts: [String], route: RESTRoute)] = [
        ([], .versions),
        (["v1", "archive", "Dynamic"], .archive),
        (["v1"], .service),
        (["V1"], .service),
        (["v1", "OpenAPI.json"], .description),
        (["v1", "webhook"], .webhooks),
        (["v1", "Webhook", "DEFAULT"], .defaultWebhook),
        (["v1", "Webhook", "test"], .test),
        (["v1", "Webhook", "5"], .webhook(5)),
        (["v1", "Webhook", "0"], .webhook(0)),
        (["v1", "Webhook", "-1"], .webhook(-1)),
        (["v1", "Webhook", "2147483647"], .webhook(.max)),
        (["v1", "WEBHOOK", "5", "lastERROR"], .lastError(5)),
        (["v1", "Webhook", "Order.Paid", "7"], .signal(event: "Order.Paid", primaryKey: 7)),
        (["v1", "Webhook", "Order.Paid", "-2147483648"], .signal(event: "Order.Paid", primaryKey: .min)),
        (["v1", "Webhook", "køb/ny", "0"], .signal(event: "køb/ny", primaryKey: 0)),
        (["v1", "Webhook", "default", "1"], .signal(event: "default", primaryKey: 1)),
        (["v1", "Webhook", "5", "6"], .signal(event: "5", primaryKey: 6)),
        (["v1", "agents", "webhook", "signalevent"], .agent(.signalEvent)),
        (["v1", "Agents", "Webhook", "GETALLWEBHOOKS"], .agent(.getAllWebhooks)),
    ]

    @Test("Names are taken in any case", arguments: routes)
    func parsed(parts: [String], route: RESTRoute) {
        #expect(RESTRoute(parts) == route)
    }

    @Test(
        "What is no route is none",
        arguments: [
            ["v2"], [""], ["v1", ""], ["v1", "Contact"], ["v1", "Webhooks"], ["v1", "Webhook", ""],
            ["v1", "Webhook", "x"], ["v1", "Webhook", "1.0"], ["v1", "Webhook", " 1"], ["v1", "Webhook", "2147483648"],
            ["v1", "Webhook", "x", "LastError"], ["v1", "Webhook", "2147483648", "LastError"],
            ["v1", "Webhook", "sale.changed", "x"], ["v1", "Webhook", "sale.changed", "2147483648"],
            ["v1", "Webhook", "sale.changed", "{primaryKey}"], ["v1", "Webhook", "sale.changed", "1", "x"],
            ["v1", "Agents"], ["v1", "Agents", "Webhook"], ["v1", "Agents", "Webhook", "GetContact"],
            ["v1", "Agents", "Contact", "GetWebhook"], ["v1", "Agents", "Webhook", "GetWebhook", "1"],
            ["v1", "Archive"], ["v1", "Archive", "Webhook"], ["v1", "Archive", "dynamic", "x"],
            ["Webhook"], ["webhook", "v1"], ["v1", "Webhook", "a\0b", "1"],
        ]
    )
    func unknown(parts: [String]) {
        #expect(RESTRoute(parts) == nil)
    }

    @Test(
        "Each route takes its methods",
        arguments: [
            (RESTRoute.versions, "GET"), (.service, "GET"), (.description, "GET"), (.defaultWebhook, "GET"),
            (.lastError(1), "GET"), (.webhooks, "GET, POST"), (.webhook(1), "GET, PUT, PATCH, DELETE"),
            (.test, "POST"), (.signal(event: "a.b", primaryKey: 1), "POST"), (.agent(.getWebhook), "GET, POST"),
            (.archive, "GET"),
        ]
    )
    func methods(route: RESTRoute, methods: String) {
        #expect(route.methods.map(\.rawValue).joined(separator: ", ") == methods)
    }

    @Test("Errors name the operation that a call is of")
    func operations() {
        let operations: [(RESTRoute, HTTPRequest.Method, WebhookOperation?)] = [
            (.versions, .get, nil), (.service, .get, nil), (.description, .get, nil),
            (.defaultWebhook, .get, .createDefaultWebhook), (.webhooks, .get, .getAllWebhooks),
            (.webhooks, .post, .saveWebhook), (.webhook(1), .get, .getWebhook), (.webhook(1), .put, .saveWebhook),
            (.webhook(1), .patch, .saveWebhook), (.webhook(1), .delete, .deleteWebhook), (.test, .post, .testWebhook),
            (.lastError(1), .get, .getLastError), (.signal(event: "a", primaryKey: 1), .post, .signalEvent),
        ]
        for (route, method, operation) in operations {
            #expect(route.operation(method) == operation, "\(method) \(route)")
        }
        for operation in WebhookOperation.allCases {
            #expect(RESTRoute.agent(operation).operation(.post) == operation)
            #expect(RESTRoute.agent(operation).operation(.get) == nil)
        }
    }

    @Test("Only descriptions are open to everybody, those of agents' calls among them")
    func open() {
        for (_, route) in Self.routes {
            #expect(route.isOpen(.post) == [.versions, .service, .description].contains(route), "\(route)")
            let isAgent = if case .agent = route { true } else { false }
            #expect(route.isOpen(.get) == (isAgent || route.isOpen(.post)), "\(route)")
        }
    }

    @Test("What is told names every path once, with exactly the methods that it takes")
    func entries() throws {
        let entries = RESTDescription.entries
        #expect(Set(entries.map(\.path)).count == entries.count)
        for entry in entries {
            let path =
                "/api/v1"
                + entry.path.replacing("{id}", with: "5").replacing("{eventName}", with: "a.b")
                .replacing("{primaryKey}", with: "7")
            guard case .api(nil, let rest) = Route(path: path) else {
                Issue.record("\(entry.path)")
                continue
            }
            let route = try #require(RESTRoute(rest), "\(entry.path)")
            #expect(route.methods == entry.methods.map(\.method), "\(entry.path)")
            #expect(entry.methods.allSatisfy { !$0.text.isEmpty })
        }
    }
}
