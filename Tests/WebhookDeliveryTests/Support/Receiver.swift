import AgentCore
import Foundation
import NIOCore
import NIOPosix
import Testing
import WebhookDelivery

/// A request as its bytes came over the socket.
struct ReceivedRequest: Sendable {
    var requestLine: String
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    /// Nil until `bytes` hold a whole request.
    init?(_ bytes: [UInt8]) {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        var lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        requestLine = lines.removeFirst()
        headers = lines.map { line in
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            let value = line[colon...].dropFirst()
            return (String(line[..<colon]), value.first == " " ? String(value.dropFirst()) : String(value))
        }
        body = Array(bytes[end.upperBound...])
        guard body.count >= header("content-length").flatMap({ Int($0) }) ?? 0 else { return nil }
    }

    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name }?.value
    }
}

/// A target on a loopback socket that captures requests and answers each with the same bytes.
final class Receiver: Sendable {
    enum Answer: Sendable {
        case bytes([UInt8])
        case bytesThenClose([UInt8])
        case silence

        /// Lines and body, with the length that the body has.
        static func http(_ head: String, _ body: [UInt8] = []) -> Answer {
            .bytes(Array("\(head)\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)
        }
    }

    let requests: Watched<[ReceivedRequest]>
    let port: Int
    private let channel: any Channel

    private init(requests: Watched<[ReceivedRequest]>, channel: any Channel, port: Int) {
        self.requests = requests
        self.channel = channel
        self.port = port
    }

    var url: String { "http://127.0.0.1:\(port)/hook" }

    /// Runs `body` with a receiver that answers so and a sender, and ends both.
    static func with(
        _ answer: Answer,
        timeout: Duration = .seconds(30),
        _ body: (Receiver, any NotificationSender) async throws -> Void
    ) async throws {
        let receiver = try await start(answer)
        let sender = HTTPClientSender(version: "1.2.3", timeout: timeout, validatesHTTPS: true)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(receiver, sender))
        } catch {
            result = .failure(error)
        }
        try await sender.shutdown()
        try await receiver.channel.close()
        try result.get()
    }

    private static func start(_ answer: Answer) async throws -> Receiver {
        let requests = Watched<[ReceivedRequest]>([])
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(CaptureHandler(requests: requests, answer: answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        return Receiver(requests: requests, channel: channel, port: try #require(channel.localAddress?.port))
    }

    /// A port that nobody listens on.
    static func freePort() async throws -> Int {
        let receiver = try await start(.silence)
        try await receiver.channel.close()
        return receiver.port
    }
}

private final class CaptureHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let requests: Watched<[ReceivedRequest]>
    private let answer: Receiver.Answer
    private var received: [UInt8] = []

    init(requests: Watched<[ReceivedRequest]>, answer: Receiver.Answer) {
        self.requests = requests
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.append(contentsOf: Self.unwrapInboundIn(data).readableBytesView)
        guard let request = ReceivedRequest(received) else { return }
        received = []
        requests.update { $0.append(request) }
        switch answer {
        case .bytes(let bytes):
            context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        case .bytesThenClose(let bytes):
            context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
            context.close(promise: nil)
        case .silence:
            break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
