import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NameResolution
import Networking
import WebhookModel

/// How a target is reached: its addresses, each checked, and a connection to one of them, through a proxy or directly.
struct TargetRoute: Sendable {
    private let policy: AddressPolicy
    let remedies: [SendRemedy: String]
    private let proxy: ForwardProxy?
    private let resolver: any NameResolver
    private let tls: TargetTLS
    private let connector = HappyEyeballs()

    /// How much of an answer is kept; the rest is not read.
    private static let answerBytes = 64 << 10

    init(settings: SocketSender.Settings, resolver: any NameResolver) throws {
        policy = settings.addresses
        remedies = settings.remedies
        proxy = settings.proxy.map { ForwardProxy(url: $0, remedy: settings.remedies[.proxy]) }
        self.resolver = resolver
        tls = try TargetTLS(settings: settings)
    }

    /// What is added to a request that the proxy itself reads.
    func proxyAuthorization(for target: TargetURL) -> String? {
        target.isTLS ? nil : proxy?.url.basicAuthorization
    }

    /// The target as the request line names it: a proxy needs the whole URL, unless it only passes bytes on.
    func requestTarget(for target: TargetURL) -> String {
        proxy != nil && !target.isTLS ? "http://\(target.hostHeader)\(target.path)" : target.path
    }

    /// Finds the addresses to connect to, and checks each, for every attempt anew.
    ///
    /// - Parameter completion: Takes the addresses, or why there are none that may be called. It is called on the loop.
    func findAddresses(
        of prepared: PreparedTarget,
        on loop: any EventLoop,
        _ completion: @escaping (Result<[SocketAddress], SendError>) -> Void
    ) {
        let target = prepared.target
        if let literal = prepared.literal, let objection = policy.objection(to: literal) {
            return completion(.failure(Self.refusal(objection + remedies.note(.addresses))))
        }
        // What a resolver takes for an address although it is not written as one; through a proxy nobody else looks.
        if proxy != nil, prepared.literal == nil, target.hasNumericName {
            return completion(
                .failure(Self.refusal("'\(target.host)', which is a number (write it as an address)"))
            )
        }
        // A proxy looks names up itself, and the rest of the policy is its to enforce.
        let asked = proxy?.url ?? target
        resolver.addresses(of: asked.host, port: asked.port, on: loop).assumeIsolated().whenComplete { result in
            switch result {
            case .success(let addresses):
                let refusal = proxy == nil ? refusal(of: addresses) : nil
                completion(refusal.map { .failure($0) } ?? .success(addresses))
            case .failure(let error): completion(.failure(unresolved(asked, error)))
            }
        }
    }

    /// Why one of the addresses may not be called; nil when all may.
    private func refusal(of addresses: [SocketAddress]) -> SendError? {
        for address in addresses {
            guard let ip = IPAddress(address) else { return Self.refusal("none that can be checked") }
            if let objection = policy.objection(to: ip) {
                return Self.refusal(objection + remedies.note(.addresses))
            }
        }
        return nil
    }

    /// A connection to one of `addresses`, ready for a request.
    ///
    /// - Parameter opened: Takes the connection before it is ready, so that it can be closed.
    func connect(
        _ target: TargetURL,
        to addresses: [SocketAddress],
        on loop: any EventLoop,
        opened: @escaping @Sendable (any Channel) -> Void
    ) -> EventLoopFuture<(channel: any Channel, address: SocketAddress)> {
        let asked = proxy?.url ?? target
        let connection = connector.connect(to: addresses, host: asked.host, port: asked.port, on: loop)
        return
            (proxy == nil
            ? connection : connection.flatMapErrorThrowing { throw ForwardProxy.UnreachableError(error: $0) })
            .flatMap { channel, address in
                opened(channel)
                let way = target.isTLS ? openTunnel(to: target, in: channel) : loop.makeSucceededVoidFuture()
                return way.flatMap { target.isTLS ? tls.prepare(on: loop) : loop.makeSucceededVoidFuture() }
                    .flatMap { prepare(channel, for: target) }
                    .map { (channel, address) }
                    .flatMapErrorThrowing { error in
                        channel.close(promise: nil)
                        throw error
                    }
            }
    }

    /// What an answer is: the target's, or the proxy's own.
    func outcome(of answer: TargetAnswer, from target: TargetURL) -> SendOutcome {
        guard let proxy, !target.isTLS else { return .answered(answer) }
        return proxy.outcome(of: answer, for: target)
    }

    /// A failure to reach the proxy, as the proxy's.
    func blamingProxy(for failure: SendError) -> SendError {
        proxy?.blamed(for: failure) ?? failure
    }

    /// The failure of an exchange. The failure is the proxy's when the proxy reads requests and its connection breaks: for a
    /// target that breaks its own connection, the proxy sends an answer.
    func blamed(for failure: SendError, of target: TargetURL) -> SendError {
        target.isTLS || failure.kind != .connection ? failure : blamingProxy(for: failure)
    }

    private static func refusal(_ objection: String) -> SendError {
        SendError(.refusedByPolicy, "The target's address is \(objection).")
    }

    private func unresolved(_ asked: TargetURL, _ error: any Error) -> SendError {
        if let failure = error as? ResolutionError, !failure.isDefinite {
            return SendError(
                .network,
                "The name '\(asked.host)' could not be looked up on this machine: \(failure)."
            )
        }
        return proxy?.unresolved(error)
            ?? SendError(.resolution, "The target's name '\(asked.host)' cannot be resolved: \(error).")
    }

    private func openTunnel(to target: TargetURL, in channel: any Channel) -> EventLoopFuture<Void> {
        guard let proxy else { return channel.eventLoop.makeSucceededVoidFuture() }
        let opened = channel.eventLoop.makePromise(of: Void.self)
        do {
            try channel.pipeline.syncOperations.addHandler(
                ProxyTunnelHandler(proxy: proxy, target: target, opened: opened)
            )
        } catch {
            opened.fail(error)
        }
        return opened.futureResult
    }

    private func prepare(_ channel: any Channel, for target: TargetURL) -> EventLoopFuture<Void> {
        let ready = channel.eventLoop.makePromise(of: Void.self)
        do {
            let pipeline = channel.pipeline.syncOperations
            if target.isTLS {
                try tls.add(to: channel, for: target.host, ready: ready)
            } else {
                ready.succeed()
            }
            try ExchangeHandler.add(to: pipeline, answerBytes: Self.answerBytes)
        } catch {
            ready.fail(error)
        }
        return ready.futureResult
    }
}

extension IPAddress {
    /// The address of a socket, without the zone that it may have; nil for a socket that has no address of IP.
    fileprivate init?(_ address: SocketAddress) {
        // Where the address stands in the structures of the system (`sockaddr_in`, `sockaddr_in6`).
        switch address {
        case .v4:
            self = .v4(
                UInt32(
                    bigEndian: address.withSockAddr { start, _ in
                        UnsafeRawPointer(start).loadUnaligned(fromByteOffset: 4, as: UInt32.self)
                    }
                )
            )
        case .v6:
            self = address.withSockAddr { start, _ in
                let bytes = UnsafeRawPointer(start)
                return .v6(
                    high: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                    low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
                )
            }
        case .unixDomainSocket: return nil
        }
    }
}

extension TargetURL {
    /// Whether the host, which is no address as it is written, ends in a number, as no name does (WHATWG URL, 3.5).
    fileprivate var hasNumericName: Bool {
        guard let last = host.split(separator: ".").last?.lowercased() else { return false }
        return last.allSatisfy(\.isNumber) || last.hasPrefix("0x") && last.dropFirst(2).allSatisfy(\.isHexDigit)
    }
}
