import AgentCore
import AgentStores
import Foundation
import ServiceLifecycleTestKit
import Testing
import WebhookDelivery

@Suite("Delivery engine that stops", .timeLimit(.minutes(1)))
struct DeliveryEngineShutdownTests {
    @Test("Ends at once when nothing is in flight, and gives its leases up")
    func idle() async throws {
        let rig = Rig { _ in .ok }
        try await rig.running { trigger in
            try await rig.queue.state.wait { $0.claims > 0 }
            trigger.triggerGracefulShutdown()
            try await rig.ended.wait { $0 }
        }
        #expect(rig.queue.state.value.releases == [rig.owner])
        #expect(rig.clock.elapsed == .zero)
    }

    @Test("Ends when it is told to before it has begun")
    func stoppedBefore() async throws {
        let rig = Rig { _ in .ok }
        try await rig.running { trigger in
            trigger.triggerGracefulShutdown()
            try await rig.ended.wait { $0 }
        }
        #expect(rig.queue.state.value.releases == [rig.owner])
    }

    @Test("Lets what is in flight finish and claims nothing more")
    func finishesInFlight() async throws {
        let gate = Gate()
        var rig = Rig { _ in await gate.pass() }
        rig.settings.concurrency = 2
        try await rig.addWebhook()
        for _ in 0..<5 { try await rig.signal() }
        try await rig.running { trigger in
            try await rig.sent(2)
            trigger.triggerGracefulShutdown()
            try await rig.signal()
            try await rig.clock.sleeper(until: rig.settings.drain)
            #expect(rig.ended.value == false)
            gate.open()
            try await rig.ended.wait { $0 }
        }
        #expect(rig.sender.calls.count == 2)
        #expect(rig.queue.state.value.recorded.map(\.counted) == [true, true])
        #expect(rig.queue.state.value.releases == [rig.owner])
        #expect(try await rig.queue.counts().pending == 4)
        let rest = try await rig.claimAll()
        #expect(rest.map(\.fence) == [1, 1, 1, 1], "nobody had claimed them")
    }

    @Test("Records a failure of what was in flight with the time of its next attempt")
    func failureWhileDraining() async throws {
        let gate = Gate()
        let rig = Rig { _ in await gate.pass(.serverError) }
        let webhook = try await rig.addWebhook()
        try await rig.signal()
        try await rig.running { trigger in
            try await rig.sent(1)
            trigger.triggerGracefulShutdown()
            gate.open()
            try await rig.ended.wait { $0 }
        }
        #expect(try await rig.queue.nextDue() == ManualClock.start.advanced(by: .seconds(1)))
        let error = try await rig.queue.store.lastError(id: webhook.id, in: Rig.scope)
        #expect(error == "HTTP/1.1 500 Internal Server Error")
    }

    @Test("Cuts off what is in flight when the time to drain is over; it is due again, uncounted")
    func drainIsOver() async throws {
        let gate = Gate()
        let rig = Rig { await $0 == 0 ? .ok : gate.pass() }
        let webhook = try await rig.addWebhook()
        for _ in 0..<3 { try await rig.signal() }
        try await rig.running { trigger in
            try await rig.sent(3)
            try await rig.recorded(1)
            trigger.triggerGracefulShutdown()
            try await rig.clock.sleeper(until: rig.settings.drain)
            #expect(rig.ended.value == false)
            rig.clock.advance(to: rig.settings.drain)
            try await rig.ended.wait { $0 }
        }
        try await expectDueAgain(2, webhook, rig)
    }

    @Test("Cuts off what is in flight at once when its task is cancelled; it is due again, uncounted")
    func cancelled() async throws {
        let gate = Gate()
        let rig = Rig { _ in await gate.pass() }
        let webhook = try await rig.addWebhook()
        for _ in 0..<3 { try await rig.signal() }
        // Returning cancels the engine.
        try await rig.running { _ in try await rig.sent(3) }
        #expect(rig.ended.value)
        #expect(rig.clock.elapsed == .zero)
        try await expectDueAgain(3, webhook, rig)
    }

    private func expectDueAgain(_ count: Int, _ webhook: Webhook, _ rig: Rig) async throws {
        #expect(rig.queue.state.value.releases == [rig.owner])
        #expect(try await rig.queue.counts().pending == count)
        #expect(try await rig.queue.store.lastError(id: webhook.id, in: Rig.scope) == nil)
        let due = try await rig.claimAll()
        #expect(due.map(\.attempts) == Array(repeating: 0, count: count))
        #expect(due.map(\.fence) == Array(repeating: 2, count: count))
    }
}
