import AgentCore
import NIOCore
import NIOExtras
import NIOHTTP1
import NIOPosix
import NIOSSL

/// How a target is reached: its addresses, checked; and a connection to one of them, through a proxy or not.
struct TargetRoute: Sendable {
    private let policy: AddressPolicy
    private let proxy: TargetURL?
    private let resolver: any NameResolver
    private let tls: NIOSSLContext

    /// How much of an answer is kept; the rest is not read.
    private static let answerBytes = 64 << 10
    /// For one address; another may be left to try.
    private static let connectTime = TimeAmount.seconds(5)

    init(settings: SocketSender.Settings, resolver: any NameResolver) throws {
        policy = settings.addresses
        proxy = settings.proxy
        self.resolver = resolver
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        if !settings.validatesHTTPS { configuration.certificateVerification = .none }
        if let file = settings.authoritiesFile { configuration.additionalTrustRoots = [.file(file)] }
        tls = try NIOSSLContext(configuration: configuration)
    }

    /// What is added to a request that the proxy itself reads.
    func proxyAuthorization(for target: TargetURL) -> String? {
        target.isTLS ? nil : proxy?.basicAuthorization
    }

    /// The target as the request line names it: a proxy needs the whole URL, unless it only passes bytes on.
    func requestTarget(for target: TargetURL) -> String {
        proxy != nil && !target.isTLS ? "http://\(target.hostHeader)\(target.path)" : target.path
    }

    /// The addresses to connect to, each checked; fails with ``SendFailure``.
    func addresses(of target: TargetURL, on loop: any EventLoop) -> EventLoopFuture<[SocketAddress]> {
        if let literal = IPAddress(target.host), let objection = policy.objection(to: literal) {
            return loop.makeFailedFuture(Self.refusal(objection))
        }
        // What a resolver takes for an address although it is not written as one; through a proxy nobody else looks.
        if proxy != nil, target.hasNumericName {
            return loop.makeFailedFuture(Self.refusal("'\(target.host)', which is a number (write it as an address)"))
        }
        // A proxy looks names up itself, and the rest of the policy is its to enforce.
        let asked = proxy ?? target
        let addresses = resolver.addresses(of: asked.host, port: asked.port, on: loop).flatMapErrorThrowing { error in
            if let failure = error as? ResolutionFailure, !failure.isDefinite {
                throw SendFailure(
                    .local,
                    "The name '\(asked.host)' could not be looked up on this machine: \(failure). It is tried again."
                )
            }
            throw SendFailure(.resolution, "The target's name '\(asked.host)' cannot be resolved: \(error).")
        }
        guard proxy == nil else { return addresses }
        let policy = policy
        return addresses.flatMapThrowing { addresses in
            for address in addresses {
                guard let ip = IPAddress(address) else { throw Self.refusal("none that can be checked") }
                if let objection = policy.objection(to: ip) { throw Self.refusal(objection) }
            }
            return addresses
        }
    }

    /// A connection to `address`, ready for a request.
    func connect(_ target: TargetURL, to address: SocketAddress, on loop: any EventLoop) -> EventLoopFuture<any Channel>
    {
        let tunnel = proxy != nil && target.isTLS ? loop.makePromise(of: Void.self) : nil
        return ClientBootstrap(group: loop)
            .connectTimeout(Self.connectTime)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tunnel {
                        try openTunnel(to: target, in: channel, promise: tunnel)
                    } else {
                        try Self.prepare(channel, for: target, tls: tls)
                    }
                }
            }
            .connect(to: address)
            .flatMap { channel in
                guard let tunnel else { return channel.eventLoop.makeSucceededFuture(channel) }
                return tunnel.futureResult.flatMap { Self.closeTunnelHandlers(of: channel) }.flatMapThrowing {
                    try Self.prepare(channel, for: target, tls: tls)
                    return channel
                }.flatMapErrorThrowing { error in
                    channel.close(promise: nil)
                    throw error
                }
            }
            .flatMapError { error in
                tunnel?.fail(error)
                return loop.makeFailedFuture(error)
            }
    }

    private static func refusal(_ objection: String) -> SendFailure {
        SendFailure(.refusedByPolicy, "The target's address is \(objection).")
    }

    private static func prepare(_ channel: any Channel, for target: TargetURL, tls: NIOSSLContext) throws {
        let pipeline = channel.pipeline.syncOperations
        if target.isTLS {
            let name = IPAddress(target.host) == nil ? target.host : nil
            try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
        }
        try pipeline.addHTTPClientHandlers()
        try pipeline.addHandler(ExchangeHandler(answerBytes: answerBytes))
    }

    // MARK: Proxy

    private static let tunnelHandlers = (
        encoder: "tunnel.encoder", decoder: "tunnel.decoder", connect: "tunnel.connect"
    )

    private func openTunnel(
        to target: TargetURL,
        in channel: any Channel,
        promise: EventLoopPromise<Void>
    ) throws {
        let pipeline = channel.pipeline.syncOperations
        let decoder = ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes))
        let connect = NIOHTTP1ProxyConnectHandler(
            targetHost: target.host,
            targetPort: target.port,
            // RFC 9112, section 3.2.
            headers: proxyHeaders(target),
            deadline: .now() + Self.connectTime,
            promise: promise
        )
        try pipeline.addHandler(HTTPRequestEncoder(), name: Self.tunnelHandlers.encoder)
        try pipeline.addHandler(decoder, name: Self.tunnelHandlers.decoder)
        try pipeline.addHandler(connect, name: Self.tunnelHandlers.connect)
    }

    private func proxyHeaders(_ target: TargetURL) -> HTTPHeaders {
        var headers = HTTPHeaders([("Host", target.authority)])
        if let authorization = proxy?.basicAuthorization { headers.add(name: "Proxy-Authorization", value: authorization) }
        return headers
    }

    /// From here on the bytes are the target's; not before the proxy's handlers are gone, which do not know them.
    private static func closeTunnelHandlers(of channel: any Channel) -> EventLoopFuture<Void> {
        channel.pipeline.removeHandler(name: tunnelHandlers.encoder).flatMap {
            channel.pipeline.removeHandler(name: tunnelHandlers.decoder)
        }
    }
}

extension TargetURL {
    /// Whether the host is no address as it is written, but ends in a number, as no name does (WHATWG URL, 3.5).
    fileprivate var hasNumericName: Bool {
        guard IPAddress(host) == nil, let last = host.split(separator: ".").last?.lowercased() else { return false }
        return last.allSatisfy(\.isNumber) || last.hasPrefix("0x") && last.dropFirst(2).allSatisfy(\.isHexDigit)
    }
}
