import NIOCore
import NIOHTTP1
import NIOHTTPCompression

/// What old HTTP clients need of a server and neither NIO nor Hummingbird does (contract, sections 2 and 9): `100
/// Continue` for those that wait for it, and the end of the connection for HTTP/1.0 clients that wait for that.
///
/// It also bounds how much of a body that nobody reads is thrown away, and answers a body that cannot be unpacked.
final class LegacyClientHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let discardedBytes: Int
    private var bodyBytes = 0
    /// For each request that has no answer yet, oldest first, how its connection goes on.
    private var unanswered: CircularBuffer<Persistence> = []
    private var answered: Persistence = .untouched

    private enum Persistence {
        /// HTTP/1.1 and nothing said: the answer says nothing either.
        case untouched
        /// HTTP/1.0 that asked to keep the connection, and must be told that it is kept.
        case kept
        case closed
    }

    /// - Parameter discardedBytes: How long a body may be before the connection is cut; more than any service reads.
    init(discardedBytes: Int) {
        self.discardedBytes = discardedBytes
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            bodyBytes = 0
            unanswered.append(Self.persistence(head))
            if !Self.isHTTP10(head),
                head.headers[canonicalForm: "expect"].contains(where: { $0.lowercased() == "100-continue" })
            {
                let proceed = HTTPResponseHead(version: .http1_1, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(proceed)), promise: nil)
            }
        case .body(let part):
            bodyBytes += part.readableBytes
            guard bodyBytes <= discardedBytes else { return context.close(promise: nil) }
        case .end: break
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where head.status.code >= 200:
            answered = unanswered.popFirst() ?? .closed
            switch answered {
            case .untouched: break
            case .kept: head.headers.replaceOrAdd(name: "Connection", value: "keep-alive")
            case .closed: head.headers.replaceOrAdd(name: "Connection", value: "close")
            }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end where answered == .closed:
            let channel = context.channel
            let ended = promise ?? context.eventLoop.makePromise(of: Void.self)
            // Half a close: the client reads the answer to its end before it sees the connection go.
            ended.futureResult.whenComplete { _ in channel.close(mode: .output, promise: nil) }
            context.write(data, promise: ended)
        default:
            context.write(data, promise: promise)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is NIOHTTPDecompression.DecompressionError || error is NIOHTTPDecompression.ExtraDecompressionError
        else { return context.fireErrorCaught(error) }
        var head = HTTPResponseHead(version: .http1_1, status: .badRequest)
        head.headers.add(name: "Content-Length", value: "0")
        head.headers.add(name: "Connection", value: "close")
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }

    private static func persistence(_ head: HTTPRequestHead) -> Persistence {
        guard head.isKeepAlive else { return .closed }
        return isHTTP10(head) ? .kept : .untouched
    }

    private static func isHTTP10(_ head: HTTPRequestHead) -> Bool {
        head.version.major == 1 && head.version.minor == 0
    }
}
