import NIOCore
import WebhookModel

/// The last handler of a connection: sends one request at a time, and reads its answer up to a bound.
final class ExchangeHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What becomes of a connection after an exchange.
    enum Aftermath: Sendable {
        /// It can take another request.
        case reusable
        /// The target is about to end it, and it should be left open until then.
        case ending
        /// It is of no further use.
        case useless
    }

    /// An answer, and what is left of its connection.
    struct Exchange: Sendable {
        var answer: TargetAnswer
        var connection: Aftermath
    }

    /// The connection ended.
    struct ConnectionEndedError: Error {}

    /// Why there was no whole answer, and whether anything of it had come.
    struct ExchangeError: Error {
        var error: any Error
        var answerHasBegun: Bool
    }

    /// Takes an exchange, or why there was none.
    typealias Completion = (Result<Exchange, ExchangeError>) -> Void

    private let answerBytes: Int
    private var context: ChannelHandlerContext?
    /// Takes what comes of the request that is under way; nil when none is.
    private var completion: Completion?
    /// Whether the request has left this process.
    private var isWritten = false
    /// Whether what comes is thrown away.
    private var isDraining = false
    private var parser = AnswerParser()
    private var received = ByteBuffer()
    private var hasReceived = false
    private var head: AnswerHead?
    private var body: [UInt8] = []

    /// Adds the handler to a connection.
    ///
    /// - Parameter answerBytes: How much of a body is read; what comes after it ends the connection.
    static func add(to pipeline: ChannelPipeline.SynchronousOperations, answerBytes: Int) throws {
        try pipeline.addHandler(ExchangeHandler(answerBytes: answerBytes))
    }

    private init(answerBytes: Int) {
        self.answerBytes = answerBytes
    }

    /// Sends the bytes of a request. Call it on the channel's event loop, and only when no other request is under way.
    ///
    /// - Parameter completion: Is called once, on the event loop.
    /// - Returns: Whether the request is under way. Else the connection is of no use, and `completion` is not called.
    func send(_ request: ByteBuffer, _ completion: @escaping Completion) -> Bool {
        guard let context, self.completion == nil, !isDraining else { return false }
        self.completion = completion
        parser = AnswerParser()
        received.clear()
        (hasReceived, isWritten, head) = (false, false, nil)
        body = []
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenSuccess { self.isWritten = true }
        context.writeAndFlush(wrapOutboundOut(request), promise: written)
        return true
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        fail(ConnectionEndedError())
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard completion != nil else {
            // Bytes that nobody asked for.
            if !isDraining { context.close(promise: nil) }
            return
        }
        hasReceived = true
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        do {
            while completion != nil, let part = try parser.next(&received) { take(part) }
            received.discardReadBytes()
        } catch {
            fail(error)
            context.close(promise: nil)
        }
    }

    private func take(_ part: AnswerParser.Part) {
        switch part {
        case .head(let head): self.head = head
        case .body(let part):
            body += part.readableBytesView.prefix(answerBytes - body.count)
            if body.count >= answerBytes { succeed(.useless) }
        case .end:
            let isWhole = isWritten && received.readableBytes == 0
            isDraining = isWhole && !parser.keepsConnection
            succeed(!isWhole ? .useless : isDraining ? .ending : .reusable)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(ConnectionEndedError())
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error)
        context.close(promise: nil)
    }

    private func succeed(_ connection: Aftermath) {
        guard let completion, let head else { return }
        self.completion = nil
        let answer = TargetAnswer(
            status: head.status,
            reason: head.reason,
            headers: head.fields,
            body: body
        )
        body = []
        completion(.success(Exchange(answer: answer, connection: connection)))
    }

    /// Ends the exchange with what has come. Returns whether that is an answer: its status says what the target made of
    /// the notification, whatever becomes of its body.
    func cut() -> Bool {
        guard completion != nil, head != nil else { return false }
        succeed(.useless)
        return true
    }

    private func fail(_ error: any Error) {
        guard !cut(), let completion else { return }
        self.completion = nil
        completion(.failure(ExchangeError(error: error, answerHasBegun: hasReceived)))
    }
}
