import NIOCore
import NIOHTTP1

/// Holds the end of an answer back until the client has taken most of the answer, because the next request begins only
/// after the end. A client that sends requests and reads no answers therefore makes no work.
final class AnswerEndHold: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart

    private var held: (end: NIOAny, promise: EventLoopPromise<Void>?)?

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data), !context.channel.isWritable {
            held = (data, promise)
        } else {
            context.write(data, promise: promise)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, let held {
            self.held = nil
            context.writeAndFlush(held.end, promise: held.promise)
        }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        held?.promise?.fail(ChannelError.ioOnClosedChannel)
        held = nil
        context.fireChannelInactive()
    }
}
