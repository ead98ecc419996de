import AgentCore
import Foundation
import JSON
import NIOHTTP1
import ServerConfiguration
import StoreContracts
import Testing
import WebhookModel

@testable import WebhookServer

/// What anybody may ask of the API: versions, routes, and the OpenAPI document (docs/contract.md#section-8).
@Suite("REST description", .timeLimit(.minutes(10)))
struct RESTDescriptionTests {
    private static func client(_ service: RunningService) -> RESTClient {
        // Wrong credentials are as good as none.
        RESTClient(service: service).with(("Authorization", "Basic !"))
    }

    @Test("The version is told to everybody, as NetServer tells it")
    func versions() async throws {
        try await RunningService.with(settings: { $0.netServerVersion = "9.1.2.3" }) { service in
            for path in ["/api", "/API", "/api/"] {
                let answer = try await Self.client(service).call("GET", path)
                #expect(answer.status == 200, "\(path)")
                let namespaces = (85...88).map {
                    #""Services\#($0)":"http://www.superoffice.net/ws/crm/NetServer/Services\#($0)""#
                }
                #expect(
                    answer.text == """
                        {"v1":"http://127.0.0.1:\(service.port)/api/v1","NetServerVersion":"9.1.2.3",\
                        "NetServerAssembly":"9.1.0.0","NetServerLabel":"webhook-svc",\
                        "NetServer":"NetServer 9.1.2.3, emulated by webhook-svc","Services":"Services87",\
                        "ServicesCurrent":"Services88","Version":"v1",\(namespaces.joined(separator: ","))}
                        """
                )
            }
        }
    }

    @Test("URLs are told with their methods and what these do, and they are those of the OpenAPI document")
    func routes() async throws {
        try await RunningService.with { service in
            let answer = try await Self.client(service).call("GET", "/api/v1")
            #expect(answer.status == 200)
            guard case .object(let told) = try answer.json else {
                Issue.record("\(answer.text)")
                return
            }
            let base = "http://127.0.0.1:\(service.port)/api/v1"
            #expect(try answer.json["\(base)/Webhook/{id}"]?["DELETE"]?.text == #""Deletes a webhook.""#)
            let agent = try answer.json["\(base)/Agents/Webhook/GetWebhook"]?["POST"]?.text
            #expect(agent == #""?webhookId={webhookId}   Gets a webhook.""#)

            let document = try await Self.client(service).call("GET", "/api/v1/openapi.json")
            #expect(document.status == 200)
            #expect(document.headers["Content-Type"] == ["application/json; charset=utf-8"])
            guard case .object(let paths) = try document.json["paths"] else {
                Issue.record("\(document.text.prefix(200))")
                return
            }
            let described = paths.flatMap { path in
                path.value.memberNames.filter { ["get", "put", "post", "patch", "delete"].contains($0) }
                    .map { "\($0.uppercased()) \(base)\(path.name == "/" ? "" : path.name)" }
            }
            let listed = told.flatMap { url in url.value.memberNames.map { "\($0) \(url.name)" } }
            #expect(Set(listed).symmetricDifference(described) == [])
            #expect(!document.text.contains("{{"), "Every placeholder is filled in.")
        }
    }

    @Test("GET on an agent's route describes the call to everybody and does not make it")
    func agents() async throws {
        try await RunningService.with { service in
            let id = try await RESTClient(service: service).create()
            for operation in WebhookOperation.allCases {
                let path = "/Agents/Webhook/\(operation.rawValue)"
                let answer = try await Self.client(service).call("GET", "\(path)?webhookId=\(id)")
                #expect(answer.status == 200, "\(path)")
                let url = "http://127.0.0.1:\(service.port)/api/v1\(path)"
                #expect(try answer.memberNames == [url])
                #expect(try answer.json[url]?.memberNames == ["GET", "POST"])
            }
            let count = try await RESTClient(service: service).count()
            #expect(count == 1)
        }
    }

    @Test("The description of the API is JSON, whatever is asked for")
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
