import NIOCore
import NIOHTTP1

/// Stands before the decoder and answers the calls whose heads ``RepeatedHeads`` knows. Everything else passes.
///
/// It takes only requests that have come as a whole while no other request of the connection is under way. The limits and
/// deadlines of the guard, which are about requests that have not come as a whole, need not know of them.
final class RepeatedCallHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private let heads: RepeatedHeads
    private let connection: ConnectionProgress
    private let date: DateHeader
    private var context: ChannelHandlerContext?
    private var completion: DirectCompletion?
    /// The bytes that follow the call that waits for its answer. Nil where no call waits.
    private var followers: ByteBuffer?
    /// Whether a read of the channel waits until the call is answered.
    private var holdsRead = false
    /// The event that the handlers behind learn of after the answer.
    private var heldEvent: HeldEvent?
    /// The last answer that was written while an event was held.
    private var lastWrite: EventLoopFuture<Void>?
    /// Whether the current read held calls that this handler answered, and bytes that it passed on.
    private var currentRead = (answered: false, passed: false)
    /// The head of the last answer. Most answers of a second have the same one.
    private var lastHead: (key: AnswerHeadKey, bytes: ByteBuffer)?

    private enum HeldEvent {
        /// The client has closed its output.
        case inputClosed
        /// The service stops.
        case quiesce
    }

    private struct AnswerHeadKey: Equatable {
        var status: Int
        var bodyBytes: Int
        var contentType: String
        var date: String
        var closes: Bool
    }

    /// Creates a handler of one connection.
    ///
    /// - Parameter connection: Knows whether a request is under way in the handlers behind.
    init(heads: RepeatedHeads, connection: ConnectionProgress, date: DateHeader) {
        (self.heads, self.connection, self.date) = (heads, connection, date)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let eventLoop = context.eventLoop
        let handler = NIOLoopBound(self, eventLoop: eventLoop)
        completion = { makeAnswer in
            eventLoop.execute { handler.value.complete(with: makeAnswer) }
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        completion = nil
        followers = nil
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        guard followers == nil else {
            followers?.writeBuffer(&bytes)
            return
        }
        answerCalls(in: bytes, context)
    }

    /// The handlers behind need not know of a read that held calls alone.
    func channelReadComplete(context: ChannelHandlerContext) {
        let isForOthers = currentRead.passed || !currentRead.answered
        currentRead = (false, false)
        if isForOthers { context.fireChannelReadComplete() }
    }

    /// Answers the calls that bytes begin with, and passes the rest on.
    private func answerCalls(in bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        var rest = bytes
        while rest.readableBytes > 0 {
            let request = rest
            guard let completion, connection.isIdle, context.channel.isWritable else { return pass(request, context) }
            guard let call = heads.take(from: &rest) else {
                return heads.learn(from: request) { pass(request, context) }
            }
            currentRead.answered = true
            switch call.call.answer(call.body, completion: completion) {
            case .answered(let answer):
                write(answer, context)
                connection.endCall()
            case .pending:
                connection.beginCall()
                followers = rest
                return
            case .passedOn: return pass(request, context)
            }
        }
    }

    private func pass(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        currentRead.passed = true
        context.fireChannelRead(wrapInboundOut(bytes))
    }

    /// Lets the channel read while a call waits for its answer, so that the end of the connection is seen. Once bytes follow the
    /// call, the channel reads no more until the call is answered.
    func read(context: ChannelHandlerContext) {
        if let followers, followers.readableBytes > 0 { holdsRead = true } else { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard followers != nil else { return context.fireUserInboundEventTriggered(event) }
        switch event {
        case ChannelEvent.inputClosed: heldEvent = heldEvent ?? .inputClosed
        case is ChannelShouldQuiesceEvent: heldEvent = .quiesce
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: Answers

    private func complete(with makeAnswer: () -> DirectAnswer) {
        // Also where the connection has ended: the call counts.
        let answer = makeAnswer()
        guard let context, let followers else { return }
        self.followers = nil
        connection.endCall()
        guard heldEvent != .quiesce, !connection.isStopping else { return writeLast(answer, context) }
        write(answer, context)
        if followers.readableBytes > 0 {
            answerCalls(in: followers, context)
            // The read that brought these bytes is over. The handlers behind look at what they have got when they are told so.
            channelReadComplete(context: context)
        }
        if holdsRead {
            holdsRead = false
            read(context: context)
        }
        if self.followers == nil { passInputClosed(context) }
    }

    /// Tells the handlers behind that the client has closed its output, when all answers are out: they end the connection.
    private func passInputClosed(_ context: ChannelHandlerContext) {
        guard heldEvent == .inputClosed, let lastWrite else { return }
        heldEvent = nil
        self.lastWrite = nil
        lastWrite.assumeIsolated().whenComplete { _ in
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
    }

    /// Writes the answer after which the connection ends, because the service stops.
    private func writeLast(_ answer: DirectAnswer, _ context: ChannelHandlerContext) {
        heldEvent = nil
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in self.connection.end() }
        write(answer, context, written, closes: true)
    }

    private func write(
        _ answer: DirectAnswer,
        _ context: ChannelHandlerContext,
        _ promise: EventLoopPromise<Void>? = nil,
        closes: Bool = false
    ) {
        let key = AnswerHeadKey(
            status: answer.status,
            bodyBytes: answer.body.readableBytes,
            contentType: answer.contentType,
            date: date.text(),
            closes: closes
        )
        let head: ByteBuffer
        if let lastHead, lastHead.key == key {
            head = lastHead.bytes
        } else {
            head = answer.headBytes(date: key.date, closes: closes)
            lastHead = (key, head)
        }
        var bytes = context.channel.allocator.buffer(capacity: head.readableBytes + answer.body.readableBytes)
        bytes.writeImmutableBuffer(head)
        bytes.writeImmutableBuffer(answer.body)
        let promise = heldEvent == nil ? promise : context.eventLoop.makePromise()
        lastWrite = promise?.futureResult
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(bytes)), promise: promise)
    }
}

extension DirectAnswer {
    /// The head as it is sent.
    ///
    /// - Parameters:
    ///   - date: The value of `Date`.
    ///   - closes: Whether the connection ends after the answer.
    fileprivate func headBytes(date: String, closes: Bool) -> ByteBuffer {
        let head = self.head(date: date)
        var bytes = ByteBuffer(string: "HTTP/1.1 \(head.status.code) \(head.status.reasonPhrase)\r\n")
        for (name, value) in head.headers { bytes.writeString("\(name): \(value)\r\n") }
        bytes.writeString(closes ? "Connection: close\r\n\r\n" : "\r\n")
        return bytes
    }
}
