import Foundation
import StoreContracts
import Testing
import WebhookModel

extension StoreSuite {
    static let missed = [
        StoreCase("What is signalled for a webhook that is TooManyErrors is missed, and stays so", run: missedStays),
        StoreCase("What is to be parked is sent once the webhook is Active", run: missedIsParked),
        StoreCase("What is to be dropped leaves nothing", run: missedIsDropped),
        StoreCase("State events are missed as any others", run: missedStateEvents),
        StoreCase("What was missed is replayed with the same event and body", run: missedIsReplayed),
        StoreCase("What was missed waits as a replay while its webhook is not Active", run: missedReplayWaits),
        StoreCase("All that a webhook missed since a time is found, the first events first", run: missedSince),
        StoreCase("Deleting a webhook ends what it missed as failed", run: missedIsDeleted),
        StoreCase("What a webhook of another type would have missed is undeliverable", run: missedUndeliverable),
        StoreCase("Pruning removes what was missed as what has failed", run: missedIsPruned),
        StoreCase("A webhook misses an event once, whatever names it listens to", run: missedOnce),
    ]

    private static let later = Sample.after(.seconds(100))

    private static func failing(_ store: any AgentStore, _ name: String = "failing") async throws -> Webhook {
        try await store.add(Sample.webhook(name, state: .tooManyErrors))
    }

    private static func missedStays(_ store: any AgentStore) async throws {
        let webhook = try await failing(store)
        let active = try await store.add(Sample.webhook("active"))
        _ = try await store.add(Sample.webhook("stopped", state: .stopped))
        #expect(try await store.signal(Sample.event()) == 2)
        try await store.expectCounts(pending: 1, failed: 0, missed: 1)
        #expect(try await store.take(at: Sample.farFuture).map(\.id.webhook) == [active.id])
        let missed = try #require(try await store.list(DeliveryFilter(state: .missed)).first)
        #expect(missed.id.webhook == webhook.id)
        #expect(missed.state == .missed)
        #expect(missed.attempts == 0)
        #expect(missed.due == nil)
        for state in [WebhookState.active, .stopped, .tooManyErrors, .active] {
            try await store.put(webhook, state, at: later)
            let records = try await store.list(DeliveryFilter(webhook: webhook.id))
            #expect(records == [missed], "\(state)")
        }
        #expect(try await store.take(at: Sample.farFuture).allSatisfy { $0.id.webhook == active.id })
        #expect(try await store.usage(of: webhook.id) == WebhookUsage())
    }

    private static func missedIsParked(_ store: any AgentStore) async throws {
        let webhook = try await failing(store)
        #expect(try await store.signal(Sample.event(missed: .park)) == 1)
        try await store.expectCounts(pending: 0, failed: 0, parked: 1)
        #expect(try await store.take(at: Sample.farFuture).isEmpty)
        try await store.put(webhook, .active, at: later)
        let delivery = try #require(try await store.take(at: later).first)
        #expect(try await store.settle(delivery, .delivered, at: later))
        #expect(try await store.usage(of: webhook.id)?.totalCalls == 1, "it is no replay")
    }

    private static func missedIsDropped(_ store: any AgentStore) async throws {
        _ = try await failing(store)
        _ = try await store.add(Sample.webhook("active"))
        #expect(try await store.signal(Sample.event(missed: .drop)) == 1)
        try await store.expectCounts(pending: 1, failed: 0)
    }

    private static func missedStateEvents(_ store: any AgentStore) async throws {
        let changing = try await store.add(Sample.webhook("changing", events: ["a.b"]))
        let listener = try await store.add(
            Sample.webhook("listener", events: ["webhook.stopped", "webhook.errors"], state: .tooManyErrors)
        )
        try await store.put(changing, .stopped)
        #expect(try await store.list().map(\.state) == [.missed])
        try await store.put(changing, .active)
        try await store.put(changing, .stopped, stateEvent: StateEvent.Seed(missed: .drop))
        try await store.expectCounts(pending: 0, failed: 0, missed: 1)
        try await store.put(changing, .active)
        let delivery = try await store.signalAndTake(Sample.event("a.b"))
        let result = DeliveryResult(delivery, after: .gone, stateEvent: StateEvent.Seed(missed: .park))
        #expect(try await store.settle([result]) == [true])
        let parked = try await store.list(DeliveryFilter(webhook: listener.id, state: .parked))
        #expect(parked.map(\.event) == ["webhook\(changing.id).errors"])
    }

    private static func missedIsReplayed(_ store: any AgentStore) async throws {
        let webhook = try await failing(store)
        let event = Sample.event()
        try await store.signal(event)
        let id = try #require(try await store.list().first).id
        let body = try #require(try await store.delivery(id)).body
        try await store.put(webhook, .active)
        #expect(try await store.replay(id, now: later) == .queued)
        #expect(try await store.replay(id, now: later) == .alreadyQueued)
        let delivery = try #require(try await store.take(at: later).first)
        #expect(delivery.eventID == event.id)
        #expect(delivery.body == body)
        #expect(delivery.attempts == 0)
        #expect(try await store.settle(delivery, .failed(error: "no"), at: later))
        #expect(try await store.usage(of: webhook.id) == WebhookUsage(), "a replay says nothing about it")
        try await store.expectCounts(pending: 0, failed: 1)
    }

    private static func missedReplayWaits(_ store: any AgentStore) async throws {
        let webhook = try await failing(store)
        try await store.signal(Sample.event())
        let id = try #require(try await store.list().first).id
        #expect(try await store.replay(id, now: later) == .parked)
        try await store.expectCounts(pending: 0, failed: 0, parked: 1)
        try await store.put(webhook, .active, at: later)
        #expect(try await store.take(at: later).map(\.id) == [id])
    }

    private static func missedSince(_ store: any AgentStore) async throws {
        let webhook = try await failing(store)
        let other = try await failing(store, "other")
        let times = (0..<6).map { Sample.after(.seconds($0)) }
        for time in times { try await store.signal(Sample.event(time: time)) }
        let all = try await store.list(DeliveryFilter(webhook: webhook.id, state: .missed))
        #expect(all.map(\.signalled) == times.reversed())
        let filter = DeliveryFilter(webhook: webhook.id, state: .missed, since: times[2], until: times[5])
        var cursor: DeliveryID?
        var found: [Timestamp] = []
        while let page = try await page(of: filter, after: cursor, in: store) {
            found += page.map(\.signalled)
            cursor = page.last?.id
            for record in page { #expect(try await store.replay(record.id, now: later) == .parked) }
        }
        #expect(found == Array(times[2..<5]))
        try await store.expectCounts(pending: 0, failed: 0, parked: 3, missed: 9)
        #expect(try await store.list(DeliveryFilter(webhook: other.id, state: .missed)).count == 6)
        try await store.put(webhook, .active, at: later)
        #expect(try await store.take(at: later).count == 3)
    }

    /// The next two, nil for none.
    private static func page(
        of filter: DeliveryFilter,
        after cursor: DeliveryID?,
        in store: any AgentStore
    ) async throws -> [DeliveryRecord]? {
        let page = try await store.deliveries(matching: filter, in: .oldestFirst, after: cursor, limit: 2)
        return page.isEmpty ? nil : page
    }

    private static func missedIsDeleted(_ store: any AgentStore) async throws {
        let webhook = try await failing(store)
        for _ in 0..<3 { try await store.signal(Sample.event()) }
        #expect(try await store.delete(id: webhook.id, in: Sample.scope))
        try await store.expectCounts(pending: 0, failed: 3)
        let records = try await store.list()
        #expect(Set(records.map(\.reason)) == ["The webhook was deleted."])
        #expect(try await store.replay(records[0].id, now: later) == .impossible)
    }

    private static func missedUndeliverable(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook("script", state: .tooManyErrors, type: "crmscript"))
        for missed in MissedEvents.allCases {
            let made = try await store.signal(Sample.event(missed: missed))
            #expect(made == (missed == .drop ? 0 : 1))
        }
        try await store.expectCounts(pending: 0, failed: 2)
        let reason = "Webhooks of type 'crmscript' are not delivered by this service."
        #expect(try await store.list().map(\.reason) == [reason, reason])
    }

    private static func missedIsPruned(_ store: any AgentStore) async throws {
        _ = try await failing(store)
        let times = (0..<5).map { Sample.after(.seconds($0)) }
        for time in times { try await store.signal(Sample.event(time: time)) }
        try await store.prune(failedBefore: times[0])
        #expect(try await store.list().count == 5)
        try await store.prune(failedBefore: times[3])
        let left = try await store.list()
        #expect(left.map(\.signalled) == [times[4], times[3]])
        #expect(try await store.prune(failedBefore: Sample.farFuture, rows: 1))
        #expect(try await store.prune(failedBefore: Sample.farFuture, rows: 1))
        #expect(try await store.list().isEmpty)
        #expect(try await store.replay(left[0].id, now: later) == .unknown, "its event is gone")
    }

    private static func missedOnce(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook(events: ["a.b", "other.name"], state: .tooManyErrors))
        var event = Sample.event("a.b")
        event.otherName = "other.name"
        #expect(try await store.signal(event) == 1)
        try await store.expectCounts(pending: 0, failed: 0, missed: 1)
    }
}
