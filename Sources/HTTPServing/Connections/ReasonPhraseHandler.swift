import NIOCore
import NIOHTTP1

/// How a service asks for a reason phrase.
package enum ReasonPhrase {
    /// The header in which a service puts the reason phrase of its answer. The header itself is not sent.
    package static let header = "Webhook-Svc-Reason"
}

/// Sends the reason phrases that services ask for: Hummingbird's type for statuses drops all but the standard ones.
final class ReasonPhraseHandler: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .head(var head) = unwrapOutboundIn(data), let reason = head.headers.first(name: ReasonPhrase.header)
        else {
            return context.write(data, promise: promise)
        }
        head.headers.remove(name: ReasonPhrase.header)
        head.status = .custom(code: head.status.code, reasonPhrase: reason)
        context.write(wrapOutboundOut(.head(head)), promise: promise)
    }
}
