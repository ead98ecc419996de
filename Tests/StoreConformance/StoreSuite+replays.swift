import Foundation
import StoreContracts
import Testing
import WebhookModel

extension StoreSuite {
    static let replays = [
        StoreCase("What was delivered is sent again, with the same event and body", run: replaysDelivered),
        StoreCase("What has failed is sent again, with the same event and body", run: replaysFailed),
        StoreCase("What is in the queue already stays as it is", run: replaysQueued),
        StoreCase("What no webhook can get is not queued", run: replaysImpossible),
        StoreCase("For a webhook that is not Active it waits until it is", run: replaysParked),
        StoreCase("A replay does not touch its webhook's usage or state", run: replaysUncounted),
        StoreCase("A replay that fails is tried again as ever, and can be asked for again", run: replaysFailing),
        StoreCase("A replay goes where the webhook points by then", run: replaysMoved),
        StoreCase("A replay takes no result from who held the delivery before", run: replaysFenced),
        StoreCase("Deliveries arrive with a replay", run: replaysArrive),
    ]

    /// Signals an event and decides on its only delivery. Returns the delivery.
    private static func deliver(
        _ decision: Scripted,
        in store: any AgentStore
    ) async throws -> ClaimedDelivery {
        let delivery = try await store.signalAndTake()
        #expect(try await store.settle(delivery, decision))
        return delivery
    }

    private static let time = Sample.after(.seconds(50))

    private static func expectSame(
        _ again: ClaimedDelivery?,
        as delivery: ClaimedDelivery,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let again = try #require(again, sourceLocation: location)
        #expect(again.id == delivery.id, sourceLocation: location)
        #expect(again.eventID == delivery.eventID, sourceLocation: location)
        #expect(again.event == delivery.event, sourceLocation: location)
        #expect(again.body == delivery.body, sourceLocation: location)
        #expect(again.attempts == 0, sourceLocation: location)
    }

    private static func replaysDelivered(_ store: any AgentStore) async throws {
        var webhook = try await store.add(Sample.webhook("before"))
        let delivery = try await deliver(.delivered, in: store)
        webhook.name = "after"
        _ = try await store.replace(webhook)
        for round in 1...3 {
            #expect(try await store.replay(delivery.id, now: time) == .queued)
            #expect(try await store.nextDue() == time)
            let again = try await store.take(at: time)
            #expect(again.count == 1)
            try expectSame(again.first, as: delivery)
            #expect(try await store.settle(again[0], .delivered))
            let detail = try #require(try await store.delivery(delivery.id))
            #expect(detail.record.state == .delivered)
            #expect(detail.attempts.count == round + 1)
            #expect(detail.body == delivery.body)
        }
        #expect(try await store.list().count == 1)
    }

    private static func replaysFailed(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        let delivery = try await deliver(.failed(error: "no"), in: store)
        #expect(try await store.replay(delivery.id, now: time) == .queued)
        try await store.expectCounts(pending: 1, failed: 0)
        let again = try await store.take(at: time)
        try expectSame(again.first, as: delivery)
        #expect(again.first.map { $0.fence > delivery.fence } == true)
        #expect(try await store.settle(again[0], .delivered))
        #expect(try await store.delivery(delivery.id)?.attempts.map(\.status) == [nil, 200])
        try await store.expectCounts(pending: 0, failed: 0)
    }

    private static func replaysQueued(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        try await store.signal(Sample.event())
        let id = try #require(try await store.list().first).id
        func expectQueued(_ comment: Comment) async throws {
            let before = try await store.list()
            #expect(try await store.replay(id, now: time) == .alreadyQueued, comment)
            #expect(try await store.list() == before, comment)
        }
        try await expectQueued("pending")
        let delivery = try #require(try await store.take().first)
        try await expectQueued("leased")
        #expect(try await store.settle(delivery, .retry(at: Sample.after(.seconds(9)), error: "no")))
        try await expectQueued("to be tried again")
        let again = try #require(try await store.take(at: Sample.after(.seconds(9))).first)
        try await store.put(webhook, .stopped)
        #expect(try await store.settle(again, .failed(error: "no")))
        try await expectQueued("parked")
    }

    private static func replaysImpossible(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        let delivered = try await deliver(.delivered, in: store)
        let failed = try await deliver(.failed(error: "no"), in: store)
        #expect(try await store.delete(id: webhook.id, in: Sample.scope))
        _ = try await store.add(Sample.webhook("script", type: "crmscript"))
        try await store.signal(Sample.event())
        let undeliverable = try #require(try await store.list().first)
        let before = try await store.list()
        for id in [delivered.id, failed.id, undeliverable.id] {
            #expect(try await store.replay(id, now: time) == .impossible)
        }
        #expect(try await store.list() == before)
        #expect(try await store.nextDue() == nil)
    }

    private static func replaysParked(_ store: any AgentStore) async throws {
        for state in [WebhookState.stopped, .tooManyErrors] {
            let webhook = try await store.add(Sample.webhook())
            let deliveries = [
                try await deliver(.delivered, in: store), try await deliver(.failed(error: "no"), in: store),
            ]
            try await store.put(webhook, state)
            for delivery in deliveries {
                #expect(try await store.replay(delivery.id, now: time) == .parked)
                #expect(try await store.replay(delivery.id, now: time) == .alreadyQueued)
            }
            #expect(try await store.take(at: Sample.farFuture).isEmpty)
            try await store.expectCounts(pending: 0, failed: 0, parked: 2)
            try await store.put(webhook, .active, at: time)
            let again = try await store.take(at: time)
            try #require(again.count == 2)
            for (claimed, delivery) in zip(again, deliveries) { try expectSame(claimed, as: delivery) }
            #expect(try await store.delete(id: webhook.id, in: Sample.scope))
            try await store.prune(attemptsBefore: Sample.farFuture, failedBefore: Sample.farFuture)
        }
    }

    private static func replaysUncounted(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        let delivered = try await deliver(.delivered, in: store)
        let failed = try await deliver(.failed(error: "first"), in: store)
        let usage = try await store.usage(of: webhook.id)
        #expect(usage == WebhookUsage(totalCalls: 2, totalErrors: 1, consecutiveErrors: 1, lastError: "first"))
        let steps: [(DeliveryID, SendOutcome)] = [(delivered.id, .gone), (failed.id, .serverError), (failed.id, .ok)]
        for (number, (id, outcome)) in steps.enumerated() {
            let now = time.advanced(by: .seconds(100 * number))
            _ = try await store.replay(id, now: now)
            let claimed = try await store.take(at: now)
            #expect(claimed.contains { $0.id == id })
            for delivery in claimed where delivery.id == id {
                #expect(try await store.settle(delivery, after: outcome, at: now))
            }
            #expect(try await store.usage(of: webhook.id) == usage, "\(outcome.summary)")
            #expect(try await store.state(of: webhook) == .active)
            try await store.giveUpLeases(at: now)
        }
        #expect(try await store.delivery(failed.id)?.attempts.count == 3)
    }

    private static func replaysFailing(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        let delivery = try await deliver(.delivered, in: store)
        for _ in 0..<2 {
            #expect(try await store.replay(delivery.id, now: time) == .queued)
            var now = time
            for attempt in 0..<9 {
                now = try #require(try await store.nextDue())
                let again = try #require(try await store.take(at: now).first)
                #expect(again.attempts == attempt)
                #expect(try await store.settle(again, after: .serverError, at: now))
            }
            #expect(now == time.advanced(by: .seconds(35)))
            #expect(try await store.list().map(\.state) == [.failed])
        }
        #expect(try await store.delivery(delivery.id)?.attempts.count == 19)
        #expect(try await store.delivery(delivery.id)?.body == delivery.body)
    }

    private static func replaysMoved(_ store: any AgentStore) async throws {
        var webhook = try await store.add(Sample.webhook())
        let delivery = try await deliver(.delivered, in: store)
        webhook.targetURL = "https://example.com/moved"
        webhook.secret = "new"
        webhook.headers = StringDictionary([.init(key: "X-New", value: "1")])
        _ = try await store.replace(webhook)
        #expect(try await store.replay(delivery.id, now: time) == .queued)
        let again = try #require(try await store.take(at: time).first)
        #expect(again.url == "https://example.com/moved")
        #expect(again.secret == "new")
        #expect(again.headers == webhook.headers)
        #expect(again.body == delivery.body)
    }

    /// Whoever's lease had ended before somebody else delivered must not record for a later replay.
    private static func replaysFenced(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        try await store.signal(Sample.event())
        let stale = try #require(try await store.take(lease: .seconds(1)).first)
        let holder = try #require(try await store.take(by: UUID(), at: Sample.after(.seconds(1))).first)
        #expect(try await store.settle(holder, .delivered))
        #expect(try await store.replay(stale.id, now: time) == .queued)
        let replayed = try #require(try await store.take(by: UUID(), at: time).first)
        for former in [stale, holder] {
            #expect(try await store.settle(former, .failed(error: "late")) == false, "fence \(former.fence)")
        }
        #expect(try await store.settle(replayed, .delivered))
    }

    private static func replaysArrive(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        let delivery = try await deliver(.delivered, in: store)
        var arrivals = store.arrivals.makeAsyncIterator()
        let signalled: Void? = await arrivals.next()
        #expect(signalled != nil)
        #expect(try await store.replay(delivery.id, now: Sample.start) == .queued)
        let replayed: Void? = await arrivals.next()
        #expect(replayed != nil)
    }
}
