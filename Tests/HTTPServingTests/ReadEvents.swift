import NIOCore

/// Notes the parts that come to the end of a pipeline, and the ends of reads.
final class ReadEvents: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    private let note: (String) -> Void

    init(_ note: @escaping (String) -> Void) { self.note = note }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { note("part") }

    func channelReadComplete(context: ChannelHandlerContext) { note("end of read") }
}
