package import HummingbirdCore
package import ListenerCertificates
package import Logging
package import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import NIOSSL
import RequestDecoding

/// Hummingbird's HTTP/1 channel, over TLS where there is a certificate, guarded before requests become Hummingbird's.
package struct GuardedHTTPChannel: HTTPChannelHandler {
    /// What Hummingbird reads requests from.
    package typealias Value = HTTP1Channel.Value

    /// What answers requests.
    package let responder: HTTPChannelHandler.Responder
    private let idleTimeout: TimeAmount
    private let limits: HTTPConnectionLimits
    private let certificate: ListenerCertificate?
    private let table: ConnectionTable
    private let drain: Drain
    private let calls: any DirectCalls
    private let date = DateHeader()

    /// Creates a channel handler.
    ///
    /// - Parameters:
    ///   - calls: Finds what is answered without a task.
    ///   - idleTimeout: How long a connection may be idle.
    ///   - certificate: nil for plain HTTP.
    package init(
        responder: @escaping HTTPChannelHandler.Responder,
        calls: any DirectCalls,
        idleTimeout: TimeAmount,
        limits: HTTPConnectionLimits,
        certificate: ListenerCertificate?,
        table: ConnectionTable,
        drain: Drain
    ) {
        (self.responder, self.idleTimeout, self.limits) = (responder, idleTimeout, limits)
        (self.certificate, self.table, self.drain, self.calls) = (certificate, table, drain, calls)
    }

    /// Takes a connection and puts its handlers in place; closes one that there is no room for.
    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let connection: TrackedConnection
        do {
            connection = try table.enter(channel)
        } catch {
            channel.close(promise: nil)
            return channel.eventLoop.makeFailedFuture(error)
        }
        return channel.eventLoop.makeCompletedFuture {
            try channel.syncOptions?.setOption(.recvAllocator, value: Self.receiveBuffers)
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(UnsentWatch(table: table, connection: connection, stallTime: limits.stallTime))
            if let certificate {
                try pipeline.addHandlers(
                    PlainHTTPRefusal(lingerTime: limits.lingerTime),
                    NIOSSLServerHandler(context: certificate.context),
                    TLSFailureLog(logger: logger, peer: channel.remoteAddress)
                )
            }
            try addHandlers(to: pipeline, of: connection)
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            return try NIOAsyncChannel(
                wrappingChannelSynchronously: channel,
                configuration: .init(isOutboundHalfClosureEnabled: true)
            )
        }
    }

    /// Adds the handlers that stand between TLS and Hummingbird's.
    func addHandlers(to pipeline: ChannelPipeline.SynchronousOperations, of connection: TrackedConnection) throws {
        let framing = RequestFraming()
        let httpGuard = HTTPConnectionGuard(limits: limits, framing: framing, drain: drain)
        let idleTimeout = IdleConnectionTimeout(after: self.idleTimeout)
        let progress = ConnectionProgress(
            framing: framing,
            httpGuard: httpGuard,
            idleTimeout: idleTimeout,
            drain: drain,
            table: table,
            connection: connection
        )
        let longestBody = min(limits.passedBytes - 1, DirectCallHandler.longestBody)
        let heads = RepeatedHeads(framing: framing, longestBody: longestBody)
        try pipeline.addHandlers(
            RepeatedCallHandler(heads: heads, connection: progress, date: date),
            HTTPResponseEncoder(),
            ByteToMessageHandler(RequestDecoder(framing: framing, limits: Self.headLimits)),
            framing,
            FirstRequestGrace(),
            HTTPServerPipelineHandler(),
            BodyUnpacker(limit: limits.passedBytes),
            CallWatch(table: table, connection: connection)
        )
        try pipeline.addHandlers([httpGuard] + HTTPConnectionGuard.followers)
        try pipeline.addHandlers(
            idleTimeout,
            DirectCallHandler(calls: calls, date: date, heads: heads, longestBody: longestBody)
        )
    }

    /// Answers a connection's requests until it ends.
    package func handle(value: Value, logger: Logger) async {
        await handleHTTP(asyncChannel: value, logger: logger)
    }

    /// The first buffer holds a whole call of most clients. A connection keeps its last one while it is idle, so they shrink
    /// where less comes.
    private static let receiveBuffers = AdaptiveRecvByteBufferAllocator(minimum: 256, initial: 2048, maximum: 64 << 10)

    /// How long the head of a request may be.
    private static var headLimits: NIOHTTPDecoderLimitConfiguration {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 80 << 10
        limits.maxHeaderListSize = 80 << 10
        limits.maxHeaderFieldCount = 1000
        return limits
    }
}
