import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOPosix
import NIOSSL

/// A connection for one request that is sent as it stands: an HTTP client would write its head anew.
struct RawConnection {
    let target: ConformanceTarget
    /// The context of TLS. It is nil for plain HTTP.
    let tls: NIOSSLContext?
    let timeout: TimeAmount
    /// In bytes.
    let largestBody: Int

    private typealias Answers = NIOAsyncChannel<NIOHTTPClientResponseFull, HTTPClientRequestPart>

    /// Sends the request and reads its answer; informational answers before it are left out. Bodies that are packed, as
    /// proxies pack them for clients whose captures say `Accept-Encoding`, are unpacked.
    ///
    /// Throws what connecting, TLS or the parser throws, and ``ConformanceError/noAnswer(reason:)``.
    func exchange(_ request: [UInt8]) async throws -> HTTPAnswer {
        let (tls, host, timeout, largestBody) = (tls, target.host, timeout, largestBody)
        let connection = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(timeout)
            .connect(host: target.host, port: target.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        // SNI is for names alone.
                        let name = (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
                        try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
                    }
                    try pipeline.addHandler(RawRequestWriter(request: request))
                    try pipeline.addHandler(ByteToMessageHandler(HTTPResponseDecoder()))
                    try pipeline.addHandler(NIOHTTPResponseDecompressor(limit: .size(largestBody)))
                    try pipeline.addHandler(NIOHTTPClientResponseAggregator(maxContentLength: largestBody))
                    // Ends the connection of a server that never answers.
                    let patience = channel.eventLoop.scheduleTask(in: timeout) { channel.close(promise: nil) }
                    channel.closeFuture.whenComplete { _ in patience.cancel() }
                    return try Answers(wrappingChannelSynchronously: channel)
                }
            }
        return try await connection.executeThenClose { inbound, outbound in
            try await outbound.write(.head(HTTPRequestHead(version: .http1_1, method: .POST, uri: "/")))
            for try await answer in inbound {
                return HTTPAnswer(
                    status: Int(answer.head.status.code),
                    contentType: answer.head.headers.first(name: "Content-Type"),
                    body: answer.body.map { Array($0.readableBytesView) } ?? []
                )
            }
            throw ConformanceError.noAnswer(reason: "the connection ended without one")
        }
    }
}

/// Puts the raw request where a request's head would be written. The decoder must see a head pass, or it would take the
/// answer for one that nobody asked for.
private final class RawRequestWriter: ChannelOutboundHandler {
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = ByteBuffer

    private let request: [UInt8]

    init(request: [UInt8]) {
        self.request = request
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        context.write(wrapOutboundOut(ByteBuffer(bytes: request)), promise: promise)
    }
}
