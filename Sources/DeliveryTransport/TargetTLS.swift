import Cryptography
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Networking
import Synchronization
import Text
import WebhookModel

/// The TLS of `https` targets: which authorities are trusted, and whom a certificate must be for.
struct TargetTLS: Sendable {
    private let context: Context
    private let validates: Bool
    private let note: String

    /// Throws when the authorities' file cannot be read.
    init(settings: SocketSender.Settings) throws {
        validates = settings.validatesHTTPS
        note = settings.remedies.note(.certificates)
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        // NIOSSL takes a certificate for the peer's address too, and through a proxy that address is the proxy's.
        // ``HandshakeHandler`` compares the names instead.
        configuration.certificateVerification = validates ? .noHostnameVerification : .none
        if let file = settings.authoritiesFile { configuration.additionalTrustRoots = [.file(file)] }
        context = Context(configuration)
        // An operator must learn at the start that the file cannot be read.
        if settings.authoritiesFile != nil { _ = try context.value() }
    }

    /// Makes what ``add(to:for:ready:)`` needs. The first call reads the system's authorities on another thread, and fails
    /// when they cannot be read.
    func prepare(on loop: any EventLoop) -> EventLoopFuture<Void> {
        guard context.made == nil else { return loop.makeSucceededVoidFuture() }
        return NIOThreadPool.singleton.runIfActive(eventLoop: loop) { [context] in _ = try context.value() }
    }

    /// Adds TLS to a connection, once it is prepared.
    ///
    /// - Parameter ready: Succeeds when the handshake has ended and the certificate is the target's. Nothing may be written
    ///   before.
    func add(to channel: any Channel, for host: String, ready: EventLoopPromise<Void>) throws {
        let pipeline = channel.pipeline.syncOperations
        // RFC 6066, section 3: no address, and no dot at the end.
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        let tls = try NIOSSLClientHandler(context: context.value(), serverHostname: IPAddress(name) == nil ? name : nil)
        try pipeline.addHandler(tls)
        try pipeline.addHandler(HandshakeHandler(tls: tls, host: validates ? host : nil, note: note, ready: ready))
    }
}

/// The library's context. It takes 5 ms and a megabyte to read the system's authorities, so the context is made when a
/// notification first goes to an `https` target.
private final class Context: Sendable {
    private let configuration: TLSConfiguration
    private let published = Mutex<NIOSSLContext?>(nil)
    /// Held while the context is made. Event loops never wait for it.
    private let making = Mutex(())

    init(_ configuration: TLSConfiguration) {
        self.configuration = configuration
    }

    /// The context; nil as long as none has been made.
    var made: NIOSSLContext? { published.withLock { $0 } }

    /// Returns the context, and makes it when there is none. Throws when the authorities cannot be read.
    func value() throws -> NIOSSLContext {
        if let made { return made }
        return try making.withLock { _ in
            if let made { return made }
            let context = try NIOSSLContext(configuration: configuration)
            published.withLock { $0 = context }
            return context
        }
    }
}

/// Waits for the end of a handshake and holds the certificate to the host.
private final class HandshakeHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let tls: NIOSSLClientHandler
    private let host: String?
    private let note: String
    private let ready: EventLoopPromise<Void>

    /// - Parameters:
    ///   - host: The host that the certificate must be for, nil for any.
    ///   - note: Text that tells the operator which setting to change when the certificate is refused.
    init(tls: NIOSSLClientHandler, host: String?, note: String, ready: EventLoopPromise<Void>) {
        (self.tls, self.host, self.note, self.ready) = (tls, host, note, ready)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent {
            if let failure = host.flatMap(objection) {
                ready.fail(failure)
                context.close(promise: nil)
            } else {
                ready.succeed()
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        ready.fail(error)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        ready.fail(Self.ended)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        ready.fail(Self.ended)
    }

    private static let ended = SendError(.tls, "The target ended the connection during the TLS handshake.")

    private func objection(to host: String) -> SendError? {
        let certificate = (try? tls.peerCertificate?.toDERBytes()).flatMap(CertificateNames.init)
        guard certificate?.include(host) != true else { return nil }
        let names = certificate?.description ?? ""
        return SendError(
            .tls,
            "The target's certificate is not for \(Excerpt.quoted(host)): "
                + (names.isEmpty
                    ? "it holds no subject alternative name, and its common name does not count"
                    : "it is for \(Excerpt.singleLine(String(names.prefix(Self.shownNames))))")
                + note + "."
        )
    }

    /// How much of a certificate's names a text repeats; some certificates are for hundreds.
    private static let shownNames = 300
}
