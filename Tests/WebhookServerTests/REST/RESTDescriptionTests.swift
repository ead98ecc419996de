import Foundation
import NIOHTTP1
import Testing

@testable import WebhookServer

/// What anybody may ask of the API: versions, routes, and the OpenAPI document (contract, section 8).
@Suite("REST description", .timeLimit(.minutes(1)))
struct RESTDescriptionTests {
    private static func client(_ service: RunningService) -> RESTClient {
        // Wrong credentials are as good as none.
        RESTClient(service: service).with(("Authorization", "Basic !"))
    }

    @Test("The versions and their links are told to everybody")
    func versions() async throws {
        try await RunningService.with(settings: { $0.netServerVersion = "9.1.2.3" }) { service in
            let base = "http://127.0.0.1:\(service.port)/api"
            for path in ["/api", "/API", "/api/"] {
                let answer = try await Self.client(service).call("GET", path)
                #expect(answer.status == 200, "\(path)")
                #expect(
                    answer.text == """
                        {"v1":{"Version":"9.1.2.3","Links":{"Self":"\(base)/v1","OpenApi":"\(base)/v1/openapi.json"}}}
                        """
                )
            }
        }
    }

    @Test("The routes are told, and they are those of the OpenAPI document")
    func routes() async throws {
        try await RunningService.with { service in
            let answer = try await Self.client(service).call("GET", "/api/v1")
            #expect(answer.status == 200)
            #expect(try answer.memberNames == ["Version", "Routes"])
            guard case .array(let items) = try answer.json["Routes"] else {
                Issue.record("\(answer.text)")
                return
            }
            let told = items.map { if case .string(let text) = $0 { text } else { "" } }
            #expect(told.contains("GET /api/v1/Webhook/{id}"))

            let document = try await Self.client(service).call("GET", "/api/v1/openapi.json")
            #expect(document.status == 200)
            #expect(document.headers["Content-Type"] == ["application/json; charset=utf-8"])
            guard case .object(let paths) = try document.json["paths"] else {
                Issue.record("\(document.text.prefix(200))")
                return
            }
            let described = paths.flatMap { path in
                path.value.memberNames.filter { ["get", "put", "post", "patch", "delete"].contains($0) }
                    .map { "\($0.uppercased()) /api/v1\(path.name == "/" ? "" : path.name)" }
            }
            // The list of versions stands above the document's server.
            #expect(Set(told).subtracting(described) == ["GET /api"])
            #expect(Set(described).subtracting(told) == [])
            #expect(!document.text.contains("{{"), "Every placeholder is filled in.")
        }
    }

    @Test("Each is JSON, whatever is asked for")
    func types() async throws {
        try await RunningService.with { service in
            for accept in ["text/xml", "image/png", "application/json;q=0"] {
                let answer = try await RESTClient(service: service).with(("Accept", accept)).call("GET", "/api")
                #expect(answer.status == 200)
                #expect(answer.headers["Content-Type"] == ["application/json; charset=utf-8"])
            }
        }
    }

    @Test("Languages and cultures are accepted and change nothing, as do parameters that nobody knows")
    func languages() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            let id = try await rest.create()
            let plain = try await rest.call("GET", "/Webhook/\(id)")
            let other = try await rest.call(
                "GET",
                "/Webhook/\(id)?language=sv&$expand=all&x",
                headers: [("Accept-Language", "sv"), ("SO-Language", "de"), ("SO-Culture", "nb-NO")]
            )
            #expect(other.status == 200)
            #expect(other.text == plain.text)
        }
    }
}
