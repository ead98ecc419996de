import AgentCore
import Foundation
import Synchronization
import Testing

@testable import AgentStores

/// Prints how long events waited. With `WEBHOOK_SVC_BENCHMARK=1`, and best on a release build.
@Suite(
    "Waits of a PostgreSQL store",
    .postgreSQL,
    .serialized,
    .enabled(if: ProcessInfo.processInfo.environment["WEBHOOK_SVC_BENCHMARK"] != nil),
    .timeLimit(.minutes(30))
)
struct PostgreSQLWaitsTests {
    private static func number(_ name: String, _ usual: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? usual
    }

    private func execute(_ sql: String, _ location: PostgreSQLLocation) async throws {
        let lane = PostgreSQLLane(location, name: "fill", planning: .custom)
        try await lane.run { connection in
            connection.answerLimit = nil
            try connection.execute("SET statement_timeout = 0; SET synchronous_commit = off")
            try connection.execute(sql)
        }
    }

    // MARK: From a signal to its claim

    /// So many webhooks with a target of their own and a delivery each: a third waits for a retry, a third is paused, a
    /// third fails and is due, for which there is no room.
    private func waiting(_ count: Int, now: Timestamp) -> String {
        """
        INSERT INTO webhook (tenant, target_url, target, state, is_deliverable, body_suffix, registered, updated)
        SELECT 'Default', 'https://t' || n || '/', 'https://t' || n, 1, true, '', 0, 0 FROM generate_series(1, \(count)) n;
        INSERT INTO webhook_usage (webhook_id, consecutive_errors, paused_until)
        SELECT id, CASE WHEN id % 3 = 2 THEN 1 ELSE 0 END, CASE WHEN id % 3 = 1 THEN \(now.ticks) + 36000000000 ELSE 0 END
        FROM webhook WHERE target LIKE 'https://t%';
        WITH e AS (
            INSERT INTO event (created, guid, tenant, name, name_key, body_head, body_tail)
            VALUES (\(now.ticks), gen_random_uuid(), 'Default', 'e', 'e', '', '') RETURNING id
        )
        INSERT INTO delivery (event_id, due, fence, webhook_id, attempts, state, body_suffix)
        SELECT e.id, \(now.ticks) + CASE WHEN w.id % 3 = 0 THEN 36000000000 ELSE 0 END, 0, w.id, 0, 0, ''
        FROM e, webhook w WHERE w.target LIKE 'https://t%';
        VACUUM ANALYZE
        """
    }

    @Test("An event is claimed soon while many webhooks wait", arguments: [0, 20_000, 100_000])
    func claims(count: Int) async throws {
        try await withSchema { location in
            do { _ = try await PostgreSQLStore(location, logger: .silent) }
            let start = Timestamp(Date())
            for sql in waiting(count, now: start).split(separator: ";") where count > 0 {
                try await execute(String(sql), location)
            }
            let store = try await PostgreSQLStore(location, logger: .silent)
            var webhook = Sample.webhook("healthy", events: ["healthy"])
            webhook.targetURL = "https://healthy.example.com/"
            webhook = try await store.add(webhook)
            let limits = ClaimLimits(total: 100, perTarget: 8, perFailingTarget: 1, failing: 0)
            // Until all of them have been looked at.
            try await Task.sleep(for: .seconds(Self.number("WARM_UP", 10)))
            for _ in 0..<5 {
                _ = try await store.claim(limits, owner: Sample.owner, now: Timestamp(Date()), lease: .seconds(60))
            }
            try await Task.sleep(for: .seconds(Self.number("WARM_UP", 10)))
            var waits: [Duration] = []
            for number in 0..<Self.number("EVENTS", 200) {
                let begun = ContinuousClock.now
                try await store.signal(Sample.event("healthy", time: Timestamp(Date())))
                var claimed: [ClaimedDelivery] = []
                while claimed.isEmpty {
                    let now = Timestamp(Date())
                    claimed = try await store.claim(limits, owner: Sample.owner, now: now, lease: .seconds(60))
                        .filter { $0.id.webhook == webhook.id }
                }
                waits.append(begun.duration(to: .now))
                _ = try await store.record(claimed.map { DeliveryResult($0, .delivered) })
                _ = try await store.nextDue(limits)
                if number % 10 == 9 { try await Task.sleep(for: .milliseconds(50)) }
            }
            waits.sort()
            print(
                "\(count) waiting: p50 \(waits[waits.count / 2]), p95 \(waits[waits.count * 95 / 100]), max \(waits.last!)"
            )
        }
    }

    // MARK: Changes of a webhook with a backlog

    @Test("A signal waits little while a webhook with a large backlog changes")
    func changes() async throws {
        let count = Self.number("BACKLOG", 1_000_000)
        try await withSchema { location in
            let store = try await PostgreSQLStore(location, logger: .silent)
            let webhook = try await store.add(Sample.webhook())
            _ = try await store.add(Sample.webhook("other", events: ["other"]))
            let time = Sample.start.ticks
            try await execute(
                """
                INSERT INTO event (created, guid, tenant, name, name_key, body_head, body_tail)
                SELECT \(time), gen_random_uuid(), 'Default', 'e', 'e', '', '' FROM generate_series(1, \(count));
                INSERT INTO delivery (event_id, due, fence, webhook_id, attempts, state, body_suffix)
                SELECT id, \(time), 0, \(webhook.id), 0, 0, '' FROM event
                """,
                location
            )
            try await execute("VACUUM ANALYZE", location)
            let changes: [(String, DeliveryState, () async throws -> Void)] = [
                ("nothing", .pending, { try await Task.sleep(for: .seconds(15)) }),
                ("stop", .parked, { try await store.put(webhook, .stopped) }),
                ("activation", .pending, { try await store.put(webhook, .active) }),
                (
                    "too many errors", .parked,
                    {
                        while true {
                            if let delivery = try await store.take(1).first(where: { $0.id.webhook == webhook.id }) {
                                #expect(try await store.settle(delivery, after: .gone))
                                return
                            }
                        }
                    }
                ),
                ("deletion", .failed, { try await store.delete(id: webhook.id, in: Sample.scope) }),
            ]
            for (name, state, change) in changes {
                let isDone = Mutex(false)
                async let waits = signalling(store, until: { isDone.withLock { $0 } })
                try await Task.sleep(for: .milliseconds(300))
                let begun = ContinuousClock.now
                var returned = Duration.zero
                do {
                    try await change()
                    returned = begun.duration(to: .now)
                } catch { print("\(name) failed: \(error)") }
                while ContinuousClock.now - begun < .seconds(180) {
                    let found = try await store.counts()
                    let reached = [.parked: found.parked, .failed: found.failed, .pending: found.pending][state] ?? 0
                    if reached >= count { break }
                    try await Task.sleep(for: .seconds(1))
                }
                let settled = begun.duration(to: .now)
                try await Task.sleep(for: .milliseconds(300))
                isDone.withLock { $0 = true }
                let all = try await waits.sorted()
                print(
                    "\(name): returned after \(returned), settled after \(settled), \(all.count) events,",
                    "median \(all[all.count / 2]), p99 \(all[all.count * 99 / 100]), longest \(all.last!)"
                )
            }
        }
    }

    private func signalling(
        _ store: PostgreSQLStore,
        until isDone: @Sendable @escaping () -> Bool
    ) async throws -> [Duration] {
        var waits: [Duration] = []
        while !isDone() {
            let begun = ContinuousClock.now
            #expect(try await store.signal(Sample.event("other")) == 1)
            waits.append(begun.duration(to: .now))
            try await Task.sleep(for: .milliseconds(5))
        }
        return waits
    }
}
