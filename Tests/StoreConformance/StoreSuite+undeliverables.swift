import StoreContracts
import Testing
import WebhookModel

extension StoreSuite {
    static let undeliverables = [
        StoreCase("What is not sent when a webhook becomes another type ends as failed", run: becomesUndeliverable),
        StoreCase("Of a webhook that becomes another type many deliveries end as failed", run: manyBecomeUndeliverable),
        StoreCase("A webhook that is delivered again gets what is signalled then", run: deliverableAgain),
    ]

    private static let reason = "Webhooks of type 'crmscript' are not delivered by this service."

    private static func becomesUndeliverable(_ store: any AgentStore) async throws {
        for state in [WebhookState.active, .stopped, .tooManyErrors, .unknown] {
            var webhook = try await store.add(Sample.webhook(events: [state.name]))
            // One delivered, one leased, one to be tried again, one that nobody has claimed, one that is missed.
            for _ in 0..<3 { try await store.signal(Sample.event(state.name)) }
            let claimed = try await store.take()
            try #require(claimed.count == 3)
            #expect(try await store.settle(claimed[0], .delivered))
            #expect(try await store.settle(claimed[1], .retry(at: Sample.after(.seconds(9)), error: "no")))
            try await store.signal(Sample.event(state.name))
            try await store.put(webhook, .tooManyErrors)
            try await store.signal(Sample.event(state.name))
            if state == .active { try await store.put(webhook, .active) }
            webhook.type = "crmscript"
            let time = Sample.after(.seconds(70))
            try await store.put(webhook, state, at: time)
            let filter = DeliveryFilter(webhook: webhook.id, state: .failed)
            let failed = try await store.list(filter)
            #expect(failed.map(\.reason) == Array(repeating: reason, count: 4), "\(state)")
            #expect(try await store.list(DeliveryFilter(webhook: webhook.id)).count == 5)
            #expect(try await store.take(at: Sample.farFuture).isEmpty)
            #expect(try await store.nextDue() == nil)
            #expect(try await store.settle(claimed[2], .delivered) == false, "it has failed already")
            for record in failed { #expect(try await store.replay(record.id, now: time) == .impossible) }
            try await store.prune(failedBefore: time)
            #expect(try await store.list(filter).count == 4, "they have failed since then")
        }
    }

    private static func manyBecomeUndeliverable(_ store: any AgentStore) async throws {
        var webhook = try await store.add(Sample.webhook())
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<720 { group.addTask { try await store.signal(Sample.event()) } }
            for try await made in group { #expect(made == 1) }
        }
        webhook.type = "crmscript"
        try await store.put(webhook, .unknown)
        #expect(try await store.take(at: Sample.farFuture).isEmpty)
        #expect(try await store.nextDue() == nil)
        try await store.expectSettled(pending: 0, parked: 0, failed: 720)
    }

    private static func deliverableAgain(_ store: any AgentStore) async throws {
        var webhook = try await store.add(Sample.webhook())
        try await store.signal(Sample.event())
        webhook.type = "crmscript"
        try await store.put(webhook, .unknown)
        webhook.type = "webhook"
        try await store.put(webhook, .unknown)
        #expect(try await store.take(at: Sample.farFuture).isEmpty)
        let failed = try #require(try await store.list().first)
        #expect(try await store.replay(failed.id, now: Sample.start) == .queued)
        #expect(try await store.signal(Sample.event()) == 1)
        #expect(try await store.take().count == 2)
    }
}
