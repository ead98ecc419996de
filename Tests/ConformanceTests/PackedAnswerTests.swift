import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOPosix
import Testing

@testable import Conformance

/// Servers and proxies that pack what they answer, for clients that say `Accept-Encoding`.
@Suite("Packed answers")
struct PackedAnswerTests {
    private static let envelope = Array("<?xml version=\"1.0\"?><a>".utf8) + Array(repeating: 98, count: 50_000)
    private static let request = """
        POST /Remote/Services87/Webhook.svc HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nAccept-Encoding:
        """

    fileprivate static let largestBody = 1 << 20

    @Test("A capture's answer is unpacked as its client would", arguments: [" gzip, deflate", " deflate", " identity"])
    func capture(encodings: String) async throws {
        try await PackingServer.with(body: Self.envelope) { client in
            let answer = try await client.send(Array((Self.request + encodings + "\r\n\r\n").utf8))
            #expect(answer.body == Self.envelope)
        }
    }

    @Test("A fixture's answer is unpacked")
    func fixture() async throws {
        try await PackingServer.with(body: Self.envelope) { client in
            let answer = try await client.post([], to: .webhook, contentType: "text/xml", action: nil)
            #expect(answer.body == Self.envelope)
        }
    }

    @Test("An answer is read no further than the limit, however small it is when packed")
    func bomb() async throws {
        let expected = ConformanceError.noAnswer(reason: "an answer of more than 1 MiB")
        try await PackingServer.with(body: [UInt8](repeating: 0, count: Self.largestBody + 1)) { client in
            await #expect(throws: expected) {
                try await client.send(Array((Self.request + " gzip\r\n\r\n").utf8))
            }
            await #expect(throws: expected) {
                try await client.post([], to: .webhook, contentType: "text/xml", action: nil)
            }
        }
    }

    @Test("A body that is not packed as it says is no answer, and the reason says so")
    func damaged() async throws {
        let expected = ConformanceError.noAnswer(
            reason: "the body is not packed as its Content-Encoding says, or is cut short"
        )
        try await PackingServer.with(body: Self.envelope, saying: "gzip") { client in
            await #expect(throws: expected) {
                try await client.send(Array((Self.request + " identity\r\n\r\n").utf8))
            }
            await #expect(throws: expected) {
                try await client.post([], to: .webhook, contentType: "text/xml", action: nil)
            }
        }
    }
}

/// Answers every request with one body, packed as the request allows.
private enum PackingServer {
    /// - Parameters:
    ///   - body: What it answers.
    ///   - encoding: What it says of the body without doing it; nil for one that packs.
    ///   - use: Uses a client of the server.
    static func with(
        body: [UInt8],
        saying encoding: String? = nil,
        _ use: @Sendable (ConformanceClient) async throws -> Void
    ) async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline()
                    if encoding == nil { try pipeline.addHandler(HTTPResponseCompressor()) }
                    try pipeline.addHandler(Answering(body: body, encoding: encoding))
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        let port = try #require(server.localAddress?.port)
        let result: Result<Void, any Error>
        do {
            let target = try ConformanceTarget("http://127.0.0.1:\(port)")
            try await ConformanceClient.with(
                target: target,
                // Long enough for machines that do much else. No test waits for it.
                timeout: .seconds(300),
                largestBody: PackedAnswerTests.largestBody,
                use
            )
            result = .success(())
        } catch {
            result = .failure(error)
        }
        try await server.close()
        try result.get()
    }

    private final class Answering: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let body: [UInt8]
        private let encoding: String?

        init(body: [UInt8], encoding: String?) {
            self.body = body
            self.encoding = encoding
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .end = unwrapInboundIn(data) else { return }
            var head = HTTPResponseHead(version: .http1_1, status: .ok)
            head.headers.add(name: "Content-Type", value: "text/xml")
            head.headers.add(name: "Content-Length", value: String(body.count))
            if let encoding { head.headers.add(name: "Content-Encoding", value: encoding) }
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
