import Foundation
import MemoryStorage
import StoreContracts
import TestSupport
import Testing
import WebhookDelivery
import WebhookModel

@Suite("Delivery engine whose store fails", .timeLimit(.minutes(5)))
struct DeliveryEngineFaultTests {
    @Test("Claims again at the next poll")
    func claimErrors() async throws {
        let rig = Rig(isSilent: true) { _ in .ok }
        rig.queue.state.update { $0.failingClaims = 2 }
        try await rig.addWebhook()
        try await rig.signal()
        try await rig.running { _ in
            for poll in 1...2 {
                let offset = rig.settings.pollInterval * poll
                try await rig.clock.sleeper(until: offset)
                #expect(rig.sender.calls.isEmpty)
                rig.clock.advance(to: offset)
            }
            try await rig.recorded(1)
        }
        #expect(rig.queue.state.value.claims >= 3)
        #expect(try await rig.queue.counts() == DeliveryCounts())
    }

    @Test("A store that takes no claims is asked once a poll, whatever arrives meanwhile")
    func claimStorm() async throws {
        let rig = Rig { _ in .ok }
        rig.queue.state.update { $0.failingClaims = .max }
        try await rig.addWebhook()
        try await rig.running { _ in
            try await rig.queue.state.wait { $0.claims == 1 }
            for _ in 0..<50 {
                try await rig.signal()
                await Task.yield()
            }
            try await rig.clock.sleeper(until: rig.settings.pollInterval)
            rig.clock.advance(to: rig.settings.pollInterval)
            try await rig.clock.sleeper(until: rig.settings.pollInterval * 2)
        }
        #expect(rig.queue.state.value.claims == 2)
    }

    @Test("Results that cannot be recorded are logged once a second, with the number left out")
    func recordStorm() async throws {
        var rig = Rig(isSilent: true) { _ in .ok }
        rig.settings.concurrency = 100
        rig.queue.state.update { $0.failingRecords = .max }
        try await rig.addWebhook()
        for _ in 0..<100 { try await rig.signal() }
        try await rig.running { _ in
            // Each result waits by itself, whatever call it was part of.
            try await rig.clock.state.wait { state in
                state.sleepers.values.filter { $0 == .milliseconds(50) }.count == 100
            }
            rig.queue.state.update { $0.failingRecords = 1 }
            rig.clock.advance(to: .seconds(1))
            try await rig.recorded(99)
        }
        let lines = rig.log.value.filter { $0.contains("a result could not be recorded") }
        #expect(lines.count == 2)
        #expect(lines.first?.contains("leftOut") == false)
        #expect(lines.last?.contains("leftOut=99") == true)
    }

    @Test("Offers a result again until it is taken, without sending again")
    func recordErrors() async throws {
        let rig = Rig(isSilent: true) { _ in .ok }
        rig.queue.state.update { $0.failingRecords = 2 }
        try await rig.addWebhook()
        try await rig.signal()
        try await rig.running { _ in
            for failures in 1...2 {
                try await rig.queue.state.wait { $0.recordCalls == failures }
                rig.clock.advance(to: try await rig.clock.nextWake(within: .seconds(60)))
            }
            try await rig.recorded(1)
        }
        #expect(rig.sender.calls.count == 1)
        #expect(rig.queue.state.value.recordCalls == 3)
        #expect(try await rig.queue.counts() == DeliveryCounts())
    }

    @Test("Delivers again after the lease when a result is never taken")
    func recordNeverTaken() async throws {
        let rig = Rig(isSilent: true) { _ in .ok }
        rig.queue.state.update { $0.failingRecords = 5 }
        try await rig.addWebhook()
        let event = try await rig.signal()
        try await rig.running { _ in
            for failures in 1...4 {
                try await rig.queue.state.wait { $0.recordCalls == failures }
                rig.clock.advance(to: try await rig.clock.nextWake(within: .seconds(60)))
            }
            try await rig.queue.state.wait { $0.recordCalls == 5 }
            #expect(rig.sender.calls.count == 1)
            rig.clock.advance(to: rig.settings.lease + .seconds(30))
            try await rig.recorded(1)
        }
        #expect(rig.sender.calls.map(\.notification.eventID) == [event, event])
        #expect(rig.sender.calls.map(\.notification.retry) == [0, 0])
        #expect(try await rig.queue.counts() == DeliveryCounts())
    }

    @Test("Goes on when the result of a stale holder does not count")
    func staleResult() async throws {
        let gate = Gate()
        let rig = Rig { await $0 == 0 ? gate.pass(.serverError) : .ok }
        try await rig.changing(inFlight: gate) { webhook in
            _ = try await rig.queue.store.delete(id: webhook.id, in: Rig.scope, at: ManualClock.start)
        } next: { _ in
            try await rig.addWebhook()
            try await rig.signal()
            try await rig.recorded(2)
        }
        #expect(rig.queue.state.value.recorded.map(\.counted) == [false, true])
        #expect(try await rig.queue.counts() == DeliveryCounts(failed: 1))
    }
}
