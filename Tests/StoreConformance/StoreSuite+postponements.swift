import StoreContracts
import Testing
import WebhookModel

extension StoreSuite {
    static let postponements = [
        StoreCase("A postponed delivery is due at its time, with no attempt more", run: postponedIsDue),
        StoreCase(
            "A postponed attempt is logged, and its webhook's usage, pause and state stay",
            run: postponedIsLogged
        ),
        StoreCase("A postponed delivery stays parked while its webhook is not Active", run: postponedStaysParked),
        StoreCase("A postponed replay is tried again as a replay", run: postponedReplay),
        StoreCase("A postponed result of a batch leaves the others' as they are", run: postponedInBatch),
        StoreCase("A failure that is not the target's postpones, however often", run: postponedByPolicy),
    ]

    private static let later = Sample.after(.seconds(3))

    private static func postponedIsDue(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        let delivery = try await store.signalAndTake()
        #expect(try await store.settle(delivery, .postponed(to: later)))
        #expect(try await store.nextDue() == later)
        #expect(try await store.take(at: later.advanced(by: .nanoseconds(-100))).isEmpty)
        let again = try #require(try await store.take(at: later).first)
        #expect(again.id == delivery.id)
        #expect(again.attempts == 0)
        #expect(!again.isFailing)
        #expect(try await store.settle(again, .retry(at: Sample.after(.seconds(9)), error: "no")))
        let third = try #require(try await store.take(at: Sample.after(.seconds(9))).first)
        #expect(third.attempts == 1)
        #expect(try await store.settle(third, .postponed(to: Sample.after(.seconds(14)))))
        #expect(try await store.list().first?.attempts == 1)
        #expect(try await store.list().first?.reason == "ours")
        try await store.expectCounts(pending: 1, failed: 0)
    }

    private static func postponedIsLogged(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        for _ in 0..<2 { try await store.signal(Sample.event()) }
        let claimed = try await store.take()
        try #require(claimed.count == 2)
        let paused = Sample.after(.seconds(60))
        #expect(try await store.settle(claimed[0], .retry(at: later, error: "no", pauseUntil: paused)))
        let before = try await store.usage(of: webhook.id)
        #expect(try await store.settle(claimed[1], .postponed(to: later)))
        #expect(try await store.usage(of: webhook.id) == before)
        #expect(before?.consecutiveErrors == 1)
        #expect(try await store.lastError(id: webhook.id, in: Sample.scope) == "no")
        #expect(try await store.nextDue() == paused, "the pause holds")
        #expect(try await store.state(of: webhook) == .active)
        let attempts = try await store.delivery(claimed[1].id)?.attempts
        #expect(attempts?.map(\.summary) == ["ours"])
    }

    private static func postponedStaysParked(_ store: any AgentStore) async throws {
        for state in [WebhookState.stopped, .tooManyErrors] {
            let webhook = try await store.add(Sample.webhook())
            let first = try await store.signalAndTake()
            #expect(try await store.settle(first, .retry(at: Sample.start, error: "no")))
            let delivery = try #require(try await store.take().first)
            try await store.put(webhook, state)
            #expect(try await store.settle(delivery, .postponed(to: later)))
            try await store.expectCounts(pending: 0, failed: 0, parked: 1)
            #expect(try await store.nextDue() == nil)
            #expect(try await store.list().first?.attempts == 1)
            let activated = Sample.after(.seconds(40))
            try await store.put(webhook, .active, at: activated)
            let again = try #require(try await store.take(at: activated).first)
            #expect(again.attempts == 1)
            #expect(try await store.settle(again, .delivered))
            #expect(try await store.delete(id: webhook.id, in: Sample.scope))
        }
    }

    private static func postponedReplay(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        let delivery = try await store.signalAndTake()
        #expect(try await store.settle(delivery, .delivered))
        #expect(try await store.replay(delivery.id, now: Sample.start) == .queued)
        let replay = try #require(try await store.take().first)
        #expect(try await store.settle(replay, .postponed(to: later)))
        let again = try #require(try await store.take(at: later).first)
        #expect(again.attempts == 0)
        #expect(try await store.settle(again, .retry(at: Sample.farFuture, error: "no")))
        #expect(try await store.usage(of: webhook.id) == WebhookUsage(totalCalls: 1), "it is a replay still")
    }

    private static func postponedInBatch(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        for _ in 0..<3 { try await store.signal(Sample.event()) }
        let claimed = try await store.take()
        try #require(claimed.count == 3)
        let decisions: [Scripted] = [.delivered, .postponed(to: later), .failed(error: "no")]
        let batch = zip(claimed, decisions).map { delivery, decision in DeliveryResult(delivery, decision) }
        #expect(try await store.settle(batch) == [true, true, true])
        try await store.expectCounts(pending: 1, failed: 1)
        #expect(try await store.nextDue() == later)
        let usage = try await store.usage(of: webhook.id)
        #expect(usage == WebhookUsage(totalCalls: 2, totalErrors: 1, consecutiveErrors: 1, lastError: "no"))
    }

    private static func postponedByPolicy(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        try await store.signal(Sample.event())
        let kinds = SendError.Kind.allCases.filter { !$0.isTargets }
        for attempt in 0..<20 {
            let now = Sample.after(.seconds(attempt))
            let delivery = try #require(try await store.take(at: now).first)
            let outcome = SendOutcome.failed(SendError(kinds[attempt % kinds.count], "ours"))
            #expect(try await store.settle(delivery, after: outcome, at: now))
        }
        #expect(try await store.state(of: webhook) == .active)
        #expect(try await store.usage(of: webhook.id) == WebhookUsage())
        let delivery = try #require(try await store.take(at: Sample.farFuture).first)
        #expect(delivery.attempts == 0)
        #expect(try await store.settle(delivery, after: .ok))
        try await store.expectCounts(pending: 0, failed: 0)
    }
}
