import Foundation
import NIOCore
import NIOHTTP1
import Testing

@testable import WebhookServer

/// What clients and proxies do to a connection, over a socket.
@Suite("Connections of the HTTP server")
struct ConnectionTests {
    private static func get(_ path: String, _ headers: [String] = []) -> ByteBuffer {
        let lines = ["GET \(path) HTTP/1.1", "Host: x"] + headers
        return ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n")
    }

    /// Sends raw bytes, and returns the answer and its text.
    private static func ask(_ service: RunningService, _ text: String) async throws -> (
        RunningService.RawAnswer, String
    ) {
        let answer = try await service.exchange(Array(text.utf8))
        return (answer, String(decoding: answer.body, as: UTF8.self))
    }

    @Test(
        "A connection goes on in HTTP/1.1 after a request that offers an upgrade",
        arguments: [
            [
                "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
                "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
            ],
            ["Connection: Upgrade", "Upgrade: TLS/1.2"],
            [
                "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                "Sec-WebSocket-Version: 13",
            ],
            ["Connection: keep-alive, Upgrade", "Upgrade: anything/9"],
        ]
    )
    func upgrade(headers: [String]) async throws {
        try await RunningService.with { service in
            try await service.withRawConnection { inbound, outbound in
                for _ in 0..<3 {
                    try await outbound.write(Self.get("/healthz", headers))
                    let answer = try await inbound.answer()
                    #expect(answer.status == 200)
                    #expect(!answer.head.lowercased().contains("upgrade"))
                    let post = HTTPTests.request(HTTPTests.post, [HTTPTests.length] + headers)
                    try await outbound.write(ByteBuffer(bytes: post))
                    let saved = try await inbound.answer()
                    #expect(saved.status == 200)
                }
            }
        }
    }

    @Test("CONNECT is refused, and ends its connection")
    func connect() async throws {
        try await RunningService.with { service in
            try await service.withRawConnection { inbound, outbound in
                try await outbound.write(ByteBuffer(string: "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"))
                let answer = try await inbound.answer()
                #expect(answer.status == 405)
                #expect(answer.head.contains("Allow: GET, HEAD, POST"))
                let isEnded = try await inbound.isEnded()
                #expect(isEnded)
            }
        }
    }

    @Test(
        "A request that does not say clearly which host it asks for is 400 with a line of text",
        arguments: [
            ("GET /healthz HTTP/1.1\r\n\r\n", "no header Host"),
            ("GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "2 headers Host"),
            ("GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n", "The header Host is not"),
            ("GET healthz HTTP/1.1\r\nHost: x\r\n\r\n", "not a request in HTTP/1.1"),
            ("POST /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\nContent-Length: 5\r\n\r\nhello", "2 headers Host"),
        ]
    )
    func hosts(request: String, text: String) async throws {
        try await RunningService.with { service in
            let (answer, body) = try await Self.ask(service, request)
            #expect(answer.status == 400)
            #expect(body.contains(text), "\(body)")
            #expect(body.hasSuffix("\n"))
        }
    }

    @Test("The host of an absolute-form target counts for the WSDL's address, not the header Host")
    func absoluteForm() async throws {
        try await RunningService.with { service in
            let (answer, body) = try await Self.ask(
                service,
                "GET http://Crm.example:99/Remote/Services87/Webhook.svc?wsdl HTTP/1.1\r\nHost: other.example\r\n\r\n"
            )
            #expect(answer.status == 200)
            #expect(body.contains("location=\"http://Crm.example:99/Remote/Services87/Webhook.svc\""))
            #expect(!body.contains("other.example"))
        }
    }

    @Test("A header line that is folded is read as one line")
    func folded() async throws {
        try await RunningService.with { service in
            let body = BadInputTests.envelope("http://www.w3.org/2003/05/soap-envelope", "<n:CreateDefaultWebhook/>")
            let action = "http://www.superoffice.net/ws/crm/NetServer/Services87/Webhook/"
            for (name, status) in [("CreateDefaultWebhook", 200), ("GetWebhook", 500)] {
                let head = [
                    HTTPTests.post, "Host: x",
                    "Content-Type: application/soap+xml; charset=utf-8; \r\n\taction=\"\(action)\(name)\"",
                    "Content-Length: \(body.utf8.count)",
                ]
                let (answer, text) = try await Self.ask(service, head.joined(separator: "\r\n") + "\r\n\r\n" + body)
                #expect(answer.status == status, "\(text)")
            }
        }
    }

    @Test("HEAD is answered wherever GET is, with the headers of GET's answer")
    func head() async throws {
        try await RunningService.with { service in
            let base = "/Remote/Services87/Webhook.svc"
            for path in [
                base, base + "?wsdl", base + "?disco", base + "?x", "/healthz", "/readyz", "/metrics", "/api",
                "/api/v1",
                "/api/v1/openapi.json", "/api/v1/Webhook", "/nowhere", "/admin/v1/webhooks",
            ] {
                try await service.withRawConnection { inbound, outbound in
                    try await outbound.write(ByteBuffer(string: "HEAD \(path) HTTP/1.1\r\nHost: x\r\n\r\n"))
                    try await outbound.write(Self.get(path))
                    let head = try await inbound.head()
                    let get = try await inbound.answer()
                    func lines(_ head: String) -> [Substring] {
                        head.split(separator: "\r\n").filter {
                            !$0.hasPrefix("Date:") && (path != "/metrics" || !$0.hasPrefix("Content-Length:"))
                        }
                    }
                    #expect(lines(head) == lines(get.head), "\(path)")
                    #expect(head.contains("Content-Length: "), "\(path)")
                }
            }
        }
    }

    @Test(
        "Answers that tell of a wrong request say what was expected",
        arguments: [
            ("DELETE /Remote/Services87/Webhook.svc HTTP/1.1", [], 405, "GET, HEAD, POST"),
            ("POST /healthz HTTP/1.1", [], 405, "GET, HEAD may be used"),
            ("GET /nowhere HTTP/1.1", [], 404, "There is nothing at this path"),
            ("GET /Cust9/Remote/Services87/Webhook.svc HTTP/1.1", [], 404, "names no tenant"),
            ("GET /Remote/Services87/Webhook.svc?xsd=xsd0 HTTP/1.1", [], 404, "?wsdl"),
            ("POST /Remote/Services87/Webhook.svc HTTP/1.1", ["Content-Type: text/plain"], 415, "text/xml"),
            ("POST /Remote/Services87/Webhook.svc HTTP/1.1", [], 415, "Content-Type"),
            (
                "POST /Remote/Services87/Webhook.svc HTTP/1.1", ["Content-Type: text/xml", "Content-Encoding: br"], 415,
                "gzip, deflate"
            ),
            (
                "POST /api/v1/Webhook HTTP/1.1", ["Content-Type: application/json", "Content-Encoding: br"], 415,
                "gzip, deflate"
            ),
        ]
    )
    func texts(line: String, headers: [String], status: Int, text: String) async throws {
        try await RunningService.with { service in
            let length = line.hasPrefix("POST") ? ["Content-Length: 0"] : []
            let head = [line, "Host: x"] + headers + length
            let (answer, body) = try await Self.ask(service, head.joined(separator: "\r\n") + "\r\n\r\n")
            #expect(answer.status == status)
            #expect(body.contains(text), "\(body)")
            #expect(body.hasSuffix("\n") || body.hasPrefix("{"))
            #expect(status != 405 || answer.head.contains("Allow: GET, HEAD"))
            #expect(status != 415 || answer.head.lowercased().contains("\naccept"))
        }
    }

    @Test(
        "A service's path is found unescaped, with a slash at its end, and with doubled slashes",
        arguments: [
            "/Remote/Services87/Webhook.svc/", "/Remote/Services87/Webhook%2Esvc", "//Remote/Services87/Webhook.svc",
            "/Remote//Services87///webhook.svc//", "/%52emote/Services87/Webhook.svc",
        ]
    )
    func paths(path: String) async throws {
        try await RunningService.with { service in
            let post = HTTPTests.request("POST \(path) HTTP/1.1", [HTTPTests.length])
            let posted = try await service.exchange(post)
            #expect(posted.status == 200)
            let (answer, body) = try await Self.ask(service, "GET \(path)?wsdl HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(answer.status == 200)
            #expect(body.contains("location=\"http://x/Remote/Services87/Webhook.svc\""))
        }
    }

    @Test("The discovery document names the WSDL, and the service's page links it")
    func discovery() async throws {
        try await RunningService.with { service in
            for query in ["disco", "DISCO"] {
                let answer = try await service.send("GET", service.url + "?" + query)
                #expect(answer.status == 200)
                #expect(answer.headers["Content-Type"] == ["text/xml; charset=utf-8"])
                #expect(String(decoding: answer.body, as: UTF8.self).contains("ref=\"\(service.url)?wsdl\""))
            }
            let page = try await service.send("GET", service.url)
            let link = "<link rel=\"alternate\" type=\"text/xml\" href=\"\(service.url)?disco\"/>"
            #expect(String(decoding: page.body, as: UTF8.self).contains(link))
        }
    }

    @Test(
        "Packed bodies are read over every coding that clients use",
        arguments: [
            ["Content-Encoding: x-gzip"], ["Transfer-Encoding: gzip, chunked"], ["Content-Encoding: GZIP"],
        ]
    )
    func packed(headers: [String]) async throws {
        let packed = try #require(Data(base64Encoded: HTTPTests.packedBody))
        let isChunked = headers[0].hasSuffix("chunked")
        let length = isChunked ? [] : ["Content-Length: \(packed.count)"]
        var bytes = HTTPTests.request(HTTPTests.post, headers + length, body: "")
        if isChunked { bytes += Array((String(packed.count, radix: 16) + "\r\n").utf8) }
        bytes += packed
        if isChunked { bytes += Array("\r\n0\r\n\r\n".utf8) }
        let request = bytes
        try await RunningService.with { service in
            let answer = try await service.exchange(request)
            #expect(answer.status == 200)
        }
    }

    @Test("A packed body that is damaged is 400 with what is wrong with it, in both fronts")
    func damaged() async throws {
        try await RunningService.with { service in
            for path in ["/Remote/Services87/Webhook.svc", "/api/v1/Webhook"] {
                let head = [
                    "POST \(path) HTTP/1.1", "Host: x", "Content-Type: text/xml", "Content-Encoding: gzip",
                    "Content-Length: 5",
                ]
                let (answer, body) = try await Self.ask(service, head.joined(separator: "\r\n") + "\r\n\r\nhello")
                #expect(answer.status == 400)
                #expect(body.contains("not packed with gzip"), "\(body)")
            }
        }
    }

    @Test("Headers beyond what is read are 431, and another version of HTTP is 505")
    func heads() async throws {
        try await RunningService.with { service in
            let long = String(repeating: "a", count: 90 << 10)
            let (answer, body) = try await Self.ask(service, "GET / HTTP/1.1\r\nHost: x\r\nX: \(long)\r\n\r\n")
            #expect(answer.status == 431)
            #expect(body.contains("80 KiB"))
            let (newer, text) = try await Self.ask(service, "GET / HTTP/2.0\r\nHost: x\r\n\r\n")
            #expect(newer.status == 505)
            #expect(text.contains("HTTP/1.1"))
            let (preface, line) = try await Self.ask(service, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            #expect(preface.status == 400)
            #expect(line.contains("HTTP/1.1"))
        }
    }
}
