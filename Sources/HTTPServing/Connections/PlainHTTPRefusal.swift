import Logging
import NIOCore
import NIOSSL

/// Stands before TLS. It tells a client that speaks plain HTTP that this port takes HTTPS, and lets everything else pass.
final class PlainHTTPRefusal: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let text = "This port takes HTTPS: use a URL that begins with https://.\n"

    /// How long a client may go on sending after its answer.
    private let lingerTime: TimeAmount
    private var isRefusing = false

    init(lingerTime: TimeAmount) {
        self.lingerTime = lingerTime
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Bytes that follow a refused head are thrown away.
        guard !isRefusing else { return }
        let bytes = unwrapInboundIn(data)
        // Every method of HTTP begins with such a letter, and no record of TLS does.
        guard let first = bytes.getInteger(at: bytes.readerIndex, as: UInt8.self),
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first)
        else {
            context.fireChannelRead(data)
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
            return
        }
        refuse(context)
    }

    private func refuse(_ context: ChannelHandlerContext) {
        isRefusing = true
        let head = [
            "HTTP/1.1 400 Bad Request", "Content-Type: text/plain; charset=utf-8",
            "Content-Length: \(Self.text.utf8.count)",
            "Cache-Control: no-store", "Connection: close",
        ]
        let answer = head.joined(separator: "\r\n") + "\r\n\r\n" + Self.text
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(string: answer)), promise: nil)
        // Half a close: with what the client still sends unread, a whole one would take the answer with it.
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        context.eventLoop.scheduleTask(in: lingerTime) { channel.close(promise: nil) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if isRefusing { context.read() }
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard isRefusing, case ChannelEvent.inputClosed? = event as? ChannelEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        context.close(promise: nil)
    }
}

/// Stands behind TLS and logs its errors, which are the client's affair and no failures of the service.
final class TLSFailureLog: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    private let logger: Logger
    private let peer: SocketAddress?

    /// - Parameter peer: The client's end of the connection.
    init(logger: Logger, peer: SocketAddress?) {
        (self.logger, self.peer) = (logger, peer)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard Self.isOfTLS(error) else { return context.fireErrorCaught(error) }
        logger.debug(
            "TLS with a client failed",
            metadata: ["peer": "\(peer?.ipAddress ?? "unknown")", "error": "\(error)"]
        )
        context.close(promise: nil)
    }

    /// With TLS 1.3 a client refuses the certificate when the handshake is over for the service.
    private static func isOfTLS(_ error: any Error) -> Bool {
        if case NIOSSLError.handshakeFailed? = error as? NIOSSLError { true } else { error is BoringSSLError }
    }
}
