import AgentCore
import Foundation
import JSON
import NIOCore
import NIOHTTP1
import ServerConfiguration
import StoreContracts
import Testing
import WebhookModel
import XML

@testable import NetServerREST
@testable import WebhookServer

/// Lists of webhooks that are too long to be sent as a whole.
@Suite("Long lists", .timeLimit(.minutes(5)))
struct LongListTests {
    private static let count = 300
    private static let soapPath = "/Remote/Services87/Webhook.svc"

    private static func with(_ body: @Sendable (RESTClient) async throws -> Void) async throws {
        try await RunningService.with(settings: { $0.rules.verifiesTarget = false }) { service in
            let rest = RESTClient(service: service)
            let secret = String(repeating: "s", count: 2000)
            for number in 1...count {
                _ = try await rest.create(
                    """
                    {"Name": "hook \(number)", "Events": ["sale.changed"], "TargetUrl": "http://127.0.0.1:9/hook", \
                    "Secret": "\(secret)"}
                    """
                )
            }
            try await body(rest)
        }
    }

    private static func names(_ xml: [UInt8]) throws -> [String] {
        var names: [String] = []
        func visit(_ element: XMLElement) {
            if element.isNamed("Webhook") {
                names += element.children.filter { $0.isNamed("Name") }.map(\.text)
            } else {
                element.children.forEach(visit)
            }
        }
        visit(try XMLReader(limits: XMLLimits(bytes: 16 << 20, elements: 1_000_000)).read(xml).root)
        return names
    }

    private static let expected = (1...count).map { "hook \($0)" }

    @Test("Each front answers a long list as a whole, in every form")
    func whole() async throws {
        try await Self.with { rest in
            for path in ["/Webhook", "/Webhook?$select=name,secret"] {
                let json = try await rest.call("GET", path)
                #expect(json.headers["Content-Length"].isEmpty && json.headers["Transfer-Encoding"] == ["chunked"])
                guard
                    case .array(let items) = try JSONReader(
                        limits: .init(depth: 50, values: 100_000, textBytes: 16 << 20)
                    ).read(json.body)
                else {
                    Issue.record("\(path) answers no list")
                    return
                }
                #expect(try items.map { try $0["Name"]?.text("Name") } == Self.expected)
            }
            let xml = try await rest.call("GET", "/Webhook", headers: [("Accept", "application/xml")])
            #expect(try Self.names(xml.body) == Self.expected)
            for version in ["http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"] {
                let answer = try await rest.service.post(
                    Array(BadInputTests.envelope(version, "<n:GetAllWebhooks/>").utf8),
                    contentType: version.contains("2003") ? "application/soap+xml" : "text/xml",
                    action: nil
                )
                #expect(answer.status == 200)
                #expect(try Self.names(answer.body) == Self.expected)
            }
            let admin = try await rest.service.send("GET", "http://127.0.0.1:\(rest.service.port)/admin/v1/webhooks")
            let list = try JSONSerialization.jsonObject(with: Data(admin.body)) as? [String: [[String: Any]]]
            #expect(list?["webhooks"]?.compactMap { $0["name"] as? String } == Self.expected)
        }
    }

    @Test("HEAD says how long a long list is, and sends nothing of it")
    func head() async throws {
        try await Self.with { rest in
            let length = try await rest.call("GET", "/Webhook").body.count
            try await rest.service.withRawConnection { inbound, outbound in
                let lines = ["Host: x", "Authorization: \(RESTClient.basic("tje0", "Tje0"))"].joined(separator: "\r\n")
                try await outbound.write(ByteBuffer(string: "HEAD /api/v1/Webhook HTTP/1.1\r\n\(lines)\r\n\r\n"))
                try await outbound.write(ByteBuffer(string: "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"))
                let head = try await inbound.head()
                #expect(head.contains("Content-Length: \(length)\r\n"))
                let next = try await inbound.answer()
                #expect(next.status == 200 && next.body == Array("ok\n".utf8))
            }
        }
    }

    @Test(
        "A client of HTTP/1.0 gets a long list without chunks, and its end is that of the connection",
        arguments: [false, true]
    )
    func old(keepsAlive: Bool) async throws {
        try await Self.with { rest in
            let envelope = BadInputTests.envelope("http://schemas.xmlsoap.org/soap/envelope/", "<n:GetAllWebhooks/>")
            let head = [
                "POST \(Self.soapPath) HTTP/1.0", "Host: x", "Content-Type: text/xml",
                "Content-Length: \(envelope.utf8.count)",
            ]
            let lines = head + (keepsAlive ? ["Connection: keep-alive"] : [])
            let request = ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n" + envelope)
            try await rest.service.withRawConnection { inbound, outbound in
                try await outbound.write(request)
                let answered = try await inbound.head()
                #expect(!answered.lowercased().contains("transfer-encoding"))
                #expect(answered.contains("Connection: close\r\n"))
                let body = try await inbound.rest()
                #expect(try Self.names(body) == Self.expected)
            }
        }
    }
}
