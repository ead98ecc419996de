import Foundation
import PostgreSQLTestSupport
import StoreConformance
import StoreContracts
import StoreSupport
import TestSupport
import Testing
import WebhookModel

@testable import PostgreSQLClient
@testable import PostgreSQLQueue
@testable import PostgreSQLStorage

/// The one place where SQL decides what ``RecordedOutcome`` decides everywhere else.
@Suite("The shortcut for results of attempts that delivered", .postgreSQL, .timeLimit(.minutes(5)))
struct PostgreSQLDeliveredBatchTests {
    /// What results are worked out on.
    private struct Standing: Equatable {
        struct Held: Equatable {
            var attempts: Int
            var due: Timestamp
            var isReplay: Bool
            var fence: Int64
        }

        struct Subscriber: Equatable {
            var state: WebhookState
            var pausedUntil: Int64
            var counters: WebhookCounters
        }

        var held: [DeliveryID: Held] = [:]
        var webhooks: [Int32: Subscriber] = [:]

        /// nil where the result does not count.
        func snapshot(for result: DeliveryResult) -> DeliverySnapshot? {
            guard let held = held[result.id], let webhook = webhooks[result.id.webhook], held.fence == result.fence
            else { return nil }
            return DeliverySnapshot(
                attempts: held.attempts,
                due: held.due,
                isReplay: held.isReplay,
                webhookState: webhook.state,
                counters: webhook.counters,
                isPaused: webhook.pausedUntil > 0
            )
        }
    }

    private static func standing(
        of ids: [DeliveryID],
        _ webhooks: [Int32],
        _ store: PostgreSQLStore
    ) async throws -> Standing {
        try await store.lanes.calls.run { connection in
            var standing = Standing()
            for row in try connection.run(PostgreSQLResultBatch.webhooksStatement, [.ints(webhooks)]) {
                standing.webhooks[try row.int32(0)] = Standing.Subscriber(
                    state: try WebhookRow.state(row.int(1), of: row.int32(0)),
                    pausedUntil: try row.int(5),
                    counters: try WebhookRow.counters(row, from: 6)
                )
            }
            let places: [PostgreSQLValue] = [.ints(ids.map(\.event)), .ints(ids.map(\.webhook))]
            for row in try connection.run(PostgreSQLResultBatch.heldStatement, places) {
                standing.held[DeliveryID(event: try row.int(0), webhook: try row.int32(1))] = Standing.Held(
                    attempts: try row.count(2),
                    due: try row.timestamp(3),
                    isReplay: try row.bool(4),
                    fence: try row.int(5)
                )
            }
            return standing
        }
    }

    /// Makes deliveries of every kind, and claims what is due: with attempts, as replays, of webhooks that are failing,
    /// paused or at rest.
    private static func claim(
        _ store: PostgreSQLStore,
        _ webhooks: [Webhook],
        _ random: inout SeededGenerator
    ) async throws -> [ClaimedDelivery] {
        for webhook in webhooks { try await store.put(webhook, .active) }
        for _ in 0..<Int.random(in: 2...5, using: &random) { try await store.signal(Sample.event()) }
        for delivery in try await store.take() {
            let pause = Int.random(in: 0..<6, using: &random) == 0 ? Sample.after(.seconds(60)) : nil
            let result: Scripted =
                switch Int.random(in: 0..<5, using: &random) {
                case 0: .delivered
                case 1: .failed(error: "no")
                case 2: .retry(at: Sample.start, error: "later", pauseUntil: pause)
                default: .postponed(to: Sample.after(.seconds(1)))
                }
            _ = try await store.settle(delivery, result)
        }
        for record in try await store.list(limit: 6) { _ = try await store.replay(record.id, now: Sample.start) }
        let claimed = try await store.take(at: Sample.after(.seconds(61)))
        for webhook in webhooks where Int.random(in: 0..<5, using: &random) == 0 {
            try await store.put(webhook, Bool.random(using: &random) ? .stopped : .tooManyErrors)
        }
        return claimed
    }

    private static func batch(of claimed: [ClaimedDelivery], _ random: inout SeededGenerator) -> [DeliveryResult] {
        var batch = claimed.shuffled(using: &random).prefix(.random(in: 1...8, using: &random)).map { delivery in
            DeliveryResult(delivery, .delivered, at: Sample.after(.seconds(62)))
        }
        switch Int.random(in: 0..<8, using: &random) {
        case 0: batch[0].fence -= 1
        case 1: batch.append(batch[0])
        default: break
        }
        return batch
    }

    @Test(
        "SQL records a batch as the lifecycle says, or leaves all of it alone",
        arguments: 1...4 as ClosedRange<UInt64>
    )
    func equalsLifecycle(seed: UInt64) async throws {
        try await withSchema { location in
            var random = SeededGenerator(seed: seed)
            let store = try await PostgreSQLStore(location, logger: .silent)
            var webhooks: [Webhook] = []
            for name in ["one", "two", "three"] {
                var webhook = Sample.webhook(name)
                webhook.targetURL = "https://\(name).example.com/"
                webhooks.append(try await store.add(webhook))
            }
            var recorded = 0
            for round in 0..<25 {
                let claimed = try await Self.claim(store, webhooks, &random)
                guard !claimed.isEmpty else { continue }
                let batch = Self.batch(of: claimed, &random)
                for result in batch { #expect(result.isDelivered) }
                if try await record(batch, claimed.map(\.id), webhooks.map(\.id), store, "seed \(seed), round \(round)")
                {
                    recorded += 1
                }
            }
            #expect((5..<25).contains(recorded), "some batches are recorded, and some are left alone")
        }
    }

    /// Returns whether SQL recorded the batch.
    private func record(
        _ batch: [DeliveryResult],
        _ ids: [DeliveryID],
        _ webhooks: [Int32],
        _ store: PostgreSQLStore,
        _ comment: Comment
    ) async throws -> Bool {
        let before = try await Self.standing(of: ids, webhooks, store)
        let attempts = try await Self.attempts(of: ids, store)
        let isRecorded = try await store.lanes.calls.run { try PostgreSQLDeliveredBatch.carryOut(batch, $0) }
        let after = try await Self.standing(of: ids, webhooks, store)
        var expected = before
        var expectedAttempts = attempts
        var isShortcut = true
        for result in batch {
            guard let snapshot = expected.snapshot(for: result), !snapshot.isPaused else {
                isShortcut = false
                break
            }
            let outcome = RecordedOutcome(of: result, on: snapshot)
            #expect(outcome.fate == .delivered && outcome.row == nil, comment)
            #expect(outcome.pause == nil && outcome.stateChange == nil, comment)
            expected.held[result.id] = nil
            if let counters = outcome.counters { expected.webhooks[result.id.webhook]?.counters = counters }
            expectedAttempts[result.id, default: []].append(result.attempt)
        }
        #expect(isRecorded == isShortcut, comment)
        #expect(after == (isShortcut ? expected : before), comment)
        #expect(try await Self.attempts(of: ids, store) == (isShortcut ? expectedAttempts : attempts), comment)
        if isRecorded {
            for id in batch.map(\.id) { #expect(try await store.delivery(id)?.record.state == .delivered, comment) }
        }
        return isRecorded
    }

    private static func attempts(
        of ids: [DeliveryID],
        _ store: PostgreSQLStore
    ) async throws -> [DeliveryID: [Attempt]] {
        var attempts: [DeliveryID: [Attempt]] = [:]
        for id in Set(ids) { attempts[id] = try await store.delivery(id)?.attempts }
        return attempts
    }
}
