import Foundation
import StoreContracts
import StoreSupport
import TestSupport
package import Testing
package import WebhookModel

/// More than a store changes at once when a webhook's state changes: what callers see must not depend on that.
extension StoreSuite {
    static let manyDeliveries = [
        StoreCase("Nothing of many deliveries is claimed once their webhook is stopped", run: stopsMany),
        StoreCase("All of many deliveries are due once their webhook is Active", run: resumesMany),
        StoreCase("A webhook that is Active again at once has all of many deliveries due", run: resumesAtOnce),
        StoreCase("A webhook that is stopped again at once has all of many deliveries parked", run: stopsAgain),
        StoreCase("A result that trips its webhook parks many deliveries", run: tripsMany),
        StoreCase("Deleting a webhook fails many deliveries with the reason", run: deletesMany),
        StoreCase("Deleting a webhook while its deliveries are being resumed fails all of them", run: deletesResumed),
        StoreCase("A type that is not delivered ends many deliveries with the reason", run: endsMany),
        StoreCase("A webhook that is delivered again keeps what it has pending", run: deliveredAgain),
        StoreCase("Many deliveries follow each of many changes", run: followsAll),
    ]

    private static let count = 720
    private static let later = Sample.after(.seconds(100))

    private static func fill(_ store: any AgentStore) async throws -> Webhook {
        let webhook = try await store.add(Sample.webhook())
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<count { group.addTask { try await store.signal(Sample.event()) } }
            for try await made in group { #expect(made == 1) }
        }
        return webhook
    }

    private static func stopsMany(_ store: any AgentStore) async throws {
        let webhook = try await fill(store)
        for state in [WebhookState.stopped, .tooManyErrors] {
            try await store.put(webhook, state)
            #expect(try await store.take(at: Sample.farFuture).isEmpty)
            #expect(try await store.nextDue() == nil)
        }
        try await store.expectSettled(pending: 0, parked: count)
    }

    private static func resumesMany(_ store: any AgentStore) async throws {
        let webhook = try await fill(store)
        try await store.put(webhook, .stopped)
        try await store.expectSettled(pending: 0, parked: count)
        try await store.put(webhook, .active, at: later)
        try await store.expectSettled(pending: count, parked: 0)
        #expect(try await store.take(at: later.advanced(by: .nanoseconds(-100))).isEmpty)
        #expect(try await store.take(at: later).count == count)
    }

    private static func resumesAtOnce(_ store: any AgentStore) async throws {
        let webhook = try await fill(store)
        // Without having been parked these would wait on.
        for delivery in try await store.take() {
            #expect(try await store.settle(delivery, .retry(at: Sample.farFuture, error: "no")))
        }
        try await store.put(webhook, .stopped)
        try await store.put(webhook, .active, at: later)
        try await store.expectSettled(pending: count, parked: 0)
        #expect(try await store.take(at: later).count == count)
    }

    private static func stopsAgain(_ store: any AgentStore) async throws {
        let webhook = try await fill(store)
        for state in [WebhookState.stopped, .active, .stopped, .active, .stopped] {
            try await store.put(webhook, state, at: later)
        }
        #expect(try await store.take(at: Sample.farFuture).isEmpty)
        try await store.expectSettled(pending: 0, parked: count)
        #expect(try await store.state(of: webhook) == .stopped)
    }

    private static func tripsMany(_ store: any AgentStore) async throws {
        let webhook = try await fill(store)
        let delivery = try #require(try await store.take(1).first)
        #expect(try await store.settle(delivery, after: .gone))
        #expect(try await store.state(of: webhook) == .tooManyErrors)
        #expect(try await store.take(at: Sample.farFuture).isEmpty)
        try await store.expectSettled(pending: 0, parked: count)
    }

    private static func deletesMany(_ store: any AgentStore) async throws {
        let webhook = try await fill(store)
        let held = try #require(try await store.take(1).first)
        #expect(try await store.delete(id: webhook.id, in: Sample.scope, at: later))
        #expect(try await store.take(at: Sample.farFuture).isEmpty)
        #expect(try await store.settle(held, .delivered) == false)
        try await store.expectSettled(pending: 0, parked: 0, failed: count)
        #expect(try await Set(store.list().map(\.reason)) == ["The webhook was deleted."])
        // They have failed since then.
        #expect(try await store.prune(failedBefore: later) == false)
        try await store.expectCounts(pending: 0, failed: count)
        try await store.prune(failedBefore: later.advanced(by: .nanoseconds(100)))
        try await store.expectCounts(pending: 0, failed: 0)
    }

    private static func endsMany(_ store: any AgentStore) async throws {
        var webhook = try await fill(store)
        webhook.type = "crmscript"
        webhook.updated = later
        #expect(try await store.replace(webhook)?.isDeliverable == false)
        #expect(try await store.take(at: Sample.farFuture).isEmpty)
        #expect(try await store.nextDue() == nil)
        try await store.expectSettled(pending: 0, parked: 0, failed: count)
        #expect(try await Set(store.list().map(\.reason)) == [UnsentReason.undeliverable(type: "crmscript")])
    }

    private static func deliveredAgain(_ store: any AgentStore) async throws {
        var webhook = try await fill(store)
        let type = webhook.type
        webhook.type = "crmscript"
        _ = try await store.replace(webhook)
        // What was not ended yet goes on.
        webhook.type = type
        _ = try await store.replace(webhook)
        await store.settled()
        let counts = try await store.counts()
        #expect(counts.pending + counts.failed == count)
        #expect(try await store.take().count == counts.pending)
    }

    private static func followsAll(_ store: any AgentStore) async throws {
        let webhook = try await fill(store)
        try await store.put(webhook, .stopped)
        try await store.expectSettled(pending: 0, parked: count)
        try await store.put(webhook, .active)
        try await store.expectSettled(pending: count, parked: 0)
        let delivery = try #require(try await store.take(1).first)
        #expect(try await store.settle(delivery, after: .gone))
        try await store.expectSettled(pending: 0, parked: count)
        try await store.put(webhook, .active)
        try await store.put(webhook, .stopped)
        try await store.put(webhook, .active)
        try await store.delete(id: webhook.id, in: Sample.scope)
        try await store.expectSettled(pending: 0, parked: 0, failed: count)
    }

    private static func deletesResumed(_ store: any AgentStore) async throws {
        let webhook = try await fill(store)
        try await store.put(webhook, .stopped)
        try await store.put(webhook, .active, at: later)
        #expect(try await store.delete(id: webhook.id, in: Sample.scope, at: later))
        #expect(try await store.take(at: Sample.farFuture).isEmpty)
        try await store.expectSettled(pending: 0, parked: 0, failed: count)
    }
}

extension AgentStore {
    /// Waits until the deliveries have followed their webhooks. Every store of the service is a `SettlingStore`.
    package func settled(_ location: SourceLocation = #_sourceLocation) async {
        guard let store = self as? any SettlingStore else {
            Issue.record("\(type(of: self)) is no SettlingStore", sourceLocation: location)
            return
        }
        await store.finishSettling()
    }

    /// Waits until the deliveries have followed their webhooks, and counts them.
    package func expectSettled(
        pending: Int,
        parked: Int,
        failed: Int = 0,
        _ location: SourceLocation = #_sourceLocation
    ) async throws {
        await settled(location)
        try await expectCounts(pending: pending, failed: failed, parked: parked, location)
    }

    /// Stops and starts a webhook that has so many pending deliveries and no others, fails one for good, and deletes the
    /// webhook. Expects that all deliveries follow each time.
    package func expectToFollow(_ webhook: Webhook, deliveries count: Int) async throws {
        try await put(webhook, .stopped)
        try await expectSettled(pending: 0, parked: count)
        try await put(webhook, .active)
        try await expectSettled(pending: count, parked: 0)
        let delivery = try #require(try await take(1).first)
        #expect(try await settle(delivery, after: .gone))
        try await expectSettled(pending: 0, parked: count)
        try await put(webhook, .active)
        try await put(webhook, .stopped)
        try await put(webhook, .active)
        try await delete(id: webhook.id, in: Sample.scope)
        try await expectSettled(pending: 0, parked: 0, failed: count)
    }

    /// Waits until so many deliveries are parked, where that is not all.
    package func expectSoon(parked: Int) async throws {
        try await eventually("\(parked) deliveries are parked") { try await counts().parked == parked }
    }
}
