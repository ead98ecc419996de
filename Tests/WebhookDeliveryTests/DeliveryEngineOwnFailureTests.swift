import AgentCore
import Foundation
import MemoryStorage
import StoreContracts
import TestSupport
import Testing
import WebhookDelivery
import WebhookModel

@Suite("Delivery engine that cannot send", .timeLimit(.minutes(5)))
struct DeliveryEngineOwnFailureTests {
    private static let network = SendOutcome.failed(SendError(.network, "no route"))
    private static let local = SendOutcome.failed(SendError(.local, "too many open files"))
    private static let proxy = SendOutcome.failed(SendError(.proxy, "the proxy refused the connection"))

    @Test("The waits for a target grow while nothing can be sent to it, and begin again after an answer")
    func waits() async throws {
        let rig = Rig { [6, 8].contains($0) ? .ok : Self.proxy }
        let webhook = try await rig.addWebhook()
        try await rig.signal()
        try await rig.running { _ in
            try await rig.advance(untilRecorded: 7)
            try await rig.signal(at: rig.clock.elapsed)
            try await rig.advance(untilRecorded: 9)
        }
        let times = [0, 500, 1000, 1500, 2250, 3375, 5062.5, 5062.5, 5562.5].map { Duration.microseconds($0 * 1000) }
        #expect(rig.sender.calls.map(\.time) == times)
        #expect(rig.sender.calls.allSatisfy { $0.notification.retry == 0 })
        #expect(try await rig.queue.store.usage(of: webhook.id) == WebhookUsage(totalCalls: 2))
        #expect(try await rig.queue.counts() == DeliveryCounts())
    }

    @Test("A failure of ours long after another one is a first one again")
    func forgets() async throws {
        let rig = Rig { _ in Self.local }
        try await rig.addWebhook()
        try await rig.signal()
        try await rig.signal(at: .seconds(1000))
        try await rig.running { _ in
            try await rig.recorded(1)
            let webhook = try #require(try await rig.queue.store.allWebhooks(after: 0, limit: 1).first).webhook
            try await rig.put(webhook, .stopped)
            rig.clock.advance(to: .seconds(2000))
            try await rig.put(webhook, .active)
            try await rig.recorded(3)
            try await rig.clock.sleeper(until: .milliseconds(2_000_500))
        }
    }

    @Test("Failures of ours leave a target all its room")
    func keepsRoom() async throws {
        var rig = Rig { $0 == 0 ? Self.local : .ok }
        rig.settings.perFailingTarget = 1
        try await rig.addWebhook()
        try await rig.signal()
        try await rig.running { _ in
            try await rig.recorded(1)
            for _ in 0..<8 { try await rig.signal() }
            try await rig.recorded(9)
        }
        #expect(rig.queue.state.value.recorded.count == 9)
    }

    @Test("Failures of ours are logged once a second for each kind, with the number left out")
    func logged() async throws {
        let rig = Rig { $0 % 2 == 0 ? Self.local : Self.proxy }
        for target in 0..<20 { try await rig.addWebhook(url: "https://host\(target).example/") }
        try await rig.signal()
        try await rig.running { _ in
            try await rig.recorded(20)
            rig.clock.advance(to: .seconds(1))
            try await rig.recorded(40)
        }
        let ours = rig.log.value.filter { $0.contains("they are tried again") }
        for kind in ["this machine cannot send deliveries", "the forward proxy does not let deliveries through"] {
            let lines = ours.filter { $0.contains(kind) }
            #expect(lines.count == 2)
            #expect(lines.allSatisfy { $0.hasPrefix("warning") })
            #expect(lines.first?.contains("leftOut") == false)
            #expect(lines.last?.contains("leftOut=9") == true)
        }
        #expect(ours.contains { $0.contains("error=too many open files") && $0.contains("target=") })
    }

    @Test("Failures of ours are counted by kind, and not as a target's")
    func counted() async throws {
        let outcomes = [Self.local, Self.proxy, Self.proxy, .refused, .ok]
        let rig = Rig { outcomes[min($0, 4)] }
        try await rig.addWebhook()
        try await rig.signal()
        try await rig.running { _ in try await rig.advance(untilRecorded: 5) }
        let counts = rig.metrics.counts.value.filter { $0.key.hasPrefix("webhook_svc_own_failures_total") }
        #expect(
            counts == [
                "webhook_svc_own_failures_total{kind=local}": 1, "webhook_svc_own_failures_total{kind=proxy}": 2,
            ]
        )
        #expect(rig.metrics.counts.value["webhook_svc_delivery_attempts_total{outcome=postponed,error=local}"] == 1)
        #expect(rig.metrics.counts.value["webhook_svc_delivery_attempts_total{outcome=retry,error=connection}"] == 1)
    }

    @Test("A machine that can send nothing tries few deliveries a poll, and all once it can")
    func machineWide() async throws {
        let isUp = Watched(false)
        var rig = Rig { _ in isUp.value ? .ok : Self.local }
        rig.settings.pollInterval = .seconds(1)
        let targets = 200
        for target in 0..<targets { try await rig.addWebhook(url: "https://host\(target).example/") }
        try await rig.signal()
        try await rig.running { _ in
            for second in 1...10 {
                try await rig.clock.sleeper(until: .seconds(second))
                rig.clock.advance(to: .seconds(second))
            }
            // Those of the first moment, then eight a second.
            #expect(rig.sender.calls.count <= 32 + 8 + 11 * 8)
            isUp.update { $0 = true }
            try await rig.clock.sleeper(until: .seconds(11))
            rig.clock.advance(to: .seconds(60))
            try await rig.queue.state.wait { $0.recorded.count { $0.result.attempt.status == 200 } == targets }
        }
        #expect(try await rig.queue.counts() == DeliveryCounts())
    }

    @Test("However many targets the network has no way to, the others are tried at once")
    func unreachable() async throws {
        let rig = Rig { $0 < 64 ? Self.network : .ok }
        let targets = 200
        for target in 0..<targets { try await rig.addWebhook(url: "https://host\(target).example/") }
        try await rig.signal()
        try await rig.running { _ in
            try await rig.queue.state.wait { $0.recorded.count { $0.result.attempt.status == 200 } == targets - 64 }
            #expect(rig.clock.elapsed == .zero)
        }
    }

    @Test("A target that nothing can be sent to is probed by few deliveries, however many wait for it")
    func probes() async throws {
        var rig = Rig { _ in Self.proxy }
        rig.settings.perFailingTarget = 2
        try await rig.addWebhook()
        for _ in 0..<500 { try await rig.signal() }
        // All of them twice in the first second, what is in flight then, and two after each hold.
        try await rig.running { _ in try await rig.advance(untilRecorded: 2 * 500 + 8 + 2 * 8) }
        #expect(rig.clock.elapsed > .seconds(20))
    }
}
