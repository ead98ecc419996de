import Foundation
import NIOCore
import NIOPosix
import NameResolution
import TestSupport
import Testing

@Suite("Look-ups of names", .timeLimit(.minutes(5)))
struct SystemResolverTests {
    private let time = ManualResolverTime()
    private let loop = MultiThreadedEventLoopGroup.singleton.next()
    private static let unknown = ResolutionError("Temporary failure", isDefinite: false)

    private func resolver(_ lookUp: BlockingLookUp, _ limits: LookUpLimits = LookUpLimits()) -> SystemResolver {
        SystemResolver(limits: limits, time: time.time, lookUp: lookUp.addresses)
    }

    private func ask(_ resolver: SystemResolver, _ host: String) -> EventLoopFuture<[SocketAddress]> {
        resolver.addresses(of: host, port: 443, on: loop)
    }

    private func address(_ text: String) throws -> [SocketAddress] {
        [try SocketAddress(ipAddress: text, port: 443)]
    }

    /// Lets every look-up end.
    private func release(_ lookUp: BlockingLookUp, of resolver: SystemResolver) async throws {
        for host in lookUp.state.value.running { lookUp.answer(host, .failure(Self.unknown)) }
        try await eventually("Every look-up has ended") { resolver.running == 0 }
    }

    @Test(
        "40 names whose servers are silent keep a healthy name waiting for half a second at most, and then not at all"
    )
    func silentNames() async throws {
        let lookUp = BlockingLookUp(["healthy.test": .success(["192.0.2.1"])])
        let resolver = resolver(lookUp)
        let silent = (0..<40).map { ask(resolver, "silent\($0).test") }
        let first = ask(resolver, "healthy.test")
        try await lookUp.state.wait { $0.running.count == 16 }
        for running in [32, 40] {
            try await time.advance(by: .milliseconds(250))
            try await lookUp.state.wait { $0.running.count == running }
        }
        #expect(try await first.get() == address("192.0.2.1"))
        for _ in 0..<20 {
            try await time.advance(by: .seconds(1))
            #expect(try await ask(resolver, "healthy.test").get() == address("192.0.2.1"))
        }
        for future in silent {
            let error = await #expect(throws: ResolutionError.self) { _ = try await future.get() }
            #expect(error?.isDefinite == false)
        }
        try await release(lookUp, of: resolver)
    }

    @Test(
        "However many names are silent, the threads are bounded, and healthy names are reached at the last good address"
    )
    func bound() async throws {
        let lookUp = BlockingLookUp(["healthy.test": .success(["192.0.2.1"])])
        let resolver = resolver(lookUp)
        #expect(try await ask(resolver, "healthy.test").get() == address("192.0.2.1"))
        let silent = (0..<300).map { ask(resolver, "silent\($0).test") }
        for running in [16, 32, 48, 64, 80] {
            try await lookUp.state.wait { $0.running.count == running }
            try await time.advance(by: .milliseconds(250))
        }
        let healthy = ask(resolver, "healthy.test")
        try await time.advance(by: .milliseconds(250))
        #expect(try await healthy.get() == address("192.0.2.1"))
        #expect(lookUp.state.value.running.count == 80)
        try await time.advance(by: .seconds(5))
        for future in silent { await #expect(throws: ResolutionError.self) { _ = try await future.get() } }
        #expect(lookUp.state.value.running.count == 80)
        try await release(lookUp, of: resolver)
    }

    @Test("A name is looked up once, however many ask")
    func oneLookUp() async throws {
        let lookUp = BlockingLookUp()
        let resolver = resolver(lookUp)
        let futures = (0..<100).map { _ in ask(resolver, "target.test") }
        try await lookUp.state.wait { $0.running == ["target.test"] }
        lookUp.answer("target.test", .success(["192.0.2.1", "2001:db8::1"]))
        for future in futures {
            let addresses = try await future.get()
            #expect(addresses.map(\.ipAddress) == ["192.0.2.1", "2001:db8::1"])
            #expect(addresses.allSatisfy { $0.port == 443 })
        }
        #expect(lookUp.state.value.begun == ["target.test"])
    }

    @Test("Two at most wait for a slow look-up, so that a silent name holds few deliveries' places")
    func impatience() async throws {
        let lookUp = BlockingLookUp()
        let resolver = resolver(lookUp)
        let patient = (0..<2).map { _ in ask(resolver, "target.test") }
        let others = (0..<10).map { _ in ask(resolver, "target.test") }
        try await lookUp.state.wait { $0.running == ["target.test"] }
        try await time.advance(by: .milliseconds(250))
        for future in others + [ask(resolver, "target.test")] {
            let error = await #expect(throws: ResolutionError.self) { _ = try await future.get() }
            #expect(error?.isDefinite == false)
        }
        lookUp.answer("target.test", .success(["192.0.2.1"]))
        for future in patient { #expect(try await future.get() == address("192.0.2.1")) }
    }

    @Test("A name that is silent is answered for at once, and tried again after pauses that grow")
    func growingPauses() async throws {
        let lookUp = BlockingLookUp()
        let resolver = resolver(lookUp)
        for (number, pause) in [2, 4, 8, 16, 30, 30].enumerated() {
            let future = ask(resolver, "silent.test")
            try await lookUp.state.wait { $0.begun.count == number + 1 }
            try await time.advance(by: .seconds(5))
            await #expect(throws: ResolutionError.self) { _ = try await future.get() }
            // The C library is still at it.
            await #expect(throws: ResolutionError.self) { _ = try await ask(resolver, "silent.test").get() }
            try await release(lookUp, of: resolver)
            lookUp.answer("silent.test", nil)
            try await time.advance(by: .seconds(Int64(pause)) - .milliseconds(1))
            await #expect(throws: ResolutionError.self) { _ = try await ask(resolver, "silent.test").get() }
            #expect(lookUp.state.value.begun.count == number + 1)
            try await time.advance(by: .milliseconds(1))
        }
        lookUp.answer("silent.test", .success(["192.0.2.1"]))
        #expect(try await ask(resolver, "silent.test").get() == address("192.0.2.1"))
    }

    @Test("Names known to be silent are tried again in a few places, and leave the quick ones to others")
    func placesOfSilentNames() async throws {
        var limits = LookUpLimits()
        (limits.quick, limits.slow, limits.again) = (2, 8, 3)
        let lookUp = BlockingLookUp()
        let resolver = resolver(lookUp, limits)
        let names = (0..<6).map { "silent\($0).test" }
        let first = names.map { ask(resolver, $0) }
        try await lookUp.state.wait { $0.running.count == 2 }
        for running in [4, 6] {
            try await time.advance(by: .milliseconds(250))
            try await lookUp.state.wait { $0.running.count == running }
        }
        try await time.advance(by: .seconds(5))
        for future in first { await #expect(throws: ResolutionError.self) { _ = try await future.get() } }
        try await release(lookUp, of: resolver)
        for name in names { lookUp.answer(name, nil) }
        try await time.advance(by: .seconds(10))
        let again = names.map { ask(resolver, $0) }
        try await lookUp.state.wait { $0.running.count == 3 }
        lookUp.answer("healthy.test", .success(["192.0.2.1"]))
        #expect(try await ask(resolver, "healthy.test").get() == address("192.0.2.1"))
        #expect(lookUp.state.value.running.count == 3)
        try await time.advance(by: .seconds(5))
        for future in again { await #expect(throws: ResolutionError.self) { _ = try await future.get() } }
        try await release(lookUp, of: resolver)
    }

    @Test("The last good addresses are used while a look-up hangs or tells nothing, and not once there is no such name")
    func lastGood() async throws {
        let lookUp = BlockingLookUp(["target.test": .success(["192.0.2.1"])])
        let resolver = resolver(lookUp)
        #expect(try await ask(resolver, "target.test").get() == address("192.0.2.1"))
        try await time.advance(by: .seconds(2))
        lookUp.answer("target.test", nil)
        let hanging = ask(resolver, "target.test")
        try await lookUp.state.wait { $0.running.count == 1 }
        try await time.advance(by: .milliseconds(250))
        #expect(try await hanging.get() == address("192.0.2.1"))
        #expect(try await ask(resolver, "target.test").get() == address("192.0.2.1"), "at once now")
        try await release(lookUp, of: resolver)
        try await time.advance(by: .seconds(3))
        #expect(try await ask(resolver, "target.test").get() == address("192.0.2.1"), "a temporary failure")
        try await time.advance(by: .seconds(60))
        lookUp.answer("target.test", .failure(ResolutionError("no such name", isDefinite: true)))
        let error = await #expect(throws: ResolutionError.self) { _ = try await ask(resolver, "target.test").get() }
        #expect(error?.isDefinite == true)
        try await time.advance(by: .seconds(2))
        lookUp.answer("target.test", .failure(Self.unknown))
        await #expect(throws: Self.unknown) { _ = try await ask(resolver, "target.test").get() }
    }

    @Test("Addresses that are a day old are not used any longer")
    func oldAddresses() async throws {
        let lookUp = BlockingLookUp(["target.test": .success(["192.0.2.1"])])
        let resolver = resolver(lookUp)
        #expect(try await ask(resolver, "target.test").get() == address("192.0.2.1"))
        lookUp.answer("target.test", .failure(Self.unknown))
        try await time.advance(by: .hours(24) + .seconds(1))
        await #expect(throws: Self.unknown) { _ = try await ask(resolver, "target.test").get() }
    }

    @Test("An answer stands for a second, also that there is no such name")
    func freshAnswers() async throws {
        let none = ResolutionError("no such name", isDefinite: true)
        let lookUp = BlockingLookUp(["target.test": .success(["192.0.2.1"]), "absent.test": .failure(none)])
        let resolver = resolver(lookUp)
        for count in 1...3 {
            for _ in 0..<3 {
                #expect(try await ask(resolver, "target.test").get() == address("192.0.2.1"))
                await #expect(throws: none) { _ = try await ask(resolver, "absent.test").get() }
            }
            #expect(lookUp.state.value.begun.count == 2 * count)
            try await time.advance(by: .seconds(1))
        }
    }

    @Test("Names that nobody asks for are forgotten when there are many")
    func manyNames() async throws {
        var limits = LookUpLimits()
        limits.names = 10
        limits.fresh = .hours(1)
        let lookUp = BlockingLookUp()
        let resolver = resolver(lookUp, limits)
        for number in 0..<11 {
            lookUp.answer("name\(number).test", .success(["192.0.2.1"]))
            #expect(try await ask(resolver, "name\(number).test").get() == address("192.0.2.1"))
            try await time.advance(by: .seconds(1))
        }
        for (number, begun) in [(9, 11), (0, 12)] {
            _ = try await ask(resolver, "name\(number).test").get()
            #expect(lookUp.state.value.begun.count == begun)
        }
    }

    @Test("The C library's definite answer is told from what this machine lacks")
    func systemsAnswers() async throws {
        let error = await #expect(throws: ResolutionError.self) {
            _ = try await SystemResolver().addresses(of: "a..b", port: 80, on: loop).get()
        }
        #expect(error?.isDefinite == true)
        let addresses = try await SystemResolver().addresses(of: "localhost", port: 80, on: loop).get()
        #expect(addresses.contains { $0.ipAddress == "127.0.0.1" && $0.port == 80 })
    }
}
