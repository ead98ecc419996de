import NIOCore
import NIOHTTP1
import RequestDecoding

/// Guards one HTTP/1 connection: bounds what a request may cost, and ends the connection so that its client can read the
/// last answer (docs/contract.md#section-2 and docs/contract.md#section-9).
///
/// NIO and Hummingbird leave this to the application: `100 Continue` for clients that wait for it, `Connection` for clients
/// in HTTP/1.0, an answer to requests that no service can read, the time that a request may take to arrive, how much of a
/// body is read, and a lingering close. ``ConnectionStateMachine`` decides; this handler owns the timers and does the rest.
final class HTTPConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let limits: HTTPConnectionLimits
    private let framing: RequestFraming
    private let drain: Drain
    private var machine: ConnectionStateMachine
    /// Ends a request that takes too long to arrive.
    private var requestTimer: Scheduled<Void>?
    /// Ends a connection from which no more requests are taken.
    private var closeTimer: Scheduled<Void>?

    private var context: ChannelHandlerContext?

    /// The handlers that stand between the guard and the service.
    static var followers: [any ChannelHandler] { [AnswerEndHold(), ReasonPhraseHandler()] }

    /// Creates a guard of one connection.
    ///
    /// - Parameters:
    ///   - framing: Knows whether a part of a head has come.
    ///   - drain: Knows whether the service is about to stop.
    init(limits: HTTPConnectionLimits, framing: RequestFraming = RequestFraming(), drain: Drain = Drain()) {
        self.limits = limits
        self.framing = framing
        self.drain = drain
        machine = ConnectionStateMachine(passedBytes: limits.passedBytes, readBytes: limits.discardedBytes)
    }

    // MARK: The connection

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        startRequestTimer(context, limits.firstRequestTime)
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// Whether no request is under way and another one may begin.
    var isIdle: Bool { machine.state == .idle }

    /// Ends the connection after an answer that a handler before this one has written.
    func end() {
        guard let context else { return }
        machine.finish()
        linger(context)
    }

    func read(context: ChannelHandlerContext) {
        if machine.reads { context.read() }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Most requests arrive as a whole and need no timer.
        if requestTimer == nil, machine.awaitsRequest(hasPartialHead: framing.hasPartialHead) {
            startRequestTimer(context, limits.requestTime)
        }
        context.fireChannelReadComplete()
        // The service asks for no more after the last answer.
        if case .lingering = machine.state { read(context: context) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        machine.close()
        cancelRequestTimer()
        closeTimer?.cancel()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case is BodyUnpacker.TooLongError: handle(machine.refuseBody(), context)
        case let failure as Inflation.InflationError: reject(context, .unreadableBody(failure))
        case is HTTPParserError where machine.state == .headExpired: reject(context, .late)
        case let error as HTTPParserError: reject(context, .unreadable(error))
        default: if !machine.hasFinished { context.fireErrorCaught(error) }
        }
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): receive(head, context)
        case .body(let body): handle(machine.receiveBody(bytes: body.readableBytes), context, body)
        case .end:
            let action = machine.receiveEnd()
            // The request is here as a whole, whatever becomes of it.
            cancelRequestTimer()
            guard action == .pass else { return }
            context.fireChannelRead(data)
        }
    }

    private func receive(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard machine.receiveHead(.init(head)) == .pass else { return }
        cancelRequestTimer()
        guard head.method != .CONNECT else { return reject(context, .proxyRequest) }
        var head = head
        do {
            try RequestTarget.settle(&head)
        } catch {
            return reject(context, .unclearTarget(error))
        }
        if head.expectsContinue {
            let proceed = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(proceed)), promise: nil)
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    private func handle(
        _ action: ConnectionStateMachine.InboundAction,
        _ context: ChannelHandlerContext,
        _ body: ByteBuffer? = nil
    ) {
        switch action {
        case .pass: if let body { context.fireChannelRead(wrapInboundOut(.body(body))) }
        case .passBeginning(let bytes):
            // Hummingbird would keep the rest in memory for a reader that does not come.
            guard let beginning = body?.getSlice(at: body?.readerIndex ?? 0, length: bytes) else { return }
            context.fireChannelRead(wrapInboundOut(.body(beginning)))
        case .discard: break
        case .stopReading:
            cancelRequestTimer()
            startCloseTimer(context, limits.requestTime)
        case .linger: linger(context)
        }
    }

    private func startRequestTimer(_ context: ChannelHandlerContext, _ time: TimeAmount) {
        requestTimer = context.eventLoop.assumeIsolated().scheduleTask(in: time) {
            self.requestTimer = nil
            switch self.machine.expireRequest(hasPartialHead: self.framing.hasPartialHead) {
            case .respond(let hasBody): self.respond(context, .late, hasBody: hasBody)
            case .reportParserError: context.channel.pipeline.fireErrorCaught(HTTPParserError.invalidEOFState)
            case .close: context.close(promise: nil)
            }
        }
    }

    private func cancelRequestTimer() {
        requestTimer?.cancel()
        requestTimer = nil
    }

    // MARK: Answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where head.status.code >= 200:
            let needsChunks =
                head.status.mayHaveResponseBody && !head.headers.contains(name: "Content-Length")
            switch machine.beginAnswer(.init(needsChunks: needsChunks, isDraining: drain.hasBegun)) {
            case .write(let connection, let isHTTP10):
                // This version keeps NIO from making chunks of the body.
                if isHTTP10 { head.version = .http1_0 }
                if let connection { head.headers.replaceOrAdd(name: "Connection", value: connection) }
                context.write(wrapOutboundOut(.head(head)), promise: promise)
            case .fail: promise?.fail(ChannelError.ioOnClosedChannel)
            }
        case .end:
            switch machine.endAnswer() {
            case .write: context.write(data, promise: promise)
            case .writeAndFinish: writeLastEnd(context, data, promise)
            case .fail: promise?.fail(ChannelError.ioOnClosedChannel)
            }
        default:
            guard machine.takesAnswerParts else {
                promise?.fail(ChannelError.ioOnClosedChannel)
                return
            }
            context.write(data, promise: promise)
        }
    }

    private func writeLastEnd(_ context: ChannelHandlerContext, _ end: NIOAny, _ promise: EventLoopPromise<Void>?) {
        let written = promise ?? context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in
            if self.machine.finishAnswer() { self.linger(context) }
        }
        context.write(end, promise: written)
    }

    private func reject(_ context: ChannelHandlerContext, _ rejection: RequestRejection) {
        switch machine.reject() {
        case .respond(let hasBody): respond(context, rejection, hasBody: hasBody)
        case .linger: linger(context)
        case .close: context.close(promise: nil)
        case .ignore: break
        }
    }

    /// Answers the request that has no answer yet, with one line of text, and ends the connection.
    private func respond(_ context: ChannelHandlerContext, _ rejection: RequestRejection, hasBody: Bool) {
        cancelRequestTimer()
        let body = ByteBuffer(string: rejection.text + "\n")
        context.write(wrapOutboundOut(.head(rejection.head(bodyBytes: body.readableBytes))), promise: nil)
        if hasBody { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        writeLastEnd(context, wrapOutboundOut(.end(nil)), nil)
        context.flush()
    }

    /// Closes the output alone: the client reads the answer to its end before it sees the connection go.
    private func linger(_ context: ChannelHandlerContext) {
        cancelRequestTimer()
        context.channel.close(mode: .output, promise: nil)
        read(context: context)
        startCloseTimer(context, limits.lingerTime)
    }

    private func startCloseTimer(_ context: ChannelHandlerContext, _ time: TimeAmount) {
        let channel = context.channel
        closeTimer?.cancel()
        closeTimer = context.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
    }
}

extension ConnectionStateMachine.Request {
    fileprivate init(_ head: HTTPRequestHead) {
        self.init(keepsConnection: head.isKeepAlive, isHTTP10: head.isHTTP10, isHEAD: head.method == .HEAD)
    }
}

extension HTTPRequestHead {
    fileprivate var isHTTP10: Bool { version.major == 1 && version.minor == 0 }

    fileprivate var expectsContinue: Bool {
        !isHTTP10 && headers[canonicalForm: "expect"].contains { $0.lowercased() == "100-continue" }
    }
}
