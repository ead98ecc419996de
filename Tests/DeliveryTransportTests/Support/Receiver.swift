import DeliveryTransport
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Networking
import TestSupport
import Testing

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

/// A target on a loopback socket that captures requests and answers each with the same bytes. It can be a proxy, or a
/// proxy and the target behind it in one.
final class Receiver: Sendable {
    indirect enum Answer: Sendable {
        case bytes([UInt8])
        case bytesThenClose([UInt8], after: TimeAmount = .zero)
        /// One after the other, with a pause before each.
        case inParts([[UInt8]], every: TimeAmount)
        /// To the first bytes that come, and then the target reads no more.
        case bytesBeforeReading([UInt8])
        /// None; the connection ends, and TLS does not say so.
        case hangUp
        /// To each request the next, and then always the last.
        case inTurn([Answer])
        /// To the first bytes that come, whatever they are.
        case bytesAtOnce([UInt8])
        /// The first bytes, and then the others again and again.
        case poured([UInt8], [UInt8], every: TimeAmount)
        case silence

        /// Lines and body, with the length that the body has.
        static func http(_ head: String, _ body: [UInt8] = []) -> Answer {
            .bytes(Array("\(head)\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)
        }
    }

    /// What stands between the socket and the requests.
    struct Layers: Sendable {
        /// What a request for a tunnel is answered with; what follows is then for the target. Nil where no tunnel is.
        var tunnel: String?
        var tls: NIOSSLContext?
    }

    struct Connections: Sendable {
        var opened: [any Channel] = []
        var closed = 0

        var open: Int { opened.count - closed }
    }

    let requests: Watched<[ReceivedRequest]>
    let tunnels: Watched<[ReceivedRequest]>
    let connections: Watched<Connections>
    let port: Int
    private let channel: any Channel

    private init(
        requests: Watched<[ReceivedRequest]>,
        tunnels: Watched<[ReceivedRequest]>,
        connections: Watched<Connections>,
        channel: any Channel,
        port: Int
    ) {
        self.requests = requests
        self.tunnels = tunnels
        self.connections = connections
        self.channel = channel
        self.port = port
    }

    var url: String { "http://127.0.0.1:\(port)/hook" }

    /// Runs `body` with a receiver that answers so and a sender with one thread, and ends both.
    ///
    /// - Parameter adjust: Changes the sender's settings.
    static func with(
        _ answer: Answer,
        layers: Layers = Layers(),
        timeout: Duration = .seconds(30),
        addresses: AddressPolicy = AddressPolicy(allowsEverything: true),
        resolver: any NameResolver = SystemResolver(),
        time: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        adjust: (inout SocketSender.Settings, Receiver) -> Void = { _, _ in },
        _ body: (Receiver, SocketSender) async throws -> Void
    ) async throws {
        let receiver = try await start(answer, layers)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var settings = SocketSender.Settings(timeout: timeout, addresses: addresses)
        adjust(&settings, receiver)
        let result: Result<Void, any Error>
        do {
            let sender = try SocketSender(
                version: "1.2.3",
                settings: settings,
                resolver: resolver,
                group: group,
                time: time
            )
            do {
                try await body(receiver, sender)
                result = .success(())
            } catch {
                result = .failure(error)
            }
            await sender.shutdown()
        } catch {
            result = .failure(error)
        }
        try await group.shutdownGracefully()
        try await receiver.channel.close()
        try result.get()
    }

    private static func start(_ answer: Answer, _ layers: Layers) async throws -> Receiver {
        let requests = Watched<[ReceivedRequest]>([])
        let tunnels = Watched<[ReceivedRequest]>([])
        let connections = Watched(Connections())
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                connections.update { $0.opened.append(channel) }
                channel.closeFuture.whenComplete { _ in connections.update { $0.closed += 1 } }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    let end = TargetEnd(tls: layers.tls, requests: requests, answer: answer)
                    if let tunnel = layers.tunnel {
                        try pipeline.addHandler(TunnelHandler(requests: tunnels, answer: tunnel, end: end))
                    } else {
                        try end.add(to: pipeline)
                    }
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        return Receiver(
            requests: requests,
            tunnels: tunnels,
            connections: connections,
            channel: channel,
            port: try #require(channel.localAddress?.port)
        )
    }

    /// Closes every connection, and returns once they are closed on this side.
    func closeConnections() async throws {
        for channel in connections.value.opened { channel.close(promise: nil) }
        try await connections.wait { $0.open == 0 }
    }

    /// A port that nobody listens on.
    static func freePort() async throws -> Int {
        let receiver = try await start(.silence, Layers())
        try await receiver.channel.close()
        return receiver.port
    }
}

/// The handlers of a target's connection.
private struct TargetEnd: Sendable {
    var tls: NIOSSLContext?
    var requests: Watched<[ReceivedRequest]>
    var answer: Receiver.Answer

    static let bottom = "bottom"

    func add(to pipeline: ChannelPipeline.SynchronousOperations) throws {
        try pipeline.addHandler(Bottom(), name: Self.bottom)
        if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
        try pipeline.addHandler(CaptureHandler(requests: requests, answer: answer))
    }
}

/// A place from which a connection is closed past all handlers.
private final class Bottom: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
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
        if case .bytesAtOnce(let bytes) = answer {
            context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
            return context.close(promise: nil)
        }
        if case .bytesBeforeReading(let bytes) = answer {
            context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
            return context.channel.setOption(.autoRead, value: false).whenFailure { _ in }
        }
        received.append(contentsOf: Self.unwrapInboundIn(data).readableBytesView)
        guard let request = ReceivedRequest(received) else { return }
        received = []
        let number = requests.update {
            $0.append(request)
            return $0.count - 1
        }
        if case .inTurn(let answers) = answer {
            send(answers[min(number, answers.count - 1)], context)
        } else {
            send(answer, context)
        }
    }

    private func send(_ answer: Receiver.Answer, _ context: ChannelHandlerContext) {
        switch answer {
        case .bytes(let bytes):
            context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        case .bytesThenClose(let bytes, let pause):
            context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
            guard pause > .zero else { return context.close(promise: nil) }
            let channel = context.channel
            channel.eventLoop.scheduleTask(in: pause) { channel.close(promise: nil) }
        case .inParts(let parts, let pause):
            for (number, part) in parts.enumerated() {
                let channel = context.channel
                channel.eventLoop.scheduleTask(in: pause * (number + 1)) {
                    channel.writeAndFlush(ByteBuffer(bytes: part), promise: nil)
                }
            }
        case .hangUp:
            // From below TLS.
            let bottom = try? context.pipeline.syncOperations.context(name: TargetEnd.bottom)
            bottom?.close(promise: nil)
        case .poured(let first, let others, let pause):
            context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(bytes: first)), promise: nil)
            Self.pour(ByteBuffer(bytes: others), into: context.channel, every: pause)
        case .bytesAtOnce, .bytesBeforeReading, .inTurn, .silence:
            break
        }
    }

    /// Goes on until the channel is closed.
    private static func pour(_ part: ByteBuffer, into channel: any Channel, every pause: TimeAmount) {
        channel.eventLoop.scheduleTask(in: pause) {
            channel.writeAndFlush(part).whenSuccess { pour(part, into: channel, every: pause) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

/// Answers one request for a tunnel and then makes way for the target.
private final class TunnelHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let requests: Watched<[ReceivedRequest]>
    private let answer: String
    private let end: TargetEnd
    private var received: [UInt8] = []

    init(requests: Watched<[ReceivedRequest]>, answer: String, end: TargetEnd) {
        self.requests = requests
        self.answer = answer
        self.end = end
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.append(contentsOf: Self.unwrapInboundIn(data).readableBytesView)
        guard let request = ReceivedRequest(received) else { return }
        requests.update { $0.append(request) }
        context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        do {
            try end.add(to: context.pipeline.syncOperations)
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        } catch {
            context.close(promise: nil)
        }
    }
}
