import Foundation
import GRDB
import StoreConformance
import StoreContracts
import StoreSupport
import Synchronization
import TestSupport
import Testing
import WebhookModel

@testable import SQLiteStorage

@Suite("SQLite store whose webhooks have many deliveries", .timeLimit(.minutes(5)))
struct SQLiteSettlingTests {
    private static let count = 3000

    /// A webhook with so many pending deliveries.
    private func fill(_ store: SQLiteStore, _ count: Int = Self.count) async throws -> Webhook {
        let webhook = try await store.add(Sample.webhook())
        let time = Sample.start.ticks
        try await store.pool.write { database in
            try database.execute(
                literal: """
                    INSERT INTO event (guid, tenant, name, name_key, body_head, body_tail, created)
                    WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < \(count))
                    SELECT \(UUID().uuidString), 'Default', 'a.b', 'a.b', x'7B', x'7D', \(time) FROM number
                    """
            )
            try database.execute(
                literal: """
                    INSERT INTO delivery (event_id, webhook_id, state, attempts, due, fence, body_suffix)
                    SELECT id, \(webhook.id), 0, 0, \(time), 0, x'' FROM event
                    """
            )
        }
        return webhook
    }

    @Test("No commit of a stop, a start, a failure for good or a deletion changes more than a step's deliveries")
    func steps() async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                let webhook = try await fill(store)
                let sizes = CommitSizes()
                store.pool.add(transactionObserver: sizes, extent: .databaseLifetime)
                try await store.expectToFollow(webhook, deliveries: Self.count)
                // A step in the background, one for who waits for it, what changes at once, and the webhook's own rows.
                let most = 2 * DeliverySettling.rowsPerStep + DeliverySettling.rowsAtOnce + 10
                #expect(sizes.largest <= most)
                #expect(sizes.commits >= 4 * Self.count / DeliverySettling.rowsPerStep)
            }
        }
    }

    @Test("A start goes on with what a former process had still to park, resume or end")
    func goesOn() async throws {
        try await withDatabase { path in
            var webhooks: [Webhook] = []
            try await opening(path) { store in
                for name in ["stopped", "started", "deleted", "active", "parked"] {
                    webhooks.append(try await store.add(Sample.webhook(name)))
                }
                _ = try await store.signal(Sample.event())
                try await store.put(webhooks[4], .stopped)
                // As a process leaves it that dies after the first commit.
                let (stopped, started, deleted) = (webhooks[0].id, webhooks[1].id, webhooks[2].id)
                let updated = Sample.after(.seconds(7)).ticks
                try await store.pool.write { database in
                    try database.execute(literal: "UPDATE webhook SET state = 2 WHERE id = \(stopped)")
                    try database.execute(literal: "UPDATE delivery SET state = 2 WHERE webhook_id = \(started)")
                    try database.execute(literal: "UPDATE webhook SET updated = \(updated) WHERE id = \(started)")
                    try database.execute(literal: "DELETE FROM webhook WHERE id = \(deleted)")
                }
            }
            try await opening(path) { store in
                let states: [DeliveryState] = [.parked, .pending, .failed, .pending, .parked]
                let expected = Dictionary(uniqueKeysWithValues: zip(webhooks.map(\.id), states))
                await store.settled()
                #expect(try await store.list().reduce(into: [:]) { $0[$1.id.webhook] = $1.state } == expected)
                let ended = try await store.list(DeliveryFilter(state: .failed))
                #expect(ended.map(\.reason) == ["The webhook was deleted."])
                #expect(try await store.take().map(\.id.webhook) == [webhooks[3].id])
                #expect(try await store.take(at: Sample.after(.seconds(7))).map(\.id.webhook) == [webhooks[1].id])
            }
        }
    }

    @Test("A step that the database refuses is made again until it is done, and nothing is claimed meanwhile")
    func refusedStep() async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                let webhook = try await fill(store)
                try await store.pool.write { database in
                    try database.execute(
                        sql: """
                            CREATE TRIGGER refuse BEFORE UPDATE ON delivery WHEN OLD.event_id > 2000
                            BEGIN SELECT RAISE(ABORT, 'no'); END
                            """
                    )
                }
                try await store.put(webhook, .stopped)
                try await store.expectSoon(parked: 1600)
                #expect(try await store.take().isEmpty)
                try await store.pool.write { try $0.execute(sql: "DROP TRIGGER refuse") }
                try await store.expectSettled(pending: 0, parked: Self.count)
            }
        }
    }

    /// Prints how long events waited. With `WEBHOOK_SVC_BENCHMARK=1`.
    @Test(
        "An event waits less than 100 ms while a webhook with 200,000 deliveries is stopped, started or deleted",
        .enabled(if: ProcessInfo.processInfo.environment["WEBHOOK_SVC_BENCHMARK"] != nil)
    )
    func waits() async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                let webhook = try await fill(store, 200_000)
                _ = try await store.add(Sample.webhook("other", events: ["other"]))
                let changes: [(String, (pending: Int, parked: Int, failed: Int), () async throws -> Void)] = [
                    ("nothing", (200_000, 0, 0), {}),
                    ("stop", (0, 200_000, 0), { try await store.put(webhook, .stopped) }),
                    ("start", (200_000, 0, 0), { try await store.put(webhook, .active) }),
                    (
                        "stop and start", (200_000, 0, 0),
                        {
                            try await store.put(webhook, .stopped)
                            try await store.put(webhook, .active)
                        }
                    ),
                    ("deletion", (0, 0, 200_000), { try await store.delete(id: webhook.id, in: Sample.scope) }),
                ]
                var signalled = 0
                for (name, counts, change) in changes {
                    let isDone = Mutex(false)
                    let base = signalled
                    async let waits = signalling(store, until: { isDone.withLock { $0 } })
                    try await Task.sleep(for: .milliseconds(300))
                    let begun = ContinuousClock.now
                    try await change()
                    let returned = begun.duration(to: .now)
                    try await eventually("All deliveries have followed their webhook: \(name)", within: .seconds(240)) {
                        let found = try await store.counts()
                        return found.parked == counts.parked && found.failed == counts.failed
                    }
                    let settled = begun.duration(to: .now)
                    try await Task.sleep(for: .milliseconds(300))
                    isDone.withLock { $0 = true }
                    let all = try await waits.sorted()
                    signalled = base + all.count
                    let longest = try #require(all.last)
                    print(
                        "\(name): returned after \(returned), settled after \(settled),",
                        "\(all.count) events, median \(all[all.count / 2]), longest \(longest)"
                    )
                    #expect(longest < .milliseconds(100))
                }
            }
        }
    }

    private func signalling(
        _ store: SQLiteStore,
        until isDone: @Sendable @escaping () -> Bool
    ) async throws -> [Duration] {
        var waits: [Duration] = []
        while !isDone() {
            let begun = ContinuousClock.now
            #expect(try await store.signal(Sample.event("other")) == 1)
            waits.append(begun.duration(to: .now))
            try await Task.sleep(for: .milliseconds(2))
        }
        return waits
    }
}

/// Counts commits and the rows that each changed.
private final class CommitSizes: TransactionObserver, Sendable {
    private let state = Mutex((commits: 0, largest: 0, before: nil as Int?))

    var largest: Int { state.withLock { $0.largest } }
    var commits: Int { state.withLock { $0.commits } }

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseDidRollback(_ database: Database) {}

    func databaseDidCommit(_ database: Database) {
        let total = database.totalChangesCount
        state.withLock { state in
            if let before = state.before { state.largest = max(state.largest, total - before) }
            state.before = total
            state.commits += 1
        }
    }
}
