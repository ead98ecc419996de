import AgentCore
import NIOCore
import NIOHTTP1

/// The end of a connection's pipeline: one request at a time, and its answer up to a bound.
final class ExchangeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// An answer, and whether the connection can take another request.
    struct Exchange: Sendable {
        var answer: TargetAnswer
        var isReusable: Bool
    }

    /// The connection ended.
    struct Ended: Error {}

    /// Why there was no whole answer, and whether anything of it had come.
    struct Failure: Error {
        var error: any Error
        var answerHasBegun: Bool
    }

    private let answerBytes: Int
    private var context: ChannelHandlerContext?
    private var promise: EventLoopPromise<Result<Exchange, Failure>>?
    private var head: HTTPResponseHead?
    private var body: [UInt8] = []

    /// - Parameter answerBytes: How much of a body is read; what comes after it ends the connection.
    init(answerBytes: Int) {
        self.answerBytes = answerBytes
    }

    /// Sends a request. On the channel's event loop, and only when no other is under way.
    func send(_ request: HTTPRequestHead, body: ByteBuffer) -> EventLoopFuture<Result<Exchange, Failure>>? {
        guard let context, promise == nil else { return nil }
        let promise = context.eventLoop.makePromise(of: Result<Exchange, Failure>.self)
        self.promise = promise
        head = nil
        self.body = []
        context.write(wrapOutboundOut(.head(request)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        return promise.futureResult
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        fail(Ended())
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            // An answer that nobody asked for.
            guard promise != nil else { return context.close(promise: nil) }
            self.head = head
        case .body(let part):
            body += part.readableBytesView.prefix(answerBytes - body.count)
            if body.count >= answerBytes { succeed(isReusable: false) }
        case .end:
            succeed(isReusable: head?.isKeepAlive ?? false)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(Ended())
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error)
        context.close(promise: nil)
    }

    private func succeed(isReusable: Bool) {
        guard let promise, let head else { return }
        self.promise = nil
        let answer = TargetAnswer(
            status: Int(head.status.code),
            reason: head.status.reasonPhrase,
            headers: head.headers.map { .init(key: $0.name, value: $0.value) },
            body: body
        )
        promise.succeed(.success(Exchange(answer: answer, isReusable: isReusable)))
    }

    /// Ends the exchange with what has come. Returns whether that is an answer: its status says what the target made of
    /// the notification (contract, section 7), whatever becomes of its body.
    func cut() -> Bool {
        guard promise != nil, head != nil else { return false }
        succeed(isReusable: false)
        return true
    }

    private func fail(_ error: any Error) {
        guard !cut() else { return }
        promise?.succeed(.failure(Failure(error: error, answerHasBegun: head != nil)))
        promise = nil
    }
}
