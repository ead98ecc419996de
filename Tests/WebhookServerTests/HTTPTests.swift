import Foundation
import NIOCore
import NIOHTTP1
import Testing

/// What old HTTP clients do (docs/contract.md#section-2 and docs/contract.md#section-9).
@Suite("HTTP behaviour that old clients rely on")
struct HTTPTests {
    static let body = BadInputTests.envelope(BadInputTests.versions[0].0, "<n:CreateDefaultWebhook/>")

    static func request(_ line: String, _ headers: [String], body: String = body) -> [UInt8] {
        let head = [line, "Host: localhost", "Content-Type: text/xml; charset=utf-8"] + headers
        return Array((head.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
    }

    static let post = "POST /Remote/Services87/Webhook.svc HTTP/1.1"
    static let length = "Content-Length: \(body.utf8.count)"

    @Test("A client that waits for 100 Continue gets it")
    func expectContinue() async throws {
        try await RunningService.with { service in
            try await service.withRawConnection { inbound, outbound in
                let head = Self.request(Self.post, [Self.length, "Expect: 100-continue"], body: "")
                try await outbound.write(ByteBuffer(bytes: head))
                let interim = try await inbound.head()
                #expect(interim.hasPrefix("HTTP/1.1 100 Continue\r\n"))
                try await outbound.write(ByteBuffer(string: Self.body))
                let answer = try await inbound.answer()
                #expect(answer.status == 200)
            }
        }
    }

    @Test("An HTTP/1.0 client gets a length, no chunks, and the connection's end")
    func http10() async throws {
        try await RunningService.with { service in
            try await service.withRawConnection { inbound, outbound in
                let bytes = Self.request("POST /Remote/Services87/Webhook.svc HTTP/1.0", [Self.length])
                try await outbound.write(ByteBuffer(bytes: bytes))
                let answer = try await inbound.answer()
                #expect(answer.status == 200)
                #expect(!answer.head.lowercased().contains("transfer-encoding"))
                #expect(answer.head.lowercased().contains("connection: close"))
                let isEnded = try await inbound.isEnded()
                #expect(isEnded)
            }
        }
    }

    @Test("An HTTP/1.0 client that asks to keep the connection keeps it")
    func http10KeepAlive() async throws {
        try await RunningService.with { service in
            try await service.withRawConnection { inbound, outbound in
                let bytes = Self.request(
                    "POST /Remote/Services87/Webhook.svc HTTP/1.0",
                    [Self.length, "Connection: Keep-Alive"]
                )
                for _ in 0..<2 {
                    try await outbound.write(ByteBuffer(bytes: bytes))
                    let answer = try await inbound.answer()
                    #expect(answer.status == 200)
                    #expect(answer.head.lowercased().contains("connection: keep-alive"))
                }
            }
        }
    }

    @Test("A client that closes gets its answer and the connection's end")
    func close() async throws {
        try await RunningService.with { service in
            try await service.withRawConnection { inbound, outbound in
                try await outbound.write(
                    ByteBuffer(bytes: Self.request(Self.post, [Self.length, "Connection: close"]))
                )
                let answer = try await inbound.answer()
                #expect(answer.status == 200)
                let isEnded = try await inbound.isEnded()
                #expect(isEnded)
            }
        }
    }

    @Test("A client that closes gets its answer also while it is still sending what nobody reads")
    func closeWhileSending() async throws {
        try await RunningService.with { service in
            try await service.withRawConnection { inbound, outbound in
                let head = Self.request(
                    "POST /nowhere HTTP/1.1",
                    ["Connection: close", "Content-Length: 3000000"],
                    body: ""
                )
                try await outbound.write(ByteBuffer(bytes: head))
                try await outbound.write(ByteBuffer(repeating: 0x78, count: 3_000_000))
                let answer = try await inbound.answer()
                #expect(answer.status == 404)
            }
        }
    }

    @Test("A body that cannot be unpacked does not take the answer of the request before it")
    func brokenAfterGood() async throws {
        try await RunningService.with { service in
            try await service.withRawConnection { inbound, outbound in
                let good = Self.request(Self.post, [Self.length])
                let bad = Self.request(Self.post, [Self.length, "Content-Encoding: gzip"])
                try await outbound.write(ByteBuffer(bytes: good + bad))
                // The good one's answer, or the connection's end when the bad one was seen first; never the bad one's.
                do {
                    let status = try await inbound.answer().status
                    #expect(status == 200)
                } catch RunningService.Problem.connectionEnded {
                } catch is IOError {
                }
            }
        }
    }

    @Test("Requests sent without waiting are answered in order")
    func pipelining() async throws {
        try await RunningService.with { service in
            try await service.withRawConnection { inbound, outbound in
                let one = Self.request(Self.post, [Self.length])
                try await outbound.write(ByteBuffer(bytes: one + one + one))
                for _ in 0..<3 {
                    let answer = try await inbound.answer()
                    #expect(answer.status == 200)
                }
            }
        }
    }

    @Test("An absolute-form target is understood")
    func absoluteForm() async throws {
        try await RunningService.with { service in
            let line = "POST http://localhost:\(service.port)/Remote/Services87/Webhook.svc HTTP/1.1"
            let status = try await service.exchange(Self.request(line, [Self.length])).status
            #expect(status == 200)
        }
    }

    @Test("Paths match without regard to case")
    func pathCase() async throws {
        try await RunningService.with { service in
            let line = "POST /REMOTE/services88/WEBHOOK.SVC HTTP/1.1"
            let body = Self.body.replacing("Services87", with: "Services88")
            let status = try await service.exchange(Self.request(line, [Self.length], body: body)).status
            #expect(status == 200)
        }
    }

    @Test("A chunked body is read")
    func chunked() async throws {
        try await RunningService.with { service in
            let (first, second) = (Self.body.prefix(100), Self.body.dropFirst(100))
            let chunks = [first, second].map { String($0.utf8.count, radix: 16) + "\r\n" + $0 + "\r\n" }.joined()
            let bytes = Self.request(Self.post, ["Transfer-Encoding: chunked"], body: chunks + "0\r\n\r\n")
            let status = try await service.exchange(bytes).status
            #expect(status == 200)
        }
    }

    @Test("A gzipped body is read; one that is not gzip is 400")
    func gzip() async throws {
        // `SOAP 1.1 CreateDefaultWebhook`, gzipped with Python's gzip.compress(body, mtime=0).
        let packed = try #require(Data(base64Encoded: Self.packedBody))
        try await RunningService.with { service in
            let headers = HTTPHeaders([("Content-Type", "text/xml"), ("Content-Encoding", "gzip")])
            let answer = try await service.send("POST", service.url, headers: headers, body: Array(packed))
            #expect(answer.status == 200)
            let broken = try await service.send("POST", service.url, headers: headers, body: Array(Self.body.utf8))
            #expect(broken.status == 400)
        }
    }

    @Test("A body that unpacks to more than the limit is refused with the setting's name")
    func bomb() async throws {
        let packed = try #require(Data(base64Encoded: Self.packedTwoMegabytes))
        try await RunningService.with { service in
            let headers = HTTPHeaders([("Content-Type", "text/xml"), ("Content-Encoding", "gzip")])
            let answer = try await service.send("POST", service.url, headers: headers, body: Array(packed))
            #expect(answer.status == 500)
            #expect(String(decoding: answer.body, as: UTF8.self).contains("max-body-bytes"))
        }
    }

    @Test("An encoding that is not known is 415")
    func unknownEncoding() async throws {
        try await RunningService.with { service in
            let headers = HTTPHeaders([("Content-Type", "text/xml"), ("Content-Encoding", "br")])
            let status = try await service.send("POST", service.url, headers: headers, body: [1]).status
            #expect(status == 415)
        }
    }

    @Test("What is not HTTP is 400")
    func notHTTP() async throws {
        try await RunningService.with { service in
            let status = try await service.exchange(Array("nonsense\r\n\r\n".utf8)).status
            #expect(status == 400)
        }
    }

    @Test("Health checks that look at no path of ours, as HAProxy's and Varnish's do, are answered")
    func healthOfAll() async throws {
        try await RunningService.with { service in
            for line in ["OPTIONS /", "OPTIONS *", "HEAD /", "GET /", "OPTIONS http://localhost/"] {
                for version in ["1.0", "1.1"] {
                    let answer = try await service.exchange(
                        Array("\(line) HTTP/\(version)\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
                    )
                    #expect(answer.status == 200, "\(line)")
                    #expect(answer.head.lowercased().contains("allow: get, head, options\r\n"))
                }
            }
            let answer = try await service.send("GET", "http://127.0.0.1:\(service.port)/")
            #expect(String(decoding: answer.body, as: UTF8.self) == "ready\n")
            let post = try await service.send("POST", "http://127.0.0.1:\(service.port)/", body: [1])
            #expect(post.status == 405)
            #expect(post.headers.first(name: "Allow") == "GET, HEAD, OPTIONS")
        }
    }

    @Test("Health needs no credentials")
    func health() async throws {
        try await RunningService.with { service in
            for path in ["/healthz", "/readyz"] {
                let status = try await service.send("GET", "http://127.0.0.1:\(service.port)\(path)").status
                #expect(status == 200)
            }
        }
    }
}

extension HTTPTests {
    static let packedBody = """
        H4sIAAAAAAACA1WQzQ6CMBCEX8XwAGz8STANcPAn8eRFE8+1DEIsbdMtgj69okTjaWdn55vDpiy25gZtHSZ9ow0LzqIqBCeIWFVo\
        JMcvn610sfUXGgRhJCgaGfNluq6LuXXwtixrhdggUMekfEN7hAP8DZ6G8TryMonylMUOsoDPUyPWHgVMqKXmYT3W6oqQJ0cxnc0X\
        8qz6+2Pby8ZpZFlK38Ag/1D6lbJY2eI+lsuADUrZ6nDCubL2Su/sJ0G/V+RPSioC4xcBAAA=
        """

    static let packedTwoMegabytes = """
        H4sIAAAAAAACA+3BMQEAAADCoCrrn9IYPkABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAfA1+GoVcAAAgAA==
        """
}
