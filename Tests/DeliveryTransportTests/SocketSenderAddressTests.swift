import DeliveryTransport
import Foundation
import NIOCore
import NIOPosix
import NameResolution
import Networking
import TestSupport
import Testing
import WebhookModel

@Suite("Addresses that the socket sender calls", .timeLimit(.minutes(5)))
struct SocketSenderAddressTests {
    /// Opens the receivers of these tests and nothing else.
    private static let loopbackOnly = AddressPolicy(allowed: ["127.0.0.1/32"].compactMap { AddressRange($0) })

    private func expectRefused(
        _ outcome: SendOutcome,
        _ parts: String...,
        location: SourceLocation = #_sourceLocation
    ) {
        #expect(outcome.failureKind == .refusedByPolicy, "\(outcome.summary)", sourceLocation: location)
        for part in parts + ["allow-targets"] {
            #expect(outcome.summary.contains(part), "\(outcome.summary)", sourceLocation: location)
        }
    }

    @Test(
        "A target that is not public is refused, with the rule and the setting",
        arguments: [
            ("127.0.0.1", "loopback"), ("10.0.0.1", "private"), ("169.254.169.254", "link-local"),
            ("[::1]", "loopback"), ("[::ffff:127.0.0.1]", "loopback"), ("[::ffff:a9fe:a9fe]", "link-local"),
            ("0.0.0.0", "this-network"), ("100.64.0.1", "CGNAT"), ("[64:ff9b::7f00:1]", "loopback"),
            ("[2002:7f00:1::]", "loopback"),
            ("[fe80::1]", "link-local"), ("[fd00::1]", "private"), ("[ff02::1]", "multicast"),
            ("224.0.0.1", "multicast"), ("255.255.255.255", "reserved"),
        ]
    )
    func literals(host: String, rule: String) async throws {
        try await Receiver.with(.http("HTTP/1.1 200 OK"), addresses: AddressPolicy()) { receiver, sender in
            for scheme in ["http", "https"] {
                let outcome = await sender.send(.sample(to: "\(scheme)://\(host):\(receiver.port)/hook"))
                expectRefused(outcome, rule)
            }
            #expect(receiver.connections.value.opened.isEmpty)
        }
    }

    /// The system's resolver reads them all as 127.0.0.1.
    @Test("A target in another notation is refused", arguments: ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
    func otherNotations(host: String) async throws {
        try await Receiver.with(.http("HTTP/1.1 200 OK"), addresses: AddressPolicy()) { receiver, sender in
            expectRefused(await sender.send(.sample(to: "http://\(host):\(receiver.port)/")), "127.0.0.1", "loopback")
            #expect(receiver.connections.value.opened.isEmpty)
        }
    }

    @Test("A name that resolves to an address that is not public is refused")
    func privateName() async throws {
        for (address, rule) in [("10.0.0.1", "private"), ("127.0.0.1", "loopback"), ("::ffff:10.0.0.1", "private")] {
            let resolver = ScriptedResolver([address])
            try await Receiver.with(.silence, addresses: AddressPolicy(), resolver: resolver) { receiver, sender in
                let outcome = await sender.send(.sample(to: "http://target.test:\(receiver.port)/hook"))
                expectRefused(outcome, rule)
                #expect(resolver.lookUps.value == ["target.test"])
                #expect(receiver.connections.value.opened.isEmpty)
            }
        }
    }

    @Test("One address among several that is not allowed refuses all", arguments: [0, 1])
    func oneAmongSeveral(place: Int) async throws {
        var addresses = ["127.0.0.1"]
        addresses.insert("10.0.0.1", at: place)
        let resolver = ScriptedResolver(addresses)
        try await Receiver.with(.silence, addresses: Self.loopbackOnly, resolver: resolver) { receiver, sender in
            expectRefused(await sender.send(.sample(to: "http://target.test:\(receiver.port)/hook")), "10.0.0.1")
            #expect(receiver.connections.value.opened.isEmpty)
        }
    }

    @Test("Connects to the address that was checked, under the name")
    func pinned() async throws {
        let answer = Receiver.Answer.http("HTTP/1.1 200 OK")
        // A second look-up would find nothing, and the system knows no such name.
        let resolver = ScriptedResolver(["127.0.0.1"], [])
        try await Receiver.with(answer, addresses: Self.loopbackOnly, resolver: resolver) { receiver, sender in
            let outcome = await sender.send(.sample(to: "http://target.test:\(receiver.port)/hook"))
            #expect(outcome.summary == "HTTP/1.1 200 OK")
            #expect(resolver.lookUps.value == ["target.test"])
            #expect(receiver.requests.value.first?.header("host") == "target.test:\(receiver.port)")
        }
    }

    @Test("A name that resolves elsewhere by the next attempt is checked again, connection or not")
    func rebinding() async throws {
        let answer = Receiver.Answer.http("HTTP/1.1 200 OK")
        let resolver = ScriptedResolver(["127.0.0.1"], ["10.0.0.1"])
        try await Receiver.with(answer, addresses: Self.loopbackOnly, resolver: resolver) { receiver, sender in
            let notification = WebhookNotification.sample(to: "http://target.test:\(receiver.port)/hook")
            #expect(await sender.send(notification).summary == "HTTP/1.1 200 OK")
            expectRefused(await sender.send(notification), "10.0.0.1")
            #expect(receiver.requests.value.count == 1)
        }
    }

    @Test("Tries a name's addresses one after another")
    func severalAddresses() async throws {
        let resolver = ScriptedResolver(["::1", "127.0.0.1"])
        try await Receiver.with(.http("HTTP/1.1 200 OK"), resolver: resolver) { receiver, sender in
            for _ in 0..<2 {
                let outcome = await sender.send(.sample(to: "http://target.test:\(receiver.port)/hook"))
                #expect(outcome.summary == "HTTP/1.1 200 OK")
            }
            #expect(receiver.connections.value.opened.count == 1, "the second finds the first's connection")
        }
    }

    @Test("Fails when a name has no address, and says which")
    func noAddress() async throws {
        try await Receiver.with(.silence, resolver: ScriptedResolver([])) { _, sender in
            let outcome = await sender.send(.sample(to: "https://absent.test/hook"))
            #expect(outcome.failureKind == .resolution)
            #expect(outcome.summary.contains("absent.test"))
        }
    }

    @Test("The time to answer begins when the address is known")
    func slowLookUp() async throws {
        let resolver = HangingResolver()
        let alarms = ManualAlarms()
        let answer = Receiver.Answer.http("HTTP/1.1 200 OK")
        try await Receiver.with(
            answer,
            timeout: .seconds(10),
            resolver: resolver,
            schedule: alarms.schedule
        ) { receiver, sender in
            async let outcome = sender.send(.sample(to: "http://target.test:\(receiver.port)/hook"))
            let lookUp = try #require(try await resolver.waiting.wait { !$0.isEmpty }.first)
            // The loop has then done all that it does before it knows the address.
            try await lookUp.futureResult.eventLoop.submit {}.get()
            #expect(alarms.waiting.value.isEmpty)
            resolver.answer([try SocketAddress(ipAddress: "127.0.0.1", port: receiver.port)])
            #expect(await outcome.summary == "HTTP/1.1 200 OK")
            #expect(alarms.waiting.value.map(\.amount) == [.seconds(10)])
        }
    }

    @Test("A look-up that this machine could not make is not the target's failure, and the text says so")
    func unknownAddress() async throws {
        let resolver = SystemResolver { _ throws(ResolutionError) in
            throw ResolutionError("Temporary failure in name resolution", isDefinite: false)
        }
        try await Receiver.with(.silence, resolver: resolver) { _, sender in
            let outcome = await sender.send(.sample(to: "https://target.test/hook"))
            #expect(outcome.failureKind == .network)
            #expect(outcome.summary.contains("target.test"))
            #expect(outcome.summary.contains("Temporary failure"))
        }
    }

    @Test("The last good address is checked by the policy while a look-up hangs")
    func lastGoodAddressIsChecked() async throws {
        let lookUp = BlockingLookUp(["target.test": .success(["10.0.0.1"])])
        let time = ManualResolverTime()
        let resolver = SystemResolver(time: time.time, lookUp: lookUp.addresses)
        try await Receiver.with(.silence, addresses: Self.loopbackOnly, resolver: resolver) { receiver, sender in
            let notification = WebhookNotification.sample(to: "http://target.test:\(receiver.port)/hook")
            expectRefused(await sender.send(notification), "10.0.0.1")
            lookUp.answer("target.test", nil)
            try await time.advance(by: .seconds(2))
            async let outcome = sender.send(notification)
            try await lookUp.state.wait { $0.running == ["target.test"] }
            try await time.advance(by: .milliseconds(250))
            expectRefused(await outcome, "10.0.0.1")
            lookUp.answer("target.test", .success([]))
        }
    }

    // MARK: The system's resolver

    @Test("The system's resolver reads every notation", arguments: ["127.0.0.1", "2130706433", "0x7f000001", "127.1"])
    func systemResolver(host: String) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let addresses = try await SystemResolver().addresses(of: host, port: 81, on: loop).get()
        #expect(
            addresses.compactMap { $0.ipAddress.flatMap(IPAddress.init(zoned:)) }
                == [IPAddress("127.0.0.1")].compactMap { $0 }
        )
        #expect(addresses.allSatisfy { $0.port == 81 })
    }

    @Test("The system's resolver says when there can be no such name")
    func systemResolverFailure() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        await #expect(throws: ResolutionError.self) {
            _ = try await SystemResolver().addresses(of: "a..b", port: 80, on: loop).get()
        }
    }
}
