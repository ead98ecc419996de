import AgentCore
import HTTPRouting
import HTTPTypes
import JSON
import TestSupport
import Testing

@testable import NetServerREST

/// What paths of the REST API ask for (docs/contract.md#section-8).
@Suite("REST routes")
struct RESTRouteTests {
    @Test(
        "Each route takes its methods, at a path in any case",
        arguments: [
            ("/", "GET, HEAD"), ("/v1/archive/Dynamic", "GET, HEAD"), ("/v1", "GET, HEAD"), ("/V1", "GET, HEAD"),
            ("/v1/OpenAPI.json", "GET, HEAD"), ("/v1/webhook", "GET, HEAD, POST"), ("/v1/Webhook/DEFAULT", "GET, HEAD"),
            ("/v1/Webhook/test", "POST"), ("/v1/Webhook/5", "GET, HEAD, PUT, PATCH, DELETE"),
            ("/v1/Webhook/-1", "GET, HEAD, PUT, PATCH, DELETE"), ("/v1/WEBHOOK/5/lastERROR", "GET, HEAD"),
            ("/v1/Webhook/Order.Paid/7", "POST"), ("/v1/Webhook/default/1", "POST"), ("/v1/Webhook/5/6", "POST"),
            ("/v1/agents/webhook/signalevent", "GET, HEAD, POST"),
            ("/v1/Agents/Webhook/GETALLWEBHOOKS", "GET, HEAD, POST"),
        ]
    )
    func methods(path: String, methods: String) throws {
        let path = try #require(RequestPath(path))
        let match = try #require(RESTRoutes.match(path))
        #expect(match.allow == methods)
    }

    @Test(
        "Ids and keys are whole numbers of 32 bits, and an event's name keeps its case",
        arguments: [
            ("/v1/Webhook/0", .delete, nil, 0, nil), ("/v1/Webhook/2147483647", .get, nil, .max, nil),
            ("/v1/Webhook/5/LastError", .get, nil, 5, nil), ("/v1/Webhook/Order.Paid/7", .post, "Order.Paid", nil, 7),
            ("/v1/Webhook/k%C3%B8b%2Fny/-2147483648", .post, "køb/ny", nil, .min),
        ] as [(String, HTTPRequest.Method, String?, Int32?, Int32?)]
    )
    func parameters(path: String, method: HTTPRequest.Method, event: String?, id: Int32?, key: Int32?) throws {
        let path = try #require(RequestPath(path))
        let route = try #require(RESTRoutes.match(path)?.route(for: method))
        #expect(route.text("eventName", in: path) == event)
        #expect(route.number("id", in: path) == id)
        #expect(route.number("primaryKey", in: path) == key)
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
        #expect(RESTRoutes.match(RequestPath(exactly: parts.map { $0.lowercased() })) == nil)
    }

    @Test("Errors and metrics name the operation of the agent that a call is of")
    func labels() {
        for route in RESTRoutes.table.routes {
            let label: WebhookOperation? =
                switch route.operation {
                case .versions, .routes, .openAPI, .describe, .usages: nil
                case .defaultWebhook: .createDefaultWebhook
                case .list: .getAllWebhooks
                case .create, .replace, .patch: .saveWebhook
                case .get: .getWebhook
                case .delete: .deleteWebhook
                case .test: .testWebhook
                case .lastError: .getLastError
                case .signal: .signalEvent
                case .agent(let operation): operation
                }
            #expect(route.label == label?.rawValue, "\(route.operation)")
        }
    }

    @Test("Only descriptions are open to everybody, those of agents' calls among them")
    func open() {
        for route in RESTRoutes.table.routes {
            let isDescription =
                switch route.operation {
                case .versions, .routes, .openAPI, .describe: true
                default: false
                }
            #expect(route.access == (isDescription ? .everybody : .caller), "\(route.operation)")
        }
    }

    @Test("The OpenAPI document has exactly the rows of the table, and opens the same ones to everybody")
    func document() throws {
        let text = String(decoding: PackageResources.openapi_json, as: UTF8.self)
        guard case .object(let paths) = try JSONReader().read(Array(text.utf8))["paths"] else {
            Issue.record("The document has no paths.")
            return
        }
        var described: [String: Bool] = [:]
        for path in paths {
            guard case .object(let methods) = path.value else { continue }
            for method in methods where method.name != "parameters" {
                let name = path.name == "/" ? "" : path.name
                described["\(method.name.uppercased()) \(name)"] = method.value["security"] == .array([])
            }
        }
        var listed: [String: Bool] = [:]
        for route in RESTRoutes.table.routes where route.path.text.hasPrefix(RESTRoutes.version) {
            let path = route.path.text.dropFirst(RESTRoutes.version.count)
            listed["\(route.method?.rawValue ?? "") \(path)"] = route.access == .everybody
        }
        #expect(described == listed)
    }

    @Test("The page about REST lists exactly the rows of the table, and the contract no others")
    func pages() throws {
        let rows = Set(
            RESTRoutes.table.routes.map { route in
                let agents = /\/Agents\/Webhook\/.+/
                let path = route.path.text.replacing(agents, with: "/Agents/Webhook/{Operation}")
                return "\(route.method?.rawValue ?? "") /api\(path == "/" ? "" : path)"
            }
        )
        #expect(try documentedCalls(in: "rest.md") == rows)
        let contract = try documentedCalls(in: "contract.md")
        #expect(contract.count > 10)
        #expect(contract.subtracting(rows) == [])
    }
}
