import Foundation
import StoreContracts
import Testing
import WebhookModel

extension StoreSuite {
    static let results = [
        StoreCase("A delivered delivery leaves the queue", run: deliveredLeaves),
        StoreCase("A retry is due at its time, with one attempt more", run: retryIsDue),
        StoreCase("A failed delivery leaves the queue and stays on record", run: failedStays),
        StoreCase("The last error is the text of the last failure", run: lastErrorIsLatest),
        StoreCase("A result counts once", run: countsOnce),
        StoreCase("A stale holder records nothing", run: staleHolder),
        StoreCase("A holder whose lease ended records as long as nobody took over", run: lateHolder),
        StoreCase("A result for an unknown delivery does not count", run: unknownDelivery),
        StoreCase("Results of one call are judged one by one", run: mixedBatch),
        StoreCase("Deleting a webhook fails its pending deliveries and no others", run: deleteFailsPending),
        StoreCase("A result for a deleted webhook does not count", run: resultAfterDelete),
        StoreCase("Counts tell the states apart and since when the oldest is due", run: countsByState),
    ]

    private static func deliveredLeaves(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        let delivery = try await store.signalAndTake()
        #expect(try await store.settle(delivery, .delivered))
        try await store.expectCounts(pending: 0, failed: 0)
        #expect(try await store.take(at: Sample.farFuture).isEmpty)
        #expect(try await store.lastError(id: webhook.id, in: Sample.scope) == nil)
    }

    private static func retryIsDue(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        let event = Sample.event()
        try await store.signal(event)
        var delivery = try #require(try await store.take().first)
        for attempt in 1...9 {
            let due = Sample.after(.seconds(attempt * 10))
            #expect(try await store.settle(delivery, .retry(at: due, error: "no")))
            #expect(try await store.nextDue() == due)
            #expect(try await store.take(at: due.advanced(by: .nanoseconds(-100))).isEmpty)
            let next = try #require(try await store.take(at: due).first)
            #expect(next.attempts == attempt)
            #expect(next.id == delivery.id)
            #expect(next.eventID == event.id)
            #expect(next.body == delivery.body)
            delivery = next
        }
        try await store.expectCounts(pending: 1, failed: 0)
    }

    private static func failedStays(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        let delivery = try await store.signalAndTake()
        #expect(try await store.settle(delivery, .failed(error: "HTTP/1.1 410 Gone")))
        try await store.expectCounts(pending: 0, failed: 1)
        #expect(try await store.nextDue() == nil)
        #expect(try await store.take(at: Sample.farFuture).isEmpty)
        #expect(try await store.lastError(id: webhook.id, in: Sample.scope) == "HTTP/1.1 410 Gone")
    }

    private static func lastErrorIsLatest(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        let other = try await store.add(Sample.webhook())
        let steps: [(Scripted, String)] = [
            (.retry(at: Sample.farFuture, error: "first"), "first"),
            (.failed(error: "second \u{1F511}"), "second \u{1F511}"),
            (.delivered, "second \u{1F511}"),
            (.retry(at: Sample.farFuture, error: ""), ""),
        ]
        for (decision, expected) in steps {
            try await store.signal(Sample.event())
            for delivery in try await store.take() {
                let counted = try await store.settle(
                    delivery,
                    delivery.id.webhook == webhook.id ? decision : .delivered
                )
                #expect(counted)
            }
            #expect(try await store.lastError(id: webhook.id, in: Sample.scope) == expected)
            #expect(try await store.lastError(id: other.id, in: Sample.scope) == nil)
        }
    }

    private static func countsOnce(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        for decision in lateDecisions {
            let delivery = try await store.signalAndTake()
            let result = DeliveryResult(delivery, decision)
            #expect(try await store.settle([result, result]) == [true, false])
            #expect(try await store.settle([result]) == [false])
        }
        try await store.expectCounts(pending: 0, failed: 1, parked: 2)
        try await store.put(webhook, .active)
        #expect(try await store.take(at: Sample.farFuture).map(\.attempts).sorted() == [0, 1])
    }

    private static func staleHolder(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        let stale = try await store.signalAndTake()
        let holder = UUID()
        let held = try #require(try await store.take(by: holder, at: Sample.after(Sample.lease)).first)
        for decision in lateDecisions {
            #expect(try await store.settle(stale, decision) == false, "\(decision)")
        }
        // Nor can it give up what it no longer holds.
        try await store.giveUpLeases(at: Sample.start)
        #expect(try await store.nextDue() == Sample.after(Sample.lease + Sample.lease))
        #expect(try await store.lastError(id: webhook.id, in: Sample.scope) == nil)
        var forged = held
        forged.fence += 1
        #expect(try await store.settle(forged, .delivered) == false)
        #expect(try await store.settle(held, .retry(at: Sample.after(.seconds(99)), error: "held")))
        #expect(try await store.lastError(id: webhook.id, in: Sample.scope) == "held")
        #expect(try await store.nextDue() == Sample.after(.seconds(99)))
    }

    private static func lateHolder(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        try await store.signal(Sample.event())
        let delivery = try #require(try await store.take(lease: .seconds(1)).first)
        #expect(try await store.nextDue() == Sample.after(.seconds(1)))
        #expect(try await store.settle(delivery, .delivered))
        #expect(try await store.take(at: Sample.after(.seconds(60))).isEmpty)
    }

    private static func unknownDelivery(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        let delivery = try await store.signalAndTake()
        for id in [
            DeliveryID(event: delivery.id.event + 1, webhook: webhook.id),
            DeliveryID(event: delivery.id.event, webhook: webhook.id + 1),
        ] {
            for decision in lateDecisions {
                var unknown = delivery
                unknown.id = id
                #expect(try await store.settle(unknown, decision) == false)
            }
        }
        #expect(try await store.lastError(id: webhook.id, in: Sample.scope) == nil)
        #expect(try await store.settle(delivery, .delivered))
    }

    private static func mixedBatch(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        for _ in 0..<4 { try await store.signal(Sample.event()) }
        let claimed = try await store.take()
        try #require(claimed.count == 4)
        let decisions: [Scripted] = [
            .delivered, .failed(error: "stale"), .failed(error: "late"), .retry(at: Sample.farFuture, error: "later"),
        ]
        var batch = zip(claimed, decisions).map { delivery, decision in DeliveryResult(delivery, decision) }
        batch[1].fence -= 1
        #expect(try await store.settle(batch) == [true, false, true, true])
        try await store.expectCounts(pending: 2, failed: 1)
        #expect(try await store.lastError(id: webhook.id, in: Sample.scope) == "later")
    }

    private static func deleteFailsPending(_ store: any AgentStore) async throws {
        let gone = try await store.add(Sample.webhook("gone"))
        let kept = try await store.add(Sample.webhook("kept"))
        // One delivered, one to be tried again, one leased, one that nobody has claimed.
        for _ in 0..<3 { try await store.signal(Sample.event()) }
        let own = try await store.take().filter { $0.id.webhook == gone.id }
        try #require(own.count == 3)
        #expect(try await store.settle(own[0], .delivered))
        #expect(try await store.settle(own[1], .retry(at: Sample.after(.seconds(9)), error: "no")))
        try await store.signal(Sample.event())
        try await store.expectCounts(pending: 7, failed: 0)
        #expect(try await store.delete(id: gone.id, in: Sample.scope))
        try await store.expectCounts(pending: 4, failed: 3)
        let rest = try await store.take(at: Sample.farFuture)
        #expect(Set(rest.map(\.id.webhook)) == [kept.id])
        #expect(rest.count == 4)
        #expect(Set(rest.map(\.id.event)).count == 4)
    }

    private static func resultAfterDelete(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        for _ in lateDecisions { try await store.signal(Sample.event()) }
        let claimed = try await store.take()
        #expect(try await store.delete(id: webhook.id, in: Sample.scope))
        for (delivery, decision) in zip(claimed, lateDecisions) {
            #expect(try await store.settle(delivery, decision) == false, "\(decision)")
        }
        try await store.giveUpLeases(at: Sample.start)
        try await store.expectCounts(pending: 0, failed: 4)
        #expect(try await store.nextDue() == nil)
        #expect(try await store.take(at: Sample.farFuture).isEmpty)
        #expect(try await store.lastError(id: webhook.id, in: Sample.scope) == nil)
    }

    private static func countsByState(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        for second in 0..<8 { try await store.signal(Sample.event(time: Sample.after(.seconds(second)))) }
        let now = Sample.after(.seconds(8))
        #expect(try await store.counts() == DeliveryCounts(pending: 8, oldestDue: Sample.start))
        let claimed = try await store.take(5, at: now, lease: .seconds(60))
        try #require(claimed.count == 5)
        #expect(try await store.counts() == DeliveryCounts(pending: 8, oldestDue: Sample.after(.seconds(5))))
        #expect(try await store.settle(claimed[0], .delivered))
        #expect(try await store.settle(claimed[1], .failed(error: "no")))
        #expect(try await store.settle(claimed[2], .retry(at: Sample.after(.seconds(2)), error: "no")))
        _ = try await store.add(Sample.webhook("at rest", events: ["sale.created"], state: .tooManyErrors))
        try await store.signal(Sample.event("sale.created", missed: .park))
        let expected = DeliveryCounts(pending: 6, failed: 1, parked: 1, oldestDue: Sample.after(.seconds(2)))
        #expect(try await store.counts() == expected)
    }
}
