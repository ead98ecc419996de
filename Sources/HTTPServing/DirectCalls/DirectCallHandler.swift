import Foundation
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import Networking
import Synchronization
import Text

/// Takes the requests of one connection that ``DirectCalls`` has a call for, and writes their answers. All others pass.
///
/// It stands behind ``HTTPConnectionGuard``, whose limits and deadlines hold for every request, and which lets the next
/// request begin after the answer to the one before it.
final class DirectCallHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        /// No request has begun, or a task answers it.
        case passing
        /// The body is arriving.
        case gathering(HTTPRequestHead, any DirectCall, ByteBuffer)
        /// The answer is being made.
        case answering
    }

    private let calls: any DirectCalls
    private let heads: RepeatedHeads?
    private let date: DateHeader
    private var state = State.passing
    private var context: ChannelHandlerContext?
    /// The head that a call was found for last: clients send the same one again and again.
    private var known: (head: HTTPRequestHead, call: any DirectCall)?
    /// Whether the client has closed its output while the answer was being made.
    private var isInputClosed = false
    /// Whether the end of an answer is being written, which may begin the next request.
    private var isWriting = false
    private let longestBody: Int

    /// A request with a longer body passes, in bytes: reading it would hold the loop's other connections up.
    static let longestBody = 32 << 10

    /// Creates a handler of one connection.
    ///
    /// - Parameters:
    ///   - heads: Remembers the heads of calls.
    ///   - longestBody: How long the body of a request may be, in bytes. A longer one passes.
    init(
        calls: any DirectCalls,
        date: DateHeader,
        heads: RepeatedHeads? = nil,
        longestBody: Int = longestBody
    ) {
        (self.calls, self.date, self.heads) = (calls, date, heads)
        self.longestBody = min(longestBody, Self.longestBody)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard let call = call(for: head, context) else {
                state = .passing
                return context.fireChannelRead(data)
            }
            state = .gathering(head, call, ByteBuffer())
        case .body(var part):
            guard case .gathering(let head, let call, var body) = state else { return context.fireChannelRead(data) }
            guard body.readableBytes + part.readableBytes <= longestBody else {
                pass(head, body, context)
                return context.fireChannelRead(data)
            }
            state = .passing
            if body.readableBytes == 0 { body = part } else { body.writeBuffer(&part) }
            state = .gathering(head, call, body)
        case .end:
            guard case .gathering(let head, let call, let body) = state else { return context.fireChannelRead(data) }
            state = .answering
            guard isWriting else { return begin(call, head, body, context) }
            // Requests that wait behind each other begin within each other; a turn of the loop keeps the stack short.
            let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
            context.eventLoop.execute {
                let handler = handler.value
                guard let context = handler.context else { return }
                handler.begin(call, head, body, context)
                // The read that brought the request is over. Hummingbird looks at parts when it is told so.
                context.fireChannelReadComplete()
            }
        }
    }

    private func begin(
        _ call: any DirectCall,
        _ head: HTTPRequestHead,
        _ body: ByteBuffer,
        _ context: ChannelHandlerContext
    ) {
        heads?.add(call, bodyBytes: body.readableBytes)
        switch call.answer(body, completion: completion(on: context.eventLoop)) {
        case .answered(let answer): write(answer, context)
        case .pending: break
        case .passedOn:
            pass(head, body, context)
            context.fireChannelRead(wrapInboundOut(.end(nil)))
            if isInputClosed { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
        }
    }

    private func pass(_ head: HTTPRequestHead, _ body: ByteBuffer, _ context: ChannelHandlerContext) {
        state = .passing
        context.fireChannelRead(wrapInboundOut(.head(head)))
        if body.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(.body(body))) }
    }

    private func call(for head: HTTPRequestHead, _ context: ChannelHandlerContext) -> (any DirectCall)? {
        if let known, known.head.isSame(as: head) { return known.call }
        guard head.method == .POST,
            let length = head.headers.first(name: "Content-Length").flatMap({ Int($0) }), length <= longestBody,
            let request = try? HTTPRequest(head, secure: false, splitCookie: false),
            let call = calls.call(request, from: context.remoteAddress)
        else { return nil }
        known = (head, call)
        return call
    }

    /// Holds the end of the client's output back while an answer is due: the handlers behind would end the connection.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .answering = state, case ChannelEvent.inputClosed = event {
            isInputClosed = true
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: Answers

    private func completion(on eventLoop: any EventLoop) -> DirectCompletion {
        let handler = NIOLoopBound(self, eventLoop: eventLoop)
        return { makeAnswer in
            eventLoop.execute { handler.value.complete(with: makeAnswer) }
        }
    }

    private func complete(with makeAnswer: () -> DirectAnswer) {
        // Also where the connection has ended: the call counts.
        let answer = makeAnswer()
        guard case .answering = state, let context else { return }
        write(answer, context)
    }

    private func write(_ answer: DirectAnswer, _ context: ChannelHandlerContext) {
        // The next request may begin as soon as the end is written.
        state = .passing
        context.write(wrapOutboundOut(.head(answer.head(date: date.text()))), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: nil)
        let written = isInputClosed ? context.eventLoop.makePromise(of: Void.self) : nil
        written?.futureResult.assumeIsolated().whenComplete { _ in
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
        isWriting = true
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
        isWriting = false
    }
}

extension DirectAnswer {
    /// The head of the answer.
    ///
    /// - Parameter date: The value of `Date`.
    func head(date: String) -> HTTPResponseHead {
        let headers: HTTPHeaders = [
            "Content-Type": contentType, "Content-Length": String(body.readableBytes), "Cache-Control": "no-store",
            "Date": date,
        ]
        return HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
    }
}

extension HTTPRequestHead {
    /// Whether another head asks for the same in the same way; the length of the body does not count.
    fileprivate func isSame(as other: HTTPRequestHead) -> Bool {
        guard method == other.method, uri.isSame(as: other.uri), version == other.version,
            headers.count == other.headers.count
        else { return false }
        for (one, two) in zip(headers, other.headers)
        where !one.value.isSame(as: two.value) || !one.name.isSame(as: two.name) {
            guard one.name.isSame(as: two.name), one.name.utf8.count == "content-length".utf8.count,
                one.name.lowercased() == "content-length"
            else { return false }
        }
        return true
    }
}

/// The value of the header `Date`, which changes once a second.
final class DateHeader: Sendable {
    private let last = Mutex((second: Int.min, text: ""))

    /// The date of now.
    func text(of now: Date = Date()) -> String {
        let second = Int(now.timeIntervalSince1970.rounded(.down))
        return last.withLock { last in
            if last.second != second { last = (second, HTTPDate.text(now)) }
            return last.text
        }
    }
}
