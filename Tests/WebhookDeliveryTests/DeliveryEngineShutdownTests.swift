import Foundation
import MemoryStorage
import ServiceLifecycleTestKit
import StoreContracts
import TestSupport
import Testing
import WebhookDelivery
import WebhookModel

@Suite("Delivery engine that stops", .timeLimit(.minutes(5)))
struct DeliveryEngineShutdownTests {
    @Test("Ends at once when nothing is in flight, and has no lease to give up")
    func idle() async throws {
        let rig = Rig { _ in .ok }
        try await rig.running { trigger in
            try await rig.queue.state.wait { $0.claims > 0 }
            trigger.triggerGracefulShutdown()
            try await rig.ended.wait { $0 }
        }
        #expect(rig.queue.state.value.releases.isEmpty)
        #expect(rig.clock.elapsed == .zero)
    }

    @Test("Ends when it is told to before it has begun")
    func stoppedBefore() async throws {
        let rig = Rig { _ in .ok }
        try await rig.running { trigger in
            trigger.triggerGracefulShutdown()
            try await rig.ended.wait { $0 }
        }
        #expect(rig.queue.state.value.releases.isEmpty)
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
        #expect(rig.queue.state.value.releases.isEmpty)
        #expect(try await rig.queue.counts().pending == 4)
        let rest = try await rig.claimAll()
        #expect(rest.map(\.fence) == [1, 1, 1, 1], "nobody had claimed them")
    }

    @Test("Claims nothing more once it is told to stop, however much is due at targets that are dead")
    func stopsClaiming() async throws {
        let stop = Watched<(@Sendable () -> Void)?>(nil)
        let rig = Rig { call in
            if call == 0 { stop.value?() }
            return .refused
        }
        try await rig.addWebhook()
        for _ in 0..<200 { try await rig.signal() }
        let prepare = { (trigger: GracefulShutdownTestTrigger) in
            stop.update { $0 = { trigger.triggerGracefulShutdown() } }
        }
        try await rig.running(preparing: prepare) { _ in try await rig.ended.wait { $0 } }
        #expect(rig.queue.state.value.claims == 1)
        #expect(rig.sender.calls.count == rig.settings.concurrency)
        #expect(rig.queue.state.value.releases.isEmpty)
    }

    @Test("What was claimed while it was told to stop is not begun, and is due again")
    func stoppedWhileClaiming() async throws {
        let rig = Rig(isSilent: true) { _ in .ok }
        try await rig.addWebhook()
        for _ in 0..<3 { try await rig.signal() }
        let prepare = { (trigger: GracefulShutdownTestTrigger) in
            rig.queue.state.update { $0.onClaimed = { trigger.triggerGracefulShutdown() } }
        }
        try await rig.running(preparing: prepare) { _ in try await rig.ended.wait { $0 } }
        #expect(rig.sender.calls.isEmpty)
        #expect(rig.queue.state.value.releases.map(\.count) == [3])
        #expect(try await rig.claimAll().map(\.fence) == [2, 2, 2])
    }

    @Test("The time to drain is over when it is over, though the machine's clock is set back meanwhile")
    func clockSetBack() async throws {
        let gate = Gate()
        let rig = Rig { _ in await gate.pass() }
        try await rig.addWebhook()
        try await rig.signal()
        try await rig.running { trigger in
            try await rig.sent(1)
            trigger.triggerGracefulShutdown()
            try await rig.clock.sleeper(until: rig.settings.drain)
            rig.clock.set(ahead: .seconds(-3600))
            rig.clock.advance(to: rig.settings.drain)
            try await rig.ended.wait { $0 }
        }
        #expect(rig.clock.elapsed == rig.settings.drain)
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
        #expect(rig.queue.state.value.releases.map(\.count) == [count])
        #expect(try await rig.queue.counts().pending == count)
        #expect(try await rig.queue.store.lastError(id: webhook.id, in: Rig.scope) == nil)
        let due = try await rig.claimAll()
        #expect(due.map(\.attempts) == Array(repeating: 0, count: count))
        #expect(due.map(\.fence) == Array(repeating: 2, count: count))
    }
}
