import Foundation
import StoreContracts
import Testing
import WebhookModel

extension StoreSuite {
    static let pruning = [
        StoreCase("Pruning removes attempts by age", run: prunesByAge),
        StoreCase("Pruning removes attempts by count, oldest first", run: prunesByCount),
        StoreCase("Pruning removes what failed by the age of its event", run: prunesFailed),
        StoreCase("Pruning removes so many rows at a step and says whether there may be more", run: pruneSteps),
        StoreCase("Pruning looks past what is dated in the future", run: prunesPastFuture),
        StoreCase("Pruning keeps what is pending or parked, with its body", run: pruneKeepsQueued),
        StoreCase("Pruning keeps an event as long as anything refers to it", run: pruneKeepsReferred),
        StoreCase("What was pruned cannot be replayed", run: prunedIsUnknown),
        StoreCase("Pruning leaves what is delivered later whole", run: pruneLeavesBodies),
    ]

    /// Signals one event at each of `times` and attempts it then, with that result.
    private static func attempt(
        at times: [Timestamp],
        _ decision: Scripted = .delivered,
        in store: any AgentStore
    ) async throws {
        for time in times {
            try await store.signal(Sample.event(time: time))
            for delivery in try await store.take(at: time) {
                #expect(try await store.settle(delivery, decision, at: time))
            }
        }
    }

    private static let seconds = (0..<5).map { Sample.after(.seconds($0)) }

    private static func prunesByAge(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        try await attempt(at: seconds, in: store)
        #expect(try await store.prune(attemptsBefore: seconds[0]) == false)
        #expect(try await store.list().count == 5, "what began then is kept")
        try await store.prune(attemptsBefore: seconds[0].advanced(by: .nanoseconds(100)))
        #expect(try await store.list().map(\.signalled) == seconds.dropFirst(1).reversed())
        try await store.prune(attemptsBefore: seconds[3])
        #expect(try await store.list().map(\.signalled) == seconds.dropFirst(3).reversed())
        try await store.prune(attemptsBefore: Sample.farFuture)
        #expect(try await store.list().isEmpty)
    }

    private static func prunesByCount(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        try await attempt(at: seconds, in: store)
        for kept in [5, 3, 3, 1] {
            try await store.prune(attempts: kept)
            #expect(try await store.list().map(\.signalled) == seconds.suffix(kept).reversed())
        }
        try await attempt(at: [Sample.after(.seconds(9))], in: store)
        try await store.prune(attempts: 2)
        #expect(try await store.list().count == 2)
        try await store.prune(attempts: 1)
        #expect(try await store.list().map(\.signalled) == [Sample.after(.seconds(9))])
        try await store.prune(attempts: 0)
        #expect(try await store.list().isEmpty)
    }

    private static func prunesFailed(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        _ = try await store.add(Sample.webhook("script", type: "crmscript"))
        try await attempt(at: seconds, .failed(error: "no"), in: store)
        try await store.expectCounts(pending: 0, failed: 10)
        try await store.prune(failedBefore: seconds[0])
        try await store.expectCounts(pending: 0, failed: 10)
        try await store.prune(failedBefore: seconds[2])
        try await store.expectCounts(pending: 0, failed: 6)
        let expected = seconds.suffix(3).reversed().flatMap { [$0, $0] }
        #expect(try await store.list().map(\.signalled) == expected)
        // Without its attempts what failed is still on record.
        try await store.prune(attemptsBefore: Sample.farFuture)
        #expect(try await store.list().map(\.signalled) == expected)
        try await store.prune(failedBefore: Sample.farFuture)
        #expect(try await store.list().isEmpty)
    }

    private static func pruneSteps(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        try await attempt(at: seconds, in: store)
        for (isMore, left) in [(true, 3), (true, 1), (false, 0), (false, 0)] {
            #expect(try await store.prune(attemptsBefore: Sample.farFuture, rows: 2) == isMore)
            #expect(try await store.list().count == left)
        }
        try await attempt(at: seconds, in: store)
        for (isMore, left) in [(true, 3), (true, 1), (false, 0)] {
            #expect(try await store.prune(attempts: 0, rows: 2) == isMore)
            #expect(try await store.list().count == left)
        }
        try await attempt(at: seconds, .failed(error: "no"), in: store)
        for (isMore, left) in [(true, 3), (true, 1), (false, 0)] {
            #expect(try await store.prune(failedBefore: Sample.farFuture, rows: 2) == isMore)
            try await store.expectCounts(pending: 0, failed: left)
        }
    }

    private static func prunesPastFuture(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        let future = (1...5).map { Sample.farFuture.advanced(by: .seconds($0)) }
        try await attempt(at: future + seconds, in: store)
        for expected in [seconds.suffix(2), []] {
            let before = expected.first ?? seconds[4].advanced(by: .seconds(1))
            while try await store.prune(attemptsBefore: before, rows: 2, now: seconds[4]) {}
            #expect(try await store.list().map(\.signalled).sorted() == expected + future)
        }
        // Beyond the number of attempts that are kept it counts as any other.
        while try await store.prune(attempts: 1, rows: 2, now: seconds[4]) {}
        #expect(try await store.list().map(\.signalled) == [future[4]])
        while try await store.prune(attemptsBefore: .distantFuture, rows: 2) {}
        #expect(try await store.list().isEmpty)
    }

    private static func pruneKeepsQueued(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        let failing = try await store.add(Sample.webhook(state: .tooManyErrors))
        for number in 0..<4 { try await store.signal(Sample.event(missed: number == 0 ? .park : .drop)) }
        let claimed = try await store.take(3)
        try #require(claimed.count == 3)
        #expect(try await store.settle(claimed[0], .retry(at: Sample.after(.seconds(60)), error: "no")))
        #expect(try await store.settle(claimed[1], .retry(at: Sample.after(.seconds(60)), error: "no")))
        try await store.prune(attemptsBefore: Sample.farFuture, attempts: 0, failedBefore: Sample.farFuture)
        try await store.expectCounts(pending: 4, failed: 0, parked: 1)
        for record in try await store.list() {
            let detail = try #require(try await store.delivery(record.id))
            #expect(detail.attempts.isEmpty)
            #expect(String(decoding: detail.body, as: UTF8.self) == "head,\"WebhookName\":\"Sample\"tail")
        }
        #expect(try await store.settle(claimed[2], .delivered))
        try await store.put(webhook, .stopped)
        for webhook in [webhook, failing] { try await store.put(webhook, .active) }
        let rest = try await store.take(at: Sample.farFuture)
        #expect(rest.count == 4)
        #expect(rest.allSatisfy { $0.body == claimed[0].body })
    }

    private static func pruneKeepsReferred(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook("one"))
        _ = try await store.add(Sample.webhook("two"))
        try await store.signal(Sample.event())
        let claimed = try await store.take()
        try #require(claimed.count == 2)
        #expect(try await store.settle(claimed[0], .delivered))
        try await store.prune(attemptsBefore: Sample.farFuture)
        #expect(try await store.list().map(\.id) == [claimed[1].id])
        #expect(try await store.delivery(claimed[1].id)?.body == claimed[1].body, "half delivered")
        #expect(try await store.settle(claimed[1], .failed(error: "no")))
        try await store.prune(attemptsBefore: Sample.farFuture)
        #expect(try await store.delivery(claimed[1].id)?.body == claimed[1].body, "failed")
        #expect(try await store.replay(claimed[1].id, now: Sample.start) == .queued)
        let again = try #require(try await store.take().first)
        #expect(try await store.settle(again, .delivered))
        try await store.prune(failedBefore: Sample.farFuture)
        #expect(try await store.delivery(claimed[1].id)?.body == claimed[1].body, "delivered")
        try await store.prune(attemptsBefore: Sample.farFuture)
        #expect(try await store.list().isEmpty)
    }

    private static func prunedIsUnknown(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        try await attempt(at: [Sample.start], in: store)
        try await attempt(at: [Sample.start], .failed(error: "no"), in: store)
        let ids = try await store.list().map(\.id)
        try await store.prune(attemptsBefore: Sample.farFuture, failedBefore: Sample.farFuture)
        for id in ids {
            #expect(try await store.replay(id, now: Sample.start) == .unknown)
            #expect(try await store.delivery(id) == nil)
        }
        let usage = WebhookUsage(totalCalls: 2, totalErrors: 1, consecutiveErrors: 1, lastError: "no")
        #expect(try await store.usage(of: webhook.id) == usage, "what was counted stays so")
    }

    private static func pruneLeavesBodies(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        try await attempt(at: [Sample.start], in: store)
        try await store.signal(Sample.event())
        try await store.prune(attemptsBefore: Sample.farFuture, failedBefore: Sample.farFuture)
        let delivery = try #require(try await store.take().first)
        #expect(String(decoding: delivery.body, as: UTF8.self) == "head,\"WebhookName\":\"Sample\"tail")
    }
}
