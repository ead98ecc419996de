import MemoryStorage
import ServiceLifecycleTestKit
import StoreContracts
import TestSupport
import Testing
import WebhookDelivery
import WebhookModel

@Suite("Delivery engine that a store hands deliveries over to", .timeLimit(.minutes(5)))
struct DeliveryEngineHandOverTests {
    private static let target = Webhook.target(of: Rig.url)

    /// Waits until the engine has claimed and found nothing, and returns whom it gave the store to hand over to.
    private func receiver(of rig: Rig) async throws -> any DeliveryReceiver {
        let state = try await rig.queue.state.wait { $0.dueTimesAsked > 0 && $0.receiver != nil }
        return try #require(state.receiver)
    }

    /// Signals an event without telling the engine, with the lease that the engine gives.
    private func leased(_ rig: Rig, by receiver: any DeliveryReceiver) async throws -> [ClaimedDelivery] {
        let lease = try #require(receiver.reserve(target: Self.target))
        #expect(lease.owner == rig.owner)
        #expect(lease.start == rig.clock.now && lease.duration == rig.settings.lease)
        try await rig.signal()
        return try await rig.queue.store.claim(ClaimLimits(total: 1), for: lease)
    }

    @Test("Makes what is handed over without a claim")
    func handedOver() async throws {
        let rig = Rig(isSilent: true) { _ in .ok }
        try await rig.addWebhook()
        try await rig.running { _ in
            let receiver = try await self.receiver(of: rig)
            let claims = rig.queue.state.value.claims
            for number in 1...40 {
                receiver.take(try await leased(rig, by: receiver))
                try await rig.recorded(number)
            }
            #expect(rig.queue.state.value.claims == claims)
        }
        #expect(rig.queue.state.value.recorded.filter(\.counted).count == 40)
        #expect(Set(rig.sender.calls.map(\.notification.eventID)).count == 40)
        #expect(rig.queue.state.value.receiver == nil)
        #expect(try await rig.queue.counts() == DeliveryCounts())
    }

    @Test("Tries again in its turn what was handed over and failed")
    func failed() async throws {
        let rig = Rig(isSilent: true) { $0 == 0 ? .serverError : .ok }
        try await rig.addWebhook()
        try await rig.running { _ in
            let receiver = try await self.receiver(of: rig)
            receiver.take(try await leased(rig, by: receiver))
            try await rig.recorded(1)
            try await rig.clock.sleeper(until: .seconds(1))
            rig.clock.advance(to: .seconds(1))
            try await rig.recorded(2)
        }
        #expect(rig.sender.calls.map(\.notification.retry) == [0, 1])
        #expect(rig.sender.calls.map(\.time) == [.zero, .seconds(1)])
    }

    @Test("Reserves no more places than a target may have, and none while others wait")
    func places() async throws {
        var rig = Rig(isSilent: true) { _ in .ok }
        rig.settings.perTarget = 3
        rig.settings.concurrency = 5
        try await rig.addWebhook()
        let limited = rig
        try await limited.running { _ in
            let receiver = try await self.receiver(of: limited)
            for _ in 0..<3 { #expect(receiver.reserve(target: Self.target) != nil) }
            #expect(receiver.reserve(target: Self.target) == nil)
            // Another target has its own places, within those of all.
            for _ in 0..<2 { #expect(receiver.reserve(target: "other") != nil) }
            #expect(receiver.reserve(target: "third") == nil)
            // What was refused waits for a claim, and no other is to overtake it.
            let asked = limited.queue.state.value.dueTimesAsked
            receiver.giveBack(Array(repeating: Self.target, count: 3) + ["other", "other"])
            try await limited.queue.state.wait { $0.dueTimesAsked > asked }
            #expect(receiver.reserve(target: Self.target) != nil)
            receiver.giveBack([Self.target])
        }
    }

    @Test("What is handed over once the service stops is not begun, and is due again")
    func stopped() async throws {
        let rig = Rig(isSilent: true) { _ in .ok }
        try await rig.addWebhook()
        try await rig.running { trigger in
            let receiver = try await self.receiver(of: rig)
            let deliveries = try await leased(rig, by: receiver)
            trigger.triggerGracefulShutdown()
            // The engine waits for what has a place.
            try await rig.clock.sleeper(until: rig.settings.drain)
            #expect(receiver.reserve(target: Self.target) == nil)
            receiver.take(deliveries)
            try await rig.ended.wait { $0 }
        }
        #expect(rig.sender.calls.isEmpty)
        #expect(rig.queue.state.value.releases.map(\.count) == [1])
        #expect(try await rig.claimAll().map(\.fence) == [2])
    }
}
