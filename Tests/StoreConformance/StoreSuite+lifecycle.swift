import Foundation
import StoreContracts
import Testing
import WebhookModel

extension StoreSuite {
    static let lifecycle = [
        StoreCase("What follows from a result is worked out on what stands in the store", run: snapshots),
        StoreCase("An event makes the row that the lifecycle says for each listener", run: rowsOfEvent),
        StoreCase("Deliveries follow their webhook as the lifecycle says", run: rowsFollow),
    ]

    private static func snapshots(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        for _ in 0..<2 { try await store.signal(Sample.event()) }
        let claimed = try await store.take()
        try #require(claimed.count == 2)
        let retry = Scripted.retry(at: Sample.start, error: "no")
        let first = DeliverySnapshot(attempts: 0)
        var counters = try await expect(DeliveryResult(claimed[0], retry), on: first, in: store)
        let again = try #require(try await store.take().first)
        try await store.put(webhook, .stopped)
        let second = DeliverySnapshot(attempts: 0, webhookState: .stopped, counters: counters)
        counters = try await expect(DeliveryResult(claimed[1], .delivered), on: second, in: store)
        let third = DeliverySnapshot(attempts: 1, webhookState: .stopped, counters: counters)
        counters = try await expect(DeliveryResult(again, .failed(error: "no")), on: third, in: store)
        try await store.put(webhook, .active)
        counters.failures = FailureRow()
        #expect(try await store.replay(claimed[1].id, now: Sample.start) == .queued)
        let taken = try await store.take()
        let replayed = try #require(taken.first { $0.id == claimed[1].id })
        let replay = DeliverySnapshot(attempts: 0, isReplay: true, counters: counters)
        let result = DeliveryResult(replayed, .failed(error: "replay"))
        _ = try await expect(result, on: replay, in: store)
        #expect(try await store.record([result]) == [nil], "it counts once")
    }

    /// Records a result, and expects what follows from it where all stands as in `snapshot`. Returns the counters that the
    /// webhook has then.
    private static func expect(
        _ result: DeliveryResult,
        on snapshot: DeliverySnapshot,
        in store: any AgentStore,
        _ location: SourceLocation = #_sourceLocation
    ) async throws -> WebhookCounters {
        let expected = RecordedOutcome(of: result, on: snapshot)
        #expect(try await store.record([result]) == [expected.fate], sourceLocation: location)
        let counters = expected.counters ?? snapshot.counters
        #expect(try await store.usage(of: result.id.webhook) == counters.usage, sourceLocation: location)
        let record = try await store.delivery(result.id)?.record
        #expect(record?.state == expected.row?.state.deliveryState ?? .delivered, sourceLocation: location)
        guard let row = expected.row else { return counters }
        #expect(record?.attempts == row.attempts, sourceLocation: location)
        #expect(record?.reason == row.reason, sourceLocation: location)
        if row.state == .pending { #expect(record?.due == row.due, sourceLocation: location) }
        return counters
    }

    private static func rowsOfEvent(_ store: any AgentStore) async throws {
        for missed in MissedEvents.allCases {
            let name = "contact.\(missed.rawValue)"
            var webhooks: [Webhook] = []
            for state in [WebhookState.active, .stopped, .tooManyErrors] {
                for type in [nil, "crmscript"] {
                    webhooks.append(
                        try await store.add(Sample.webhook(state.name, events: [name], state: state, type: type))
                    )
                }
            }
            let time = Sample.after(.seconds(3))
            let rows = webhooks.map { webhook in
                DeliveryRow(signalledAt: time, for: WebhookStanding(webhook), missed: missed)
            }
            let made = try await store.signal(Sample.event(name, time: time, missed: missed))
            #expect(made == rows.compactMap(\.self).count)
            for (webhook, row) in zip(webhooks, rows) {
                let records = try await store.list(DeliveryFilter(webhook: webhook.id))
                #expect(records.map(\.state) == (row.map { [$0.state.deliveryState] } ?? []), "\(missed)")
                #expect(records.map(\.reason) == (row.map { [$0.reason] } ?? []), "\(missed)")
                #expect(records.map(\.due) == (row.map { [$0.state == .pending ? $0.due : nil] } ?? []), "\(missed)")
            }
        }
    }

    private static func rowsFollow(_ store: any AgentStore) async throws {
        let time = Sample.after(.seconds(40))
        let saves: [(WebhookState, String?)] = [
            (.stopped, nil), (.tooManyErrors, nil), (.active, nil), (.unknown, "crmscript"), (.stopped, "crmscript"),
        ]
        for before in [WebhookState.active, .tooManyErrors] {
            for (state, type) in saves {
                var webhook = try await store.add(Sample.webhook(events: ["a.b"]))
                for _ in 0..<4 { try await store.signal(Sample.event("a.b")) }
                let claimed = try await store.take(3)
                #expect(try await store.settle(claimed[0], .retry(at: Sample.after(.seconds(9)), error: "no")))
                #expect(try await store.settle(claimed[1], .failed(error: "for good")))
                if before != .active { try await store.put(webhook, before) }
                try await store.signal(Sample.event("a.b", missed: .record))
                webhook.type = type
                let records = try await store.list(DeliveryFilter(webhook: webhook.id))
                try await store.put(webhook, state, at: time)
                webhook.state = state == .unknown ? before : state
                let change = DeliveryChange(following: WebhookStanding(webhook))
                let after = try await store.list(DeliveryFilter(webhook: webhook.id))
                #expect(after.map(\.id) == records.map(\.id))
                for (old, new) in zip(records, after) {
                    let expected = following(old, change, at: time, isHeld: old.id == claimed[2].id)
                    #expect(new == expected, "from \(before) to \(state), type \(type ?? "")")
                }
                #expect(try await store.delete(id: webhook.id, in: Sample.scope, at: time))
            }
        }
    }

    /// The record of a delivery once it has followed its webhook. When what is not pending was last due is not told.
    private static func following(
        _ record: DeliveryRecord,
        _ change: DeliveryChange,
        at time: Timestamp,
        isHeld: Bool
    ) -> DeliveryRecord {
        guard let state = DeliveryRowState.allCases.first(where: { $0.deliveryState == record.state }),
            change.states.contains(state)
        else { return record }
        let leaseEnd = Sample.after(Sample.lease)
        var row = DeliveryRow(state: state, attempts: record.attempts, due: leaseEnd, reason: record.reason)
        change.apply(to: &row, at: time, isHeld: isHeld)
        var record = record
        record.state = row.state.deliveryState
        record.reason = row.reason
        record.due = row.state == .pending ? row.due : nil
        return record
    }
}
