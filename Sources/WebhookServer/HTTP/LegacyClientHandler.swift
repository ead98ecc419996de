import NIOCore
import NIOHTTP1

/// What old HTTP clients need of a server and neither NIO nor Hummingbird does (contract, sections 2 and 9): `100
/// Continue` for those that wait for it, and the end of the connection for those that wait for that, also while they are
/// still sending what nobody reads.
///
/// It also sends the reason phrases that fronts ask for, and bounds what a request may cost: the time that it may take to
/// arrive, how much of it is thrown away, and how much of its answer waits for a client that does not read. A request that
/// no front can read is answered here, with one line of text. Requests come to it one at a time.
final class LegacyClientHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// What a connection may cost.
    struct Limits: Sendable {
        /// How much of a body is passed on, unpacked: what services read, and one byte that tells them that there is more.
        var passedBytes: Int
        /// How long a body may be before no more of it is read.
        var discardedBytes: Int
        /// How long a request may take from its head to its end.
        var requestTime: TimeAmount
        /// How long a connection may take to its first request, a handshake included.
        var firstRequestTime = TimeAmount.seconds(20)
        /// How long a client may leave what was sent to it unread.
        var stallTime = TimeAmount.seconds(60)
        /// How long a client may go on sending after its last answer.
        var lingerTime = TimeAmount.seconds(5)
    }

    private enum Persistence {
        /// HTTP/1.1 and nothing said: the answer says nothing either.
        case untouched
        /// HTTP/1.0 that asked to keep the connection, and must be told that it is kept.
        case kept
        case closed
    }

    private let limits: Limits
    private let framing: RequestFraming
    private let drain: Drain
    private var bodyBytes = 0
    private var arrival: Scheduled<Void>?
    /// Whether a request has begun and not ended.
    private var isArriving = false
    /// Ends a connection whose last answer is out.
    private var farewell: Scheduled<Void>?
    /// How the connection goes on after the answer to the request that has none yet; nil when there is no such request.
    private var unanswered: Persistence?
    private var answered: Persistence = .untouched
    /// Whether the head of an answer is out, and its end is not.
    private var isAnswering = false
    /// The end of an answer of which the client has yet to take most; the next request is not begun before it is out.
    private var heldEnd: (end: NIOAny, promise: EventLoopPromise<Void>?)?
    /// The last answer is out: what still comes is thrown away.
    private var isLingering = false
    /// The body is too long: nothing more is read.
    private var isDeaf = false
    /// The request was answered here: what its service makes of it comes too late.
    private var isAnsweredHere = false
    /// Whether the head that has begun has taken too long.
    private var isHeadLate = false
    /// Whether the request that has no answer yet is a HEAD, which is answered without a body.
    private var isHead = false
    /// Whether it is of a client that knows no chunks.
    private var isOld = false

    /// Creates a handler.
    ///
    /// - Parameters:
    ///   - framing: Knows whether a part of a head has come.
    ///   - drain: Knows whether the service is about to stop.
    init(limits: Limits, framing: RequestFraming = RequestFraming(), drain: Drain = Drain()) {
        self.limits = limits
        self.framing = framing
        self.drain = drain
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // What is cut off must not look like the whole: not even its end is passed on.
        guard !isDeaf, !isAnsweredHere else { return }
        let part = unwrapInboundIn(data)
        switch part {
        case .head(var head):
            guard !isLingering else { return }
            bodyBytes = 0
            unanswered = Self.persistence(head)
            isHead = head.method == .HEAD
            isOld = Self.isHTTP10(head)
            endArrival()
            isArriving = true
            guard head.method != .CONNECT else {
                let methods: HTTPHeaders = ["Allow": "GET, HEAD, POST"]
                return answerHere(
                    context,
                    .methodNotAllowed,
                    "CONNECT asks for a proxy, which this service is not.",
                    methods
                )
            }
            do {
                try RequestTarget.settle(&head)
            } catch {
                return answerHere(context, .badRequest, error.text)
            }
            defer { context.fireChannelRead(wrapInboundOut(.head(head))) }
            if Self.waitsForContinue(head) {
                let proceed = HTTPResponseHead(version: .http1_1, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(proceed)), promise: nil)
            }
            return
        case .body(var part):
            let room = max(0, limits.passedBytes - bodyBytes)
            bodyBytes += part.readableBytes
            guard bodyBytes <= limits.discardedBytes else { return refuseRest(context) }
            guard part.readableBytes <= room else {
                // Thrown away here: what nobody reads would be kept for whoever might.
                guard room > 0, let passed = part.readSlice(length: room), !isLingering else { return }
                return context.fireChannelRead(wrapInboundOut(.body(passed)))
            }
        case .end:
            endArrival()
        }
        if !isLingering { context.fireChannelRead(data) }
    }

    func read(context: ChannelHandlerContext) {
        if !isDeaf { context.read() }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Most requests arrive as a whole and need no timer.
        let isWaitingForRest = isArriving || (framing.hasPartialHead && unanswered == nil && !isAnswering)
        if isWaitingForRest, arrival == nil { limitArrival(context, to: limits.requestTime) }
        context.fireChannelReadComplete()
        // Nobody further on asks for more any longer.
        if isLingering { read(context: context) }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        limitArrival(context, to: limits.firstRequestTime)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, let held = heldEnd {
            heldEnd = nil
            writeEnd(context, held.end, held.promise)
            context.flush()
        }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        farewell?.cancel()
        heldEnd?.promise?.fail(ChannelError.ioOnClosedChannel)
        heldEnd = nil
        endArrival()
        context.fireChannelInactive()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isAnsweredHere else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var head) where head.status.code >= 200:
            answered = drain.hasBegun ? .closed : unanswered ?? .closed
            if isOld, !isHead, head.status.mayHaveResponseBody, !head.headers.contains(name: "Content-Length") {
                // An answer of unknown length ends with its connection. This version keeps NIO from making chunks of it.
                head.version = .http1_0
                answered = .closed
            }
            unanswered = nil
            isAnswering = true
            Self.restoreReason(&head)
            switch answered {
            case .untouched: break
            case .kept: head.headers.replaceOrAdd(name: "Connection", value: "keep-alive")
            case .closed: head.headers.replaceOrAdd(name: "Connection", value: "close")
            }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end where !context.channel.isWritable: heldEnd = (data, promise)
        case .end: writeEnd(context, data, promise)
        default: context.write(data, promise: promise)
        }
    }

    private func writeEnd(_ context: ChannelHandlerContext, _ end: NIOAny, _ promise: EventLoopPromise<Void>?) {
        isAnswering = false
        guard answered == .closed else { return context.write(end, promise: promise) }
        let ended = promise ?? context.eventLoop.makePromise(of: Void.self)
        ended.futureResult.assumeIsolated().whenComplete { _ in self.linger(context) }
        context.write(end, promise: ended)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The service stops: a request that has not arrived by now is not waited for.
        if event is ChannelShouldQuiesceEvent {
            context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) {
                if self.arrival != nil { context.close(promise: nil) }
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isAnsweredHere else { return }
        switch error {
        case is BodyUnpacker.TooLong: refuseRest(context)
        case let failure as Inflation.Failure:
            answerHere(context, failure == .noMemory ? .serviceUnavailable : .badRequest, failure.text)
        case is HTTPParserError where isHeadLate: answerHere(context, .requestTimeout, Self.late)
        case let error as HTTPParserError:
            let (status, text) = Self.refusal(of: error)
            answerHere(context, status, text)
        default: context.fireErrorCaught(error)
        }
    }

    /// Answers the request that has no answer yet, with one line of text, and ends the connection: what may still come of
    /// the request is not read.
    private func answerHere(
        _ context: ChannelHandlerContext,
        _ status: HTTPResponseStatus,
        _ text: String,
        _ headers: HTTPHeaders = [:]
    ) {
        guard !isAnsweredHere, !isDeaf, !isLingering else { return }
        guard !isAnswering else { return context.close(promise: nil) }
        endArrival()
        unanswered = nil
        answered = .closed
        let body = ByteBuffer(string: text + "\n")
        var head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        head.headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
        head.headers.add(name: "Cache-Control", value: "no-store")
        head.headers.add(name: "Content-Length", value: String(body.readableBytes))
        head.headers.add(name: "Connection", value: "close")
        isAnsweredHere = true
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !isHead { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        writeEnd(context, wrapOutboundOut(.end(nil)), nil)
        context.flush()
    }

    /// What a client is told whose bytes are no request.
    private static func refusal(of error: HTTPParserError) -> (HTTPResponseStatus, String) {
        switch error {
        case .headerOverflow:
            (.requestHeaderFieldsTooLarge, "The request's headers are more than this service reads (80 KiB in all).")
        case .invalidVersion: (.httpVersionNotSupported, "This service speaks HTTP/1.1 and HTTP/1.0.")
        case .invalidContentLength, .unexpectedContentLength:
            (
                .badRequest,
                "The request's Content-Length is no number, stands there twice, or stands beside Transfer-Encoding."
            )
        case .invalidChunkSize: (.badRequest, "The request's body is not in chunks, as Transfer-Encoding says.")
        default: (.badRequest, "This is not a request in HTTP/1.1.")
        }
    }

    private func limitArrival(_ context: ChannelHandlerContext, to time: TimeAmount) {
        arrival?.cancel()
        arrival = context.eventLoop.assumeIsolated().scheduleTask(in: time) { self.expire(context) }
    }

    /// The request has taken too long. A client that has sent a part of one is told.
    private func expire(_ context: ChannelHandlerContext) {
        arrival = nil
        guard !isAnswering, !isAnsweredHere else { return context.close(promise: nil) }
        if unanswered != nil {
            answerHere(context, .requestTimeout, Self.late)
        } else if framing.hasPartialHead {
            // The handler that keeps answers in order lets an answer without a request pass after a parser's error alone.
            isHeadLate = true
            context.channel.pipeline.fireErrorCaught(HTTPParserError.invalidEOFState)
        } else {
            context.close(promise: nil)
        }
    }

    private static let late = "The request did not arrive as a whole in time."

    private func endArrival() {
        isArriving = false
        arrival?.cancel()
        arrival = nil
    }

    /// The client may still get an answer, and time to read it, but is heard no longer: a close with an answer on its way
    /// would throw that away.
    private func refuseRest(_ context: ChannelHandlerContext) {
        guard !isDeaf else { return }
        isDeaf = true
        endArrival()
        guard !isLingering else { return }
        if unanswered != nil {
            unanswered = .closed
        } else if isAnswering {
            answered = .closed
        } else {
            return linger(context)
        }
        end(context, in: limits.requestTime)
    }

    /// Half a close: the client reads the answer to its end before it sees the connection go.
    private func linger(_ context: ChannelHandlerContext) {
        isLingering = true
        endArrival()
        context.channel.close(mode: .output, promise: nil)
        read(context: context)
        end(context, in: limits.lingerTime)
    }

    private func end(_ context: ChannelHandlerContext, in time: TimeAmount) {
        let channel = context.channel
        farewell?.cancel()
        farewell = context.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
    }

    /// Where a front puts the reason phrase of its answer: NIO's own type for statuses drops all but the standard ones.
    static let reasonHeader = "Webhook-Svc-Reason"

    private static func restoreReason(_ head: inout HTTPResponseHead) {
        guard let reason = head.headers.first(name: reasonHeader) else { return }
        head.headers.remove(name: reasonHeader)
        head.status = .custom(code: head.status.code, reasonPhrase: reason)
    }

    private static func waitsForContinue(_ head: HTTPRequestHead) -> Bool {
        !isHTTP10(head) && head.headers[canonicalForm: "expect"].contains { $0.lowercased() == "100-continue" }
    }

    private static func persistence(_ head: HTTPRequestHead) -> Persistence {
        guard head.isKeepAlive else { return .closed }
        return isHTTP10(head) ? .kept : .untouched
    }

    private static func isHTTP10(_ head: HTTPRequestHead) -> Bool {
        head.version.major == 1 && head.version.minor == 0
    }
}
