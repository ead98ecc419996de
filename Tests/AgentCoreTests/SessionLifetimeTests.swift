import AgentCore
import StoreContracts
import TestSupport
import Testing
import WebhookModel

@Suite("Lifetime of sessions")
struct SessionLifetimeTests {
    /// Whether a ticket is good so long after its last uses: two within a second, so long after the login.
    private func isGood(_ idle: Duration, afterUsesAt uses: Duration) async throws -> Bool {
        let harness = PrincipalHarness()
        let credentials = harness.credentials(try await harness.logIn())
        harness.clock.advance(by: uses)
        _ = try await harness.agent.caller(credentials)
        harness.clock.advance(by: .milliseconds(999))
        _ = try await harness.agent.caller(credentials)
        harness.clock.advance(by: idle)
        return await failure { _ = try await harness.agent.caller(credentials) } == nil
    }

    @Test(
        "A ticket lives for its lifetime from its last use, and at most a hundredth longer",
        arguments: [0, 1, 106, 107, 108, 109, 215, 216, 217, 3600, 21_600]
    )
    func sliding(uses seconds: Int) async throws {
        let lifetime = PrincipalHarness.lifetime
        #expect(try await isGood(lifetime, afterUsesAt: .seconds(seconds)))
        let tooLong = lifetime * 101 / 100 + .nanoseconds(100)
        #expect(try await isGood(tooLong, afterUsesAt: .seconds(seconds)) == false)
    }

    @Test("A ticket that is used again and again lives on")
    func usedForDays() async throws {
        let harness = PrincipalHarness()
        let credentials = harness.credentials(try await harness.logIn())
        for _ in 0..<100 {
            harness.clock.advance(by: PrincipalHarness.lifetime)
            _ = try await harness.agent.caller(credentials)
        }
    }

    @Test("A ticket that is good is so for the next moments too, however near its end it was")
    func renewedAtTheEnd() async throws {
        let throttle = LoginThrottle()
        for halfSeconds in 0...440 {
            let harness = PrincipalHarness(throttle: throttle)
            let credentials = harness.credentials(try await harness.logIn())
            harness.clock.advance(by: PrincipalHarness.lifetime + .milliseconds(500 * halfSeconds))
            let error = await failure { _ = try await harness.agent.caller(credentials) }
            if error != nil { break }
            harness.clock.advance(by: .milliseconds(900))
            _ = try await harness.agent.caller(credentials)
        }
    }

    @Test("An expired ticket cannot be renewed")
    func expired() async throws {
        let harness = PrincipalHarness()
        let ticket = try await harness.logIn()
        harness.clock.advance(by: PrincipalHarness.lifetime * 102 / 100)
        for _ in 0..<3 {
            await expectRefused("ticket") { _ = try await harness.agent.caller(harness.credentials(ticket)) }
        }
        let data = StringDictionary([.init(key: "Type", value: "ticket"), .init(key: "Ticket", value: ticket)])
        #expect(try await harness.agent.authenticate(data: data, harness.credentials()) == nil)
        #expect(try await harness.agent.openSessions(matching: SessionFilter(), limit: 10).isEmpty)
    }

    @Test("Sessions are listed until they expire, and pruned after that")
    func pruning() async throws {
        let harness = PrincipalHarness()
        _ = try await harness.logIn()
        harness.clock.advance(by: .seconds(3600))
        _ = try await harness.logIn("bert", "berts own")
        func names() async throws -> [String] {
            try await harness.agent.openSessions(matching: SessionFilter(), limit: 10).map(\.userName)
        }
        harness.clock.advance(by: PrincipalHarness.lifetime - .seconds(3600))
        #expect(try await names() == ["bert", "anna"])
        #expect(try await harness.agent.pruneSessions(limit: 10) == false)
        #expect(try await harness.stored().map(\.userName) == ["bert", "anna"])
        harness.clock.advance(by: PrincipalHarness.lifetime / 100 + .nanoseconds(100))
        #expect(try await names() == ["bert"])
        #expect(try await harness.agent.pruneSessions(limit: 10) == false)
        #expect(try await harness.stored().map(\.userName) == ["bert"])
    }
}
