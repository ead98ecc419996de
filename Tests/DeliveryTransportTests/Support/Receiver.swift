import DeliveryTransport
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import NameResolution
import Networking
import TestSupport
import Testing

/// A target on a loopback socket that captures requests and answers each with the same bytes. It can be a proxy, or a
/// proxy and the target behind it in one.
final class Receiver: Sendable {
    indirect enum Answer: Sendable {
        case bytes([UInt8])
        case bytesThenClose([UInt8], after: TimeAmount = .zero)
        /// One after the other, with a pause before each.
        case inParts([[UInt8]], every: TimeAmount)
        /// To the first bytes that come, and then the target reads no more.
        case bytesBeforeReading([UInt8])
        /// None; the connection ends, and TLS does not say so.
        case hangUp
        /// To each request the next, and then always the last.
        case inTurn([Answer])
        /// To the first bytes that come, whatever they are.
        case bytesAtOnce([UInt8])
        /// The first bytes, and then the others again and again.
        case poured([UInt8], [UInt8], every: TimeAmount)
        case silence

        /// Lines and body, with the length that the body has.
        static func http(_ head: String, _ body: [UInt8] = []) -> Answer {
            .bytes(Array("\(head)\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)
        }
    }

    /// What stands between the socket and the requests.
    struct Layers: Sendable {
        /// What a request for a tunnel is answered with; what follows is then for the target. Nil where no tunnel is.
        var tunnel: String?
        var tls: NIOSSLContext?
    }

    struct Connections: Sendable {
        var opened: [any Channel] = []
        var closed = 0
        /// How many bytes have come over all connections.
        var bytes = 0

        var open: Int { opened.count - closed }
    }

    let requests: Watched<[ReceivedRequest]>
    let tunnels: Watched<[ReceivedRequest]>
    let connections: Watched<Connections>
    let port: Int
    private let channel: any Channel

    private init(
        requests: Watched<[ReceivedRequest]>,
        tunnels: Watched<[ReceivedRequest]>,
        connections: Watched<Connections>,
        channel: any Channel,
        port: Int
    ) {
        (self.requests, self.tunnels, self.connections) = (requests, tunnels, connections)
        (self.channel, self.port) = (channel, port)
    }

    var url: String { "http://127.0.0.1:\(port)/hook" }

    /// Runs `body` with a receiver that answers so and a sender with one thread, and ends both.
    ///
    /// - Parameters:
    ///   - timeout: The time that a notification has. Most tests do not wait for its end, however busy the machine is.
    ///   - time: The clock by which the sender notices that it stood still. By default it stands still itself: a machine that
    ///     is too busy for the sender's thread is then no reason to open another connection.
    ///   - adjust: Changes the sender's settings.
    static func with(
        _ answer: Answer,
        layers: Layers = Layers(),
        timeout: Duration = .seconds(120),
        addresses: AddressPolicy = AddressPolicy(allowsEverything: true),
        resolver: any NameResolver = SystemResolver(),
        schedule: @escaping SocketSender.Scheduling = { amount, loop, work in loop.scheduleTask(in: amount, work) },
        time: @escaping @Sendable () -> ContinuousClock.Instant = { standingTime },
        adjust: (inout SocketSender.Settings, Receiver) -> Void = { _, _ in },
        _ body: (Receiver, SocketSender) async throws -> Void
    ) async throws {
        let receiver = try await start(answer, layers)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var settings = SocketSender.Settings(timeout: timeout, addresses: addresses)
        settings.remedies = [
            .addresses: "setting allow-targets", .timeout: "setting delivery-timeout",
            .certificates: "settings validate-https, ca-file", .proxy: "setting proxy",
        ]
        adjust(&settings, receiver)
        let result: Result<Void, any Error>
        do {
            let sender = try SocketSender(
                version: "1.2.3",
                settings: settings,
                resolver: resolver,
                group: group,
                schedule: schedule,
                time: time
            )
            do {
                try await body(receiver, sender)
                result = .success(())
            } catch {
                result = .failure(error)
            }
            await sender.shutdown()
        } catch {
            result = .failure(error)
        }
        try await group.shutdownGracefully()
        try await receiver.channel.close()
        try result.get()
    }

    private static let standingTime = ContinuousClock.now

    private static func start(_ answer: Answer, _ layers: Layers) async throws -> Receiver {
        let requests = Watched<[ReceivedRequest]>([])
        let tunnels = Watched<[ReceivedRequest]>([])
        let connections = Watched(Connections())
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            // As many as a test opens at once: the system drops those that find no place, and they come again a second later.
            .serverChannelOption(.backlog, value: 1024)
            .childChannelInitializer { channel in
                connections.update { $0.opened.append(channel) }
                channel.closeFuture.whenComplete { _ in connections.update { $0.closed += 1 } }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(ByteCounter(connections: connections))
                    let end = TargetEnd(tls: layers.tls, requests: requests, answer: answer)
                    if let tunnel = layers.tunnel {
                        try pipeline.addHandler(TunnelHandler(requests: tunnels, answer: tunnel, end: end))
                    } else {
                        try end.add(to: pipeline)
                    }
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        return Receiver(
            requests: requests,
            tunnels: tunnels,
            connections: connections,
            channel: channel,
            port: try #require(channel.localAddress?.port)
        )
    }

    /// Closes every connection, and returns once they are closed on this side.
    func closeConnections() async throws {
        for channel in connections.value.opened { channel.close(promise: nil) }
        try await connections.wait { $0.open == 0 }
    }
}
