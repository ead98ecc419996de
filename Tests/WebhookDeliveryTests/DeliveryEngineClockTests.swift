import Foundation
import StoreContracts
import TestSupport
import Testing
import WebhookDelivery
import WebhookModel

@Suite("Delivery engine whose clock is set", .timeLimit(.minutes(5)))
struct DeliveryEngineClockTests {
    private static let day = Duration.seconds(86_400)

    @Test("What a clock that was a day ahead has put off is delivered at the start")
    func atStart() async throws {
        let rig = Rig { _ in .ok }
        try await rig.addWebhook()
        for _ in 0..<3 { try await rig.signal(at: Self.day) }
        try await rig.running { _ in try await rig.recorded(3) }
        #expect(rig.clock.elapsed == .zero)
        let lines = rig.log.value.filter { $0.contains("the clock was ahead") }
        #expect(lines == ["warning the clock was ahead: what was put off by it is due now deliveries=3 pauses=0"])
    }

    @Test("A clock that is set back a day keeps no retry for longer than a minute")
    func whileRunning() async throws {
        var rig = Rig { $0 == 0 ? .serverError : .ok }
        rig.settings.pollInterval = .seconds(1)
        rig.clock.set(ahead: Self.day)
        try await rig.addWebhook()
        try await rig.signal(at: Self.day)
        try await rig.running { _ in
            try await rig.recorded(1)
            #expect(try await rig.queue.nextDue(ClaimLimits(total: 1)) == rig.clock.now.advanced(by: .seconds(1)))
            rig.clock.set(ahead: .zero)
            for second in 1...60 {
                #expect(rig.sender.calls.count == 1)
                try await rig.clock.sleeper(until: .seconds(second))
                rig.clock.advance(to: .seconds(second))
            }
            try await rig.recorded(2)
        }
        #expect(rig.sender.calls.map(\.time) == [.zero, .seconds(60)])
    }

    @Test("The longest wait of the policy is not taken for a clock that was ahead")
    func longestWait() async throws {
        var rig = Rig { $0 < 12 ? .refused : .ok }
        rig.policy = .durable
        rig.random = 0.999
        rig.policy.breaker = nil
        rig.settings.pollInterval = .seconds(600)
        try await rig.addWebhook()
        try await rig.signal()
        try await rig.running { _ in
            while rig.queue.state.value.recorded.count < 13 {
                rig.clock.advance(to: try await rig.clock.nextWake(within: .seconds(600)))
                await Task.yield()
            }
        }
        #expect(rig.log.value.contains { $0.contains("the clock was ahead") } == false)
        let times = rig.sender.calls.map(\.time)
        #expect(try #require(times.last) - times[11] > .seconds(7190))
    }

    @Test("The longest wait is the longest of the schedule, of Retry-After and of the breaker's pause")
    func longestWaits() {
        #expect(DeliveryPolicy.netServer.longestWait == .seconds(30))
        #expect(DeliveryPolicy.durable.longestWait == .seconds(7200))
        var policy = DeliveryPolicy.durable
        policy.retryAfterLimit = .seconds(9000)
        #expect(policy.longestWait == .seconds(9000))
        policy.breaker = .init(failures: 1, pause: .seconds(9001))
        #expect(policy.longestWait == .seconds(9001))
        policy.schedule = .cycles(delays: [.seconds(1), .seconds(9003)], count: 1, pause: .seconds(9002))
        #expect(policy.longestWait == .seconds(9003))
    }
}
