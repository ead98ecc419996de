import NIOCore
import NIOSSL
import TestSupport

/// The handlers of a target's connection.
struct TargetEnd: Sendable {
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

/// Counts the bytes that come, whatever they are.
final class ByteCounter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let connections: Watched<Receiver.Connections>

    init(connections: Watched<Receiver.Connections>) {
        self.connections = connections
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let count = Self.unwrapInboundIn(data).readableBytes
        connections.update { $0.bytes += count }
        context.fireChannelRead(data)
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
final class TunnelHandler: ChannelInboundHandler, RemovableChannelHandler {
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
