import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOHTTPTypesHTTP1
import NIOSSL

/// Hummingbird's HTTP/1 channel, over TLS where there is a certificate, with what old clients need put in before requests
/// become Hummingbird's.
struct LegacyHTTPChannel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    private let channel: HTTP1Channel
    private let limits: LegacyClientHandler.Limits
    /// nil for plain HTTP.
    private let certificate: ListenerCertificate?
    private let counts: ConnectionCounts
    private let drain: Drain

    init(
        responder: @escaping HTTPChannelHandler.Responder,
        idleTimeout: TimeAmount,
        limits: LegacyClientHandler.Limits,
        certificate: ListenerCertificate?,
        counts: ConnectionCounts,
        drain: Drain
    ) {
        channel = HTTP1Channel(responder: responder, configuration: .init(idleTimeout: idleTimeout))
        self.limits = limits
        self.certificate = certificate
        self.counts = counts
        self.drain = drain
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        guard counts.enter(channel) else {
            channel.close(promise: nil)
            return channel.eventLoop.makeFailedFuture(ConnectionCounts.TooMany())
        }
        return self.channel.setup(channel: channel, logger: logger).flatMapThrowing { value in
            let pipeline = channel.pipeline.syncOperations
            if let certificate {
                let tls = NIOSSLServerHandler(context: certificate.context)
                try pipeline.addHandler(tls, position: .first)
                try pipeline.addHandler(TLSFailureLog(logger: logger), position: .after(tls))
                try pipeline.addHandler(PlainHTTPRefusal(lingerTime: limits.lingerTime), position: .first)
            }
            let codec = try pipeline.handler(type: HTTP1ToHTTPServerCodec.self)
            try pipeline.addHandler(FirstRequestGrace(), position: .before(codec))
            try pipeline.addHandler(HTTPServerPipelineHandler(), position: .before(codec))
            try pipeline.addHandler(
                NIOHTTPRequestDecompressor(limit: .size(limits.passedBytes)),
                position: .before(codec)
            )
            try pipeline.addHandler(LegacyClientHandler(limits: limits, drain: drain), position: .before(codec))
            return value
        }
    }

    func handle(value: Value, logger: Logger) async {
        await channel.handle(value: value, logger: logger)
    }
}
