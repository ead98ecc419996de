import NIOCore
import NIOEmbedded
import NIOHTTP1
import Synchronization

@testable import HTTPServing

/// A connection with all handlers of the real one that stand behind TLS, and a clock that a test moves.
struct GuardedConnection {
    static let limits = HTTPConnectionLimits(
        passedBytes: 1000,
        discardedBytes: 4000,
        requestTime: .seconds(60),
        lingerTime: .seconds(5)
    )

    let channel: EmbeddedChannel
    let calls = ScriptedCalls()
    let drain = Drain()

    /// Creates a connection on which nothing has been asked.
    ///
    /// - Parameter repeats: Whether a call whose head is known is answered before the decoder.
    init(repeats: Bool = true) throws {
        channel = EmbeddedChannel()
        let table = ConnectionTable(limits: .init(connections: 10, perNetwork: 10))
        let http = GuardedHTTPChannel(
            responder: { _, _, _ in },
            calls: calls,
            idleTimeout: .seconds(120),
            limits: Self.limits,
            certificate: nil,
            table: table,
            drain: drain
        )
        let pipeline = channel.pipeline.syncOperations
        try http.addHandlers(to: pipeline, of: table.enter(channel))
        try pipeline.addHandler(Tasks())
        if !repeats {
            pipeline.removeHandler(try pipeline.handler(type: RepeatedCallHandler.self), promise: nil)
        }
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
    }

    func send(_ bytes: some Sequence<UInt8>) throws {
        try channel.writeInbound(ByteBuffer(bytes: bytes))
        channel.embeddedEventLoop.run()
    }

    func send(_ text: String) throws { try send(text.utf8) }

    /// Lets time pass.
    func wait(_ seconds: Int64) { channel.embeddedEventLoop.advanceTime(by: .seconds(seconds)) }

    func answerWaiting() {
        calls.answerWaiting()
        channel.embeddedEventLoop.run()
    }

    /// Everything that was written since this was asked last, without the values of `Date`.
    func written() throws -> String {
        var text = ""
        while let data = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: data) }
        return text.replacing(/Date: [^\r]*/, with: "Date: now")
    }

    /// How often a head was decoded and a call looked for.
    var lookUps: Int { calls.found.withLock { $0.count } }

    /// A request with a length.
    static func request(_ path: String, _ body: String, _ headers: [String] = []) -> String {
        let lines = ["POST \(path) HTTP/1.1", "Host: x"] + headers + ["Content-Length: \(body.utf8.count)", "Last: y"]
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    /// Answers what no call is for.
    private final class Tasks: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private var body = ByteBuffer()

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head: body = ByteBuffer()
            case .body(var part): body.writeBuffer(&part)
            case .end:
                let headers: HTTPHeaders = ["Content-Length": String(body.readableBytes), "Source": "task"]
                let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)
                context.write(wrapOutboundOut(.head(head)), promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
        }
    }
}
