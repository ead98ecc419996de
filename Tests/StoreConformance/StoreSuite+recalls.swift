import Foundation
import StoreContracts
import Testing
import WebhookModel

/// What a clock that was a day ahead leaves behind.
extension StoreSuite {
    static let recalls = [
        StoreCase("A retry that is due later than can be is brought back, others stay", run: recallsRetries),
        StoreCase("An event that was signalled in the future is brought back", run: recallsSignalled),
        StoreCase(
            "A lease that ends later than can be ends with a new one, and its holder's result counts",
            run: recallsLeases
        ),
        StoreCase("A pause that ends later than can be ends", run: recallsPauses),
        StoreCase("So many deliveries are brought back at a step, of all webhooks", run: recallSteps),
        StoreCase("What is parked is not brought back before its webhook is Active", run: recallsNothingParked),
    ]

    private static let day = Sample.after(.seconds(86_400))

    private static func limits(rows: Int = 1000) -> RecallLimits {
        RecallLimits(
            latest: Sample.after(.seconds(3600)),
            now: Sample.start,
            leaseEnd: Sample.after(Sample.lease),
            rowsPerStep: rows
        )
    }

    private static func recallsRetries(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        for _ in 0..<3 { try await store.signal(Sample.event()) }
        let claimed = try await store.take()
        try #require(claimed.count == 3)
        let dues = [day, Sample.after(.seconds(3600)), Sample.after(.seconds(10))]
        for (delivery, due) in zip(claimed, dues) {
            #expect(try await store.settle(delivery, .retry(at: due, error: "no")))
        }
        #expect(try await store.recall(limits()) == Recalled(deliveries: 1))
        #expect(try await store.nextDue() == Sample.start)
        let again = try await store.take()
        #expect(again.map(\.id) == [claimed[0].id])
        #expect(again.map(\.attempts) == [1])
        #expect(try await store.recall(limits()) == Recalled())
        #expect(try await store.take(at: Sample.after(.seconds(10))).map(\.id) == [claimed[2].id])
    }

    private static func recallsSignalled(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        try await store.signal(Sample.event(time: day))
        #expect(try await store.take().isEmpty)
        #expect(try await store.recall(limits()) == Recalled(deliveries: 1))
        let delivery = try #require(try await store.take().first)
        #expect(try await store.settle(delivery, .delivered))
        #expect(try await store.list().map(\.signalled) == [day], "when it was signalled stays on record")
    }

    private static func recallsLeases(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        for _ in 0..<2 { try await store.signal(Sample.event()) }
        let held = try await store.take(at: day)
        try #require(held.count == 2)
        #expect(try await store.recall(limits()) == Recalled(deliveries: 2))
        #expect(try await store.nextDue() == Sample.after(Sample.lease))
        #expect(try await store.settle(held[0], .delivered))
        let again = try await store.take(by: UUID(), at: Sample.after(Sample.lease))
        #expect(again.map(\.id) == [held[1].id])
        #expect(try await store.settle(held[1], .delivered) == false)
    }

    private static func recallsPauses(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        for _ in 0..<2 { try await store.signal(Sample.event()) }
        let claimed = try await store.take(1)
        #expect(try await store.settle(claimed[0], .retry(at: Sample.start, error: "no", pauseUntil: day)))
        #expect(try await store.nextDue() == day)
        #expect(try await store.recall(limits()) == Recalled(pauses: 1))
        #expect(try await store.take().count == 2)
        #expect(try await store.usage(of: webhook.id)?.consecutiveErrors == 1)
    }

    private static func recallSteps(_ store: any AgentStore) async throws {
        for name in ["one", "two", "three"] { _ = try await store.add(Sample.webhook(name)) }
        for _ in 0..<3 { try await store.signal(Sample.event(time: day)) }
        for expected in [4, 4, 1, 0] {
            #expect(try await store.recall(limits(rows: 4)).deliveries == expected)
        }
        #expect(try await store.take().count == 9)
    }

    private static func recallsNothingParked(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        try await store.signal(Sample.event(time: day))
        try await store.put(webhook, .stopped)
        #expect(try await store.recall(limits()) == Recalled())
        try await store.expectCounts(pending: 0, failed: 0, parked: 1)
        try await store.put(webhook, .active, at: day)
        #expect(try await store.recall(limits()) == Recalled(deliveries: 1))
        #expect(try await store.take().count == 1)
    }
}
