import NIOCore
import NIOHTTP1

/// Ends a connection on which nothing has been asked for too long.
///
/// It stands before everything that answers requests, so that it knows of all of them.
final class IdleConnectionTimeout: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let time: TimeAmount
    /// Whether a request has arrived whose answer has not come to its end.
    private var owesAnswer = false
    private var eventLoop: (any EventLoop)?
    /// Whether the answer is out before its request has come to its end.
    private var isAnswered = false
    /// When a part of a request or the end of an answer passed last.
    private var lastPassed = NIODeadline.uptimeNanoseconds(0)
    private var timer: Scheduled<Void>?

    /// Creates a handler of one connection.
    ///
    /// - Parameter time: How long the connection may be idle.
    init(after time: TimeAmount) {
        self.time = time
    }

    func handlerAdded(context: ChannelHandlerContext) {
        eventLoop = context.eventLoop
        lastPassed = context.eventLoop.now
        startTimer(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastPassed = context.eventLoop.now
        switch unwrapInboundIn(data) {
        case .head: isAnswered = false
        case .body: break
        case .end: owesAnswer = !isAnswered
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            isAnswered = true
            noteAnswer()
        }
        context.write(data, promise: promise)
    }

    /// A request that did not pass here has arrived.
    func noteRequest() { owesAnswer = true }

    /// An answer is made to its end.
    func noteAnswer() {
        owesAnswer = false
        if let eventLoop { lastPassed = eventLoop.now }
    }

    /// One timer serves all requests of a connection: when it goes off, it looks when the last of them was.
    private func startTimer(_ context: ChannelHandlerContext) {
        let start = owesAnswer ? context.eventLoop.now : lastPassed
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: start + time) {
            if !self.owesAnswer, context.eventLoop.now >= self.lastPassed + self.time {
                context.close(promise: nil)
            } else {
                self.startTimer(context)
            }
        }
    }
}
