import Foundation
import StoreContracts
import Testing
import WebhookModel

extension StoreSuite {
    static let claims = [
        StoreCase("A claim takes at most its limit", run: claimLimit),
        StoreCase("A claim takes what is due first of a webhook first", run: claimOrder),
        StoreCase("Nothing is claimed before it is due", run: notBeforeDue),
        StoreCase("A leased delivery is claimed again only when its lease has ended", run: leaseEnds),
        StoreCase("The fence rises with every claim", run: fenceRises),
        StoreCase("A claim counts no attempt", run: claimCountsNothing),
        StoreCase("The next due time is that of a delivery or of a lease's end", run: nextDue),
        StoreCase("A release makes what its owner holds due, and nothing else", run: releaseOwn),
        StoreCase("A release undoes the claim without an attempt", run: releaseCountsNothing),
        StoreCase("A release leaves retries at their time", run: releaseLeavesRetries),
        StoreCase("Leases are given up from a cancelled task", run: releaseWhenCancelled),
    ]

    private static func claimLimit(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        for _ in 0..<5 { try await store.signal(Sample.event()) }
        #expect(try await store.take(2).count == 2)
        #expect(try await store.take(2).count == 2)
        #expect(try await store.take(2).count == 1)
        #expect(try await store.take(2).isEmpty)
    }

    private static func claimOrder(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        var expected: [UUID] = []
        // Signalled last to first, and two at a time.
        for second in (0..<4).reversed() {
            let events = (0..<2).map { _ in Sample.event(time: Sample.after(.seconds(second))) }
            for event in events { try await store.signal(event) }
            expected = events.map(\.id) + expected
        }
        let now = Sample.after(.seconds(3))
        let first = try await store.take(3, at: now)
        let second = try await store.take(3, at: now)
        let rest = try await store.take(3, at: now)
        #expect((first + second + rest).map(\.eventID) == expected)
    }

    private static func notBeforeDue(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        try await store.signal(Sample.event(time: Sample.after(.seconds(1))))
        let tick = Duration.nanoseconds(100)
        #expect(try await store.take(at: Sample.start).isEmpty)
        #expect(try await store.take(at: Sample.after(.seconds(1) - tick)).isEmpty)
        #expect(try await store.take(at: Sample.after(.seconds(1))).count == 1)
    }

    private static func leaseEnds(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        try await store.signal(Sample.event())
        let first = try #require(try await store.take(lease: .seconds(30)).first)
        #expect(try await store.take(by: UUID(), at: Sample.after(.milliseconds(29_999))).isEmpty)
        let second = try #require(try await store.take(by: UUID(), at: Sample.after(.seconds(30))).first)
        #expect(second.id == first.id)
        #expect(second.eventID == first.eventID)
        #expect(try await store.take(at: Sample.after(.milliseconds(59_999))).isEmpty)
        #expect(try await store.take(at: Sample.after(.seconds(60))).count == 1)
    }

    private static func fenceRises(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        try await store.signal(Sample.event())
        var now = Sample.start
        var last: Int64 = 0
        for round in 0..<6 {
            let delivery = try #require(try await store.take(at: now).first)
            #expect(delivery.fence > last)
            last = delivery.fence
            switch round % 3 {
            case 0: now = now.advanced(by: Sample.lease)
            case 1: try await store.giveUpLeases(at: now)
            default: #expect(try await store.settle(delivery, .retry(at: now, error: "again")))
            }
        }
    }

    private static func claimCountsNothing(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        try await store.signal(Sample.event())
        for round in 0..<4 {
            let delivery = try #require(try await store.take(at: Sample.after(Sample.lease * round)).first)
            #expect(delivery.attempts == 0)
        }
        #expect(try await store.lastError(id: webhook.id, in: Sample.scope) == nil)
        try await store.expectCounts(pending: 1, failed: 0)
    }

    private static func nextDue(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        try await store.signal(Sample.event(time: Sample.after(.seconds(8))))
        #expect(try await store.nextDue() == Sample.after(.seconds(8)))
        try await store.signal(Sample.event())
        #expect(try await store.nextDue() == Sample.start)
        let delivery = try #require(try await store.take(lease: .seconds(5)).first)
        #expect(try await store.nextDue() == Sample.after(.seconds(5)))
        #expect(try await store.settle(delivery, .retry(at: Sample.after(.seconds(9)), error: "no")))
        #expect(try await store.nextDue() == Sample.after(.seconds(8)))
        for delivery in try await store.take(at: Sample.after(.seconds(9))) {
            #expect(try await store.settle(delivery, delivery.attempts == 0 ? .delivered : .failed(error: "no")))
        }
        #expect(try await store.nextDue() == nil)
    }

    private static func releaseOwn(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        let other = UUID()
        for _ in 0..<4 { try await store.signal(Sample.event()) }
        let own = try await store.take(2)
        let others = try await store.take(1, by: other)
        try #require(own.count == 2 && others.count == 1)
        try await store.signal(Sample.event(time: Sample.after(.seconds(20))))
        try await store.giveUpLeases(at: Sample.after(.seconds(1)))
        // What nobody held stays due when it was, what was given up is due now.
        #expect(try await store.nextDue() == Sample.start)
        #expect(try await store.take(at: Sample.start).count == 1)
        #expect(try await store.nextDue() == Sample.after(.seconds(1)))
        let again = try await store.take(by: other, at: Sample.after(.seconds(1)))
        #expect(Set(again.map(\.id)) == Set(own.map(\.id)))
        #expect(try await store.settle(others[0], .delivered))
    }

    private static func releaseCountsNothing(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        let delivery = try await store.signalAndTake()
        try await store.giveUpLeases(at: Sample.start)
        for decision in lateDecisions {
            #expect(try await store.settle(delivery, decision) == false, "\(decision)")
        }
        #expect(try await store.lastError(id: webhook.id, in: Sample.scope) == nil)
        let again = try #require(try await store.take().first)
        #expect(again.attempts == 0)
        #expect(try await store.settle(again, .delivered))
    }

    private static func releaseLeavesRetries(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        let delivery = try await store.signalAndTake()
        #expect(try await store.settle(delivery, .retry(at: Sample.after(.seconds(9)), error: "no")))
        try await store.giveUpLeases(at: Sample.start)
        #expect(try await store.nextDue() == Sample.after(.seconds(9)))
    }

    /// The engine gives its leases up last, also when it was cancelled.
    private static func releaseWhenCancelled(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        let delivery = try await store.signalAndTake()
        try await Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await store.release([delivery.id], owner: Sample.owner, now: Sample.start)
        }.value
        #expect(try await store.take().count == 1)
    }

    /// Every kind of result, recognisable where it should not have counted.
    package static let lateDecisions: [Scripted] = [
        .delivered, .retry(at: Sample.after(.seconds(500)), error: "late"), .failed(error: "late"),
        .gone,
    ]
}
