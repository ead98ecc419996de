import AgentCore
import AgentStores
import Foundation
import Testing

extension StoreConformance {
    static let pruning = [
        StoreCase("Pruning deletes old events that no delivery refers to", run: prunesEnded),
        StoreCase("Pruning keeps events from the cutoff on", run: pruneCutoff),
        StoreCase("Pruning deletes at most its limit", run: pruneLimit),
        StoreCase("Pruning keeps events with pending or failed deliveries", run: pruneKeepsReferred),
        StoreCase("Pruning leaves what is delivered later whole", run: pruneLeavesBodies),
    ]

    /// Signals one event at each of `times` and delivers all of them.
    private static func deliverEvents(at times: [Timestamp], in store: any AgentStore) async throws {
        for time in times { try await store.signal(Sample.event(time: time)) }
        for delivery in try await store.take(at: Sample.farFuture) {
            #expect(try await store.settle(delivery, .delivered))
        }
    }

    private static func prunesEnded(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        try await deliverEvents(at: (0..<4).map { Sample.after(.seconds($0)) }, in: store)
        #expect(try await store.pruneEvents(before: Sample.after(.seconds(2)), limit: 100) == 2)
        #expect(try await store.pruneEvents(before: Sample.after(.seconds(2)), limit: 100) == 0)
        #expect(try await store.pruneEvents(before: Sample.farFuture, limit: 100) == 2)
        #expect(try await store.pruneEvents(before: Sample.farFuture, limit: 100) == 0)
    }

    private static func pruneCutoff(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        try await deliverEvents(at: [Sample.start], in: store)
        #expect(try await store.pruneEvents(before: Sample.start, limit: 100) == 0)
        #expect(try await store.pruneEvents(before: Sample.after(.nanoseconds(100)), limit: 100) == 1)
    }

    private static func pruneLimit(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        try await deliverEvents(at: Array(repeating: Sample.start, count: 5), in: store)
        #expect(try await store.pruneEvents(before: Sample.farFuture, limit: 2) == 2)
        #expect(try await store.pruneEvents(before: Sample.farFuture, limit: 2) == 2)
        #expect(try await store.pruneEvents(before: Sample.farFuture, limit: 2) == 1)
        #expect(try await store.pruneEvents(before: Sample.farFuture, limit: 2) == 0)
    }

    private static func pruneKeepsReferred(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook("one"))
        _ = try await store.add(Sample.webhook("two"))
        try await store.signal(Sample.event())
        #expect(try await store.pruneEvents(before: Sample.farFuture, limit: 100) == 0, "claimed by nobody")
        let claimed = try await store.take()
        try #require(claimed.count == 2)
        #expect(try await store.pruneEvents(before: Sample.farFuture, limit: 100) == 0, "leased")
        #expect(try await store.settle(claimed[0], .delivered))
        #expect(try await store.pruneEvents(before: Sample.farFuture, limit: 100) == 0, "half delivered")
        #expect(try await store.settle(claimed[1], .failed(error: "no")))
        #expect(try await store.pruneEvents(before: Sample.farFuture, limit: 100) == 0, "failed")
        try await store.expectCounts(pending: 0, failed: 1)
    }

    private static func pruneLeavesBodies(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        try await deliverEvents(at: [Sample.start], in: store)
        try await store.signal(Sample.event())
        #expect(try await store.pruneEvents(before: Sample.farFuture, limit: 100) == 1)
        let delivery = try #require(try await store.take().first)
        #expect(String(decoding: delivery.body, as: UTF8.self) == "head,\"WebhookName\":\"Sample\"tail")
    }
}
