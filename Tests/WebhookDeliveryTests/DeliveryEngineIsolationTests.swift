import Foundation
import StoreContracts
import TestSupport
import Testing
import WebhookDelivery
import WebhookModel

@Suite("Delivery engine with targets that do not answer", .timeLimit(.minutes(5)))
struct DeliveryEngineIsolationTests {
    private static let hanging = "https://hanging.example.com/hook"
    private static let healthy = "https://healthy.example.com/hook"

    private func signal(_ count: Int, _ name: String, to rig: Rig) async throws {
        for _ in 0..<count { try await rig.signal(name) }
    }

    /// Registers a webhook at each of the two targets, and signals so many events to each.
    private func signal(hanging: Int, healthy: Int, to rig: Rig) async throws {
        try await rig.addWebhook(event: "hanging", url: Self.hanging)
        try await rig.addWebhook(event: "healthy", url: Self.healthy)
        try await signal(hanging, "hanging", to: rig)
        try await signal(healthy, "healthy", to: rig)
    }

    @Test("The engine drains the queue within its limit of sends in flight", arguments: [(1, 10), (3, 20), (200, 450)])
    func concurrency(limit: Int, deliveries: Int) async throws {
        let gate = Gate()
        var rig = Rig { _ in
            let outcome = await gate.pass()
            await Task.yield()
            return outcome
        }
        rig.settings.concurrency = limit
        try await rig.addWebhook()
        try await signal(deliveries, "contact.created", to: rig)
        try await rig.running { _ in
            try await rig.sender.state.wait { $0.inFlight == limit }
            gate.open()
            try await rig.recorded(deliveries)
        }
        #expect(rig.sender.state.value.mostInFlight == limit)
        #expect(rig.sender.calls.count == deliveries)
        #expect(Set(rig.sender.calls.map(\.notification.eventID)).count == deliveries)
        #expect(try await rig.queue.counts() == DeliveryCounts())
    }

    @Test("The engine drains the queue within its limit of sends to one target", arguments: [1, 3, 7])
    func perTarget(limit: Int) async throws {
        let gate = Gate()
        var rig = Rig { _ in
            let outcome = await gate.pass()
            await Task.yield()
            return outcome
        }
        rig.settings.concurrency = 100
        rig.settings.perTarget = limit
        let urls = (0..<3).map { "https://t\($0).example.com/" }
        for url in urls { try await rig.addWebhook(url: url) }
        try await signal(40, "contact.created", to: rig)
        try await rig.running { _ in
            try await rig.sender.state.wait { $0.inFlight == 3 * limit }
            gate.open()
            try await rig.recorded(120)
        }
        for url in urls {
            #expect(rig.sender.calls(to: url).count == 40)
            #expect(rig.sender.calls(to: url).map(\.inFlightToURL).max() == limit)
        }
        #expect(try await rig.queue.counts() == DeliveryCounts())
    }

    @Test("The engine has fewer sends in flight to a failing target")
    func perFailingTarget() async throws {
        let gate = Gate()
        var rig = Rig { _ in
            let outcome = await gate.pass(.serverError)
            await Task.yield()
            return outcome
        }
        rig.settings.perTarget = 4
        rig.settings.perFailingTarget = 1
        rig.policy = DeliveryPolicy(
            schedule: .cycles(delays: [], count: 1, pause: .zero),
            success: .ok,
            failureLimit: nil
        )
        try await rig.addWebhook()
        try await signal(20, "contact.created", to: rig)
        try await rig.running { _ in
            try await rig.sent(4)
            gate.open()
            try await rig.recorded(20)
        }
        #expect(rig.sender.calls.map(\.inFlightToURL) == [1, 2, 3, 4] + Array(repeating: 1, count: 16))
        #expect(try await rig.queue.counts() == DeliveryCounts(failed: 20))
    }

    @Test("A target that hangs keeps no other waiting")
    func hangingTarget() async throws {
        let never = Gate()
        var rig = Rig.answering { await $0.url == Self.hanging ? never.pass() : .ok }
        rig.settings.concurrency = 16
        rig.settings.perTarget = 4
        try await signal(hanging: 100, healthy: 100, to: rig)
        try await rig.running { _ in
            try await rig.recorded(100)
            #expect(rig.sender.calls(to: Self.healthy).count == 100)
            // What comes later is not kept waiting either.
            try await signal(100, "healthy", to: rig)
            try await rig.recorded(200)
            #expect(rig.sender.calls(to: Self.hanging).count == 4)
            #expect(rig.clock.elapsed == .zero)
        }
        #expect(try await rig.queue.counts().pending == 100)
    }

    @Test("One delivery that hangs keeps no other of its webhook waiting")
    func hangingDelivery() async throws {
        let gate = Gate()
        let rig = Rig { await $0 == 0 ? gate.pass() : .ok }
        try await rig.addWebhook()
        try await rig.signal()
        try await rig.running { _ in
            try await rig.sent(1)
            for number in 1...3 {
                try await rig.signal()
                try await rig.recorded(number)
            }
            #expect(rig.sender.state.value.inFlight == 1)
            gate.open()
            try await rig.recorded(4)
        }
    }

    /// What is due at the target that has no room must not hide what is due next elsewhere.
    @Test("A retry is not kept waiting until the next poll because another target has no room")
    func retryBesideHangingTarget() async throws {
        let never = Gate()
        let rig = Rig.answering(isSilent: true) {
            await $0.url == Self.hanging ? never.pass() : $0.retry == 0 ? .serverError : .ok
        }
        var limited = rig
        limited.settings.perTarget = 1
        try await signal(hanging: 2, healthy: 1, to: rig)
        try await limited.running { _ in
            try await rig.recorded(1)
            try await rig.clock.sleeper(until: .seconds(1))
            rig.clock.advance(to: .seconds(1))
            try await rig.recorded(2)
        }
        #expect(rig.sender.calls(to: Self.healthy).map(\.time) == [.zero, .seconds(1)])
    }
}
