import Foundation
import MemoryStorage
import StoreContracts
import TestSupport
import Testing
import WebhookModel

@Suite("Delivery engine and the states of webhooks", .timeLimit(.minutes(5)))
struct DeliveryEngineStateTests {
    private static let listener = "https://example.com/listener"

    /// When the attempts of a delivery are that always fails, from the first.
    private static let netServerTimes = [0, 1, 5, 15, 16, 20, 30, 31, 35].map { Duration.seconds($0) }

    @Test("Goes through three cycles of three attempts, and the ninth failure makes the webhook TooManyErrors")
    func threeCycles() async throws {
        let rig = Rig { _ in .refused }
        let webhook = try await rig.addWebhook()
        let event = try await rig.signal()
        try await rig.running { _ in
            try await rig.advance(untilRecorded: 8)
            #expect(try await rig.state(of: webhook) == .active)
            rig.clock.advance(to: try await rig.clock.nextWake(within: .seconds(60)))
            try await rig.recorded(9)
        }
        let calls = rig.sender.calls
        #expect(calls.map(\.time) == Self.netServerTimes)
        #expect(calls.map(\.notification.retry) == Array(0..<9))
        #expect(calls.allSatisfy { $0.notification.eventID == event })
        #expect(calls.allSatisfy { $0.notification.body == Array("head-suffix-tail".utf8) })
        #expect(try await rig.state(of: webhook) == .tooManyErrors)
        #expect(try await rig.queue.counts() == DeliveryCounts(parked: 1))
    }

    @Test("Without a limit of failures a delivery ends failed after its cycles")
    func usedUp() async throws {
        var rig = Rig { _ in .refused }
        rig.policy.failureLimit = nil
        let webhook = try await rig.addWebhook()
        try await rig.signal()
        try await rig.running { _ in try await rig.advance(untilRecorded: 9) }
        #expect(rig.sender.calls.map(\.time) == Self.netServerTimes)
        #expect(try await rig.state(of: webhook) == .active)
        #expect(try await rig.queue.counts() == DeliveryCounts(failed: 1))
    }

    @Test(
        "The durable profile doubles its waits, shortened by up to half at random",
        arguments: [
            (0.0, [0, 2.5, 7.5, 17.5, 37.5, 77.5, 157.5, 317.5]), (0.5, [0, 3.75, 11.25, 26.25, 56.25, 116.25]),
        ]
    )
    func durable(random: Double, seconds: [Double]) async throws {
        var rig = Rig { _ in .refused }
        rig.policy = .durable
        rig.random = random
        let webhook = try await rig.addWebhook()
        try await rig.signal()
        try await rig.running { _ in
            for count in 1...seconds.count {
                try await rig.recorded(count)
                if count < seconds.count { rig.clock.advance(to: try await rig.clock.nextWake(within: .seconds(600))) }
            }
        }
        #expect(rig.sender.calls.map(\.time) == seconds.map { Duration.milliseconds(Int64($0 * 1000)) })
        #expect(rig.sender.calls.map(\.notification.retry) == Array(0..<seconds.count))
        #expect(try await rig.state(of: webhook) == .active)
    }

    /// Makes the webhook Active at `offset` after the start, and waits until its one parked delivery has been sent.
    private func sendParked(_ rig: Rig, _ webhook: Webhook, at offset: Duration) async throws {
        #expect(try await rig.queue.counts() == DeliveryCounts(parked: 1))
        rig.clock.advance(to: offset)
        try await rig.put(webhook, .active)
        try await rig.recorded(2)
    }

    @Test("A target that is gone is not tried again until its webhook is Active")
    func gone() async throws {
        let rig = Rig { $0 == 0 ? .answered(TargetAnswer(status: 410, reason: "Gone")) : .ok }
        let webhook = try await rig.addWebhook()
        try await rig.signal()
        try await rig.running { _ in
            try await rig.recorded(1)
            #expect(try await rig.state(of: webhook) == .tooManyErrors)
            try await sendParked(rig, webhook, at: .seconds(3600))
        }
        #expect(rig.sender.calls.map(\.time) == [.zero, .seconds(3600)])
        #expect(rig.sender.calls.map(\.notification.retry) == [0, 0])
        #expect(try await rig.queue.counts() == DeliveryCounts())
    }

    @Test("Nine failures in a row are told to the listeners, and Active sends what was parked")
    func tooManyErrors() async throws {
        let isUp = Watched(false)
        let rig = Rig.answering { $0.url == Self.listener || isUp.value ? .ok : .serverError }
        let webhook = try await rig.addWebhook()
        try await rig.addWebhook(event: "webhook.errors", url: Self.listener)
        let event = try await rig.signal()
        try await rig.running { _ in
            try await rig.advance(untilRecorded: 9)
            // What is signalled now it misses, what was signalled before waits.
            try await rig.recorded(10)
            try await rig.signal()
            isUp.update { $0 = true }
            rig.clock.advance(to: .seconds(100))
            try await rig.put(webhook, .active)
            try await rig.recorded(11)
        }
        let told = try #require(rig.sender.calls(to: Self.listener).first)
        #expect(rig.sender.calls(to: Self.listener).count == 1)
        #expect(told.time == .seconds(35))
        #expect(told.notification.event == "webhook\(webhook.id).errors")
        let body = String(decoding: told.notification.body, as: UTF8.self)
        #expect(body.contains("\"Event\":\"webhook.errors\",\"PrimaryKey\":\(webhook.id),\"Entity\":\"webhook\""))
        let calls = rig.sender.calls(to: Rig.url)
        #expect(calls.map(\.time) == Self.netServerTimes + [.seconds(100)])
        #expect(calls.map(\.notification.retry) == Array(0..<9) + [0])
        #expect(calls.allSatisfy { $0.notification.eventID == event })
        #expect(try await rig.queue.counts() == DeliveryCounts(missed: 1))
        #expect(try await rig.queue.store.usage(of: webhook.id)?.consecutiveErrors == 0)
    }

    @Test("A webhook that listens to its own errors does not run in circles")
    func ownErrors() async throws {
        let rig = Rig { _ in .answered(TargetAnswer(status: 410, reason: "Gone")) }
        var webhook = try await rig.addWebhook()
        webhook.events = ["contact.created", "webhook.errors", "webhook.started", "webhook\(webhook.id).errors"]
        try await rig.put(webhook, .active)
        try await rig.signal()
        try await rig.running { _ in
            for round in 1...3 {
                try await rig.recorded(round)
                #expect(try await rig.queue.counts() == DeliveryCounts(parked: 1))
                if round < 3 { try await rig.put(webhook, .active) }
            }
        }
        #expect(rig.sender.calls.count == 3)
        #expect(rig.sender.calls.allSatisfy { $0.notification.event == "contact.created" })
    }

    @Test("What fails while its webhook is stopped waits until it is Active, with the attempts it had")
    func stoppedInFlight() async throws {
        let gate = Gate()
        let rig = Rig { await $0 == 0 ? gate.pass(.serverError) : .ok }
        try await rig.changing(inFlight: gate) { webhook in
            try await rig.put(webhook, .stopped)
        } next: { webhook in
            try await sendParked(rig, webhook, at: .seconds(60))
        }
        #expect(rig.sender.calls.map(\.time) == [.zero, .seconds(60)])
        #expect(rig.sender.calls.map(\.notification.retry) == [0, 1])
        #expect(try await rig.queue.counts() == DeliveryCounts())
    }

    @Test("What arrives while its webhook is stopped is delivered")
    func deliveredWhileStopped() async throws {
        let gate = Gate()
        let rig = Rig { _ in await gate.pass() }
        let webhook = try await rig.changing(inFlight: gate) { try await rig.put($0, .stopped) }
        #expect(try await rig.queue.counts() == DeliveryCounts())
        #expect(try await rig.queue.store.usage(of: webhook.id) == WebhookUsage(totalCalls: 1))
    }

    @Test("A replay is sent as the first attempt was, without a mark on the webhook")
    func replay() async throws {
        let rig = Rig { $0 == 1 ? .serverError : .ok }
        let webhook = try await rig.addWebhook()
        let event = try await rig.signal()
        try await rig.running { _ in
            try await rig.recorded(1)
            let id = try #require(rig.queue.state.value.recorded.first).result.id
            #expect(try await rig.queue.store.replay(id, now: rig.clock.now) == .queued)
            try await rig.recorded(2)
            try await rig.clock.sleeper(until: .seconds(1))
            rig.clock.advance(to: .seconds(1))
            try await rig.recorded(3)
        }
        #expect(rig.sender.calls.map(\.notification.retry) == [0, 0, 1])
        #expect(rig.sender.calls.allSatisfy { $0.notification.eventID == event })
        #expect(Set(rig.sender.calls.map(\.notification.body)).count == 1)
        #expect(try await rig.queue.store.usage(of: webhook.id) == WebhookUsage(totalCalls: 1))
    }

    @Test("A breaker leaves a failing target alone for its pause, and then probes it")
    func breaker() async throws {
        var rig = Rig { $0 < 3 ? .serverError : .ok }
        rig.policy.breaker = DeliveryPolicy.Breaker(failures: 3, pause: .seconds(30))
        try await rig.addWebhook()
        for second in 0..<3 { try await rig.signal(at: .milliseconds(100 * second)) }
        try await rig.running { _ in
            for second in 0..<3 {
                rig.clock.advance(to: .milliseconds(100 * second))
                try await rig.recorded(second + 1)
            }
            // What failed before the pause began was to be tried again by now.
            rig.clock.advance(to: .seconds(2))
            try await rig.clock.sleeper(until: .milliseconds(30_200))
            rig.clock.advance(to: .milliseconds(30_200))
            try await rig.recorded(6)
        }
        #expect(rig.sender.calls.map(\.time) == [0, 100, 200, 30_200, 30_200, 30_200].map { .milliseconds($0) })
        #expect(try await rig.queue.counts() == DeliveryCounts())
    }
}
