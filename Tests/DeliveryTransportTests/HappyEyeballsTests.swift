import DeliveryTransport
import Foundation
import NIOCore
import NIOPosix
import Networking
import Testing
import WebhookModel

@Suite("Connections to one of several addresses", .timeLimit(.minutes(5)))
struct HappyEyeballsTests {
    private func addresses(_ texts: [String]) throws -> [SocketAddress] {
        try texts.map { try SocketAddress(ipAddress: $0, port: 443) }
    }

    @Test(
        "The families take turns, and what worked comes first",
        arguments: [
            (["::1", "::2", "::3", "1.1.1.1", "2.2.2.2"], nil, ["::1", "1.1.1.1", "::2", "2.2.2.2", "::3"]),
            (["1.1.1.1", "::1", "2.2.2.2"], nil, ["1.1.1.1", "::1", "2.2.2.2"]),
            (["::1", "::2", "::3", "1.1.1.1"], "1.1.1.1", ["1.1.1.1", "::1", "::2", "::3"]),
            (["::1", "::2", "1.1.1.1", "2.2.2.2"], "::2", ["::2", "1.1.1.1", "::1", "2.2.2.2"]),
            (["1.1.1.1", "2.2.2.2"], "9.9.9.9", ["1.1.1.1", "2.2.2.2"]),
            (["1.1.1.1"], "1.1.1.1", ["1.1.1.1"]),
        ] as [([String], String?, [String])]
    )
    func order(texts: [String], first: String?, expected: [String]) throws {
        let first = try first.map { try SocketAddress(ipAddress: $0, port: 443) }
        let order = HappyEyeballs.order(try addresses(texts), first: first)
        #expect(order == (try addresses(expected)))
    }

    /// Runs `body` with addresses at `port` that nothing comes back from: their queues of connections are full. They are
    /// IPv4's, written as IPv6, so that sockets of that family are tried.
    private func withDeadAddresses(at port: Int, _ body: ([String]) async throws -> Void) async throws {
        let hosts = ["127.0.0.2", "127.0.0.3", "127.0.0.4"]
        var sockets: [CInt] = []
        defer { for socket in sockets { close(socket) } }
        for host in hosts {
            let address = try SocketAddress(ipAddress: host, port: port)
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            sockets.append(listener)
            let isBound = address.withSockAddr { bind(listener, $0, socklen_t($1)) == 0 }
            try #require(isBound && listen(listener, 0) == 0)
            for _ in 0..<4 {
                let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
                sockets.append(client)
                _ = address.withSockAddr { connect(client, $0, socklen_t($1)) }
            }
        }
        try await body(hosts.map { "::ffff:" + $0 })
    }

    /// The best of a few tries counts: how long a busy machine takes says nothing. A dead address alone costs 5 s.
    @Test(
        "Three dead IPv6 addresses beside a good IPv4 one cost less than a second, and the good one is tried first then"
    )
    func deadAddresses() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        try await Receiver.with(.http("HTTP/1.1 200 OK")) { receiver, _ in
            try await withDeadAddresses(at: receiver.port) { dead in
                let notification = WebhookNotification.sample(to: "http://target.test:\(receiver.port)/hook")
                var best = (first: Duration.seconds(60), second: Duration.seconds(60))
                for _ in 0..<20 where best.first >= .seconds(1) || best.second >= .milliseconds(240) {
                    let settings = SocketSender.Settings(addresses: AddressPolicy(allowsEverything: true))
                    let resolver = ScriptedResolver(dead + ["127.0.0.1"])
                    let sender = try SocketSender(version: "1", settings: settings, resolver: resolver, group: group)
                    let first = await ContinuousClock().measure {
                        #expect(await sender.send(notification).summary == "HTTP/1.1 200 OK")
                    }
                    try await receiver.closeConnections()
                    let second = await ContinuousClock().measure {
                        #expect(await sender.send(notification).summary == "HTTP/1.1 200 OK")
                    }
                    await sender.shutdown()
                    best = (min(best.first, first), min(best.second, second))
                }
                #expect(best.first < .seconds(1))
                // Another address before the good one would take the stagger of 250 ms.
                #expect(best.second < .milliseconds(240))
            }
        }
        try await group.shutdownGracefully()
    }

    @Test("An address that refuses is passed over at once")
    func refusingAddress() async throws {
        let resolver = ScriptedResolver(["127.0.0.2", "::1", "127.0.0.1"])
        try await Receiver.with(.http("HTTP/1.1 200 OK"), resolver: resolver) { receiver, sender in
            let outcome = await sender.send(.sample(to: "http://target.test:\(receiver.port)/hook"))
            #expect(outcome.summary == "HTTP/1.1 200 OK")
        }
    }

    @Test("When all addresses refuse, the failure says so")
    func allRefuse() async throws {
        let port = try RefusingPort.take()
        let resolver = ScriptedResolver(["::1", "127.0.0.2", "127.0.0.1"])
        try await Receiver.with(.silence, resolver: resolver) { _, sender in
            let outcome = await sender.send(.sample(to: "http://target.test:\(port)/hook"))
            #expect(outcome.failureKind == .connection, "\(outcome.summary)")
            #expect(outcome.summary.lowercased().contains("refused"), "\(outcome.summary)")
        }
    }
}
