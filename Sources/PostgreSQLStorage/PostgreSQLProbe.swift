import Foundation
import PostgreSQLClient
import PostgreSQLInstallation
import PostgreSQLQueue
import WebhookModel

/// A small job that shows that calls of one kind can be carried out: it writes what such a call writes, and removes it
/// in the same transaction, so that nobody ever sees it.
///
/// Its rows have keys that nothing else has: events and attempts with negative ids, webhook 0, and a tenant without a
/// name. Deliveries are in a state that no index and no list of deliveries knows. An insertion names the columns that need
/// a value, not all that ``StoreTable`` lists.
struct PostgreSQLProbe: Sendable {
    let name: String
    /// Whether it may be without an answer for longer: no call waits for it.
    var isPatient = false
    let body: @Sendable (PostgreSQLConnection) throws -> Void

    /// Returns the probes of each lane, which carries them out one after the other.
    static func all(
        _ lanes: PostgreSQLLanes,
        settings: PostgreSQLWatch.Settings,
        skew: ClockSkewWatch
    ) -> [(lane: PostgreSQLLane, probes: [PostgreSQLProbe])] {
        let begin = begin(settings)
        let now = settings.now
        return [
            (lanes.signals, [.init(name: "signals") { try signal($0, begin, at: now()) }]),
            (lanes.claims, [.init(name: "claims") { try claim($0, begin, at: now()) }]),
            (lanes.results, [.init(name: "results") { try record($0, begin, at: now()) }]),
            (lanes.calls, [.init(name: "calls") { try call($0, begin, at: now()) }]),
            // Beside the calls: it takes many round trips.
            (
                lanes.calls,
                [
                    .init(name: "schema", isPatient: true) { connection in
                        try PostgreSQLSetUp(connection).checkTables(connection)
                        try PostgreSQLMigration.check(connection)
                    },
                    .init(name: "clock", isPatient: true) { try skew.measure($0) },
                ]
            ),
            (lanes.lists, [.init(name: "lists", isPatient: true) { try list($0) }]),
        ]
    }

    private typealias Call = PostgreSQLConnection.Call

    private static let nobody: Int32 = 0
    /// A state that no ``DeliveryRowState`` has.
    private static let deliveryState = -1

    private static func begin(_ settings: PostgreSQLWatch.Settings) -> [Call] {
        let milliseconds = Int(settings.patience / .milliseconds(1))
        return [.begin, .init("SET LOCAL lock_timeout = '\(milliseconds)ms'", isPrepared: false)]
    }

    /// Negative, and of this one job: two processes that used the same would wait for each other.
    private static func randomID() -> Int64 { .random(in: Int64.min ..< -1) }

    /// Takes no event in, and then makes what one would that somebody listens to.
    private static func signal(_ connection: PostgreSQLConnection, _ begin: [Call], at now: Timestamp) throws {
        let id = PostgreSQLValue.int(randomID())
        try connection.run(
            begin + [
                PostgreSQLLock.shareWebhooks, PostgreSQLSignals.call([]),
                .init(
                    """
                    INSERT INTO event (id, created, guid, tenant, name, name_key, body_head, body_tail)
                    VALUES ($1::int8, $2::int8, $3::uuid, '', '', '', '', '')
                    """,
                    [id, .int(now.ticks), .uuid(UUID())]
                ),
            ] + delivery(id, now) + [.init("DELETE FROM event WHERE id = $1::int8", [id])] + room + [.commit]
        )
    }

    private static func delivery(_ id: PostgreSQLValue, _ now: Timestamp, updating: [Call] = []) -> [Call] {
        let insertion = Call(
            """
            INSERT INTO delivery (event_id, webhook_id, state, attempts, due, fence, body_suffix)
            VALUES ($1::int8, \(nobody), \(deliveryState), 0, $2::int8, 0, '')
            """,
            [id, .int(now.ticks)]
        )
        let deletion = Call("DELETE FROM delivery WHERE event_id = $1::int8 AND webhook_id = \(nobody)", [id])
        return [insertion] + updating + [deletion]
    }

    /// A quarter of a megabyte on the database's disk, for as long as the statement takes. What stands above finds room
    /// in pages that are there, also on a disk that is full: a sort that does not fit into memory needs new ones.
    private static let room: [Call] = [
        .init("SET LOCAL work_mem = '64kB'", isPrepared: false),
        .init("SET LOCAL temp_tablespaces = ''", isPrepared: false),
        .init(
            """
            SELECT count(*) FROM (
                SELECT repeat('x', 250) || i FROM generate_series(1, 1000) AS s (i) ORDER BY md5(i::text) OFFSET 0) AS x
            """
        ),
    ]

    /// Claims a delivery of nobody's, between what a claim reads.
    private static func claim(_ connection: PostgreSQLConnection, _ begin: [Call], at now: Timestamp) throws {
        let id = PostgreSQLValue.int(randomID())
        let taking = Call(
            """
            WITH picked AS MATERIALIZED (
                SELECT event_id, webhook_id FROM delivery WHERE event_id = $1::int8 AND webhook_id = \(nobody)
                FOR UPDATE SKIP LOCKED
            ), taken AS (
                UPDATE delivery d SET due = $2::int8, owner = $3::uuid, fence = d.fence + 1 FROM picked p
                WHERE d.event_id = p.event_id AND d.webhook_id = p.webhook_id RETURNING d.event_id, d.webhook_id
            )
            SELECT e.guid, w.target_url, u.paused_until FROM taken t JOIN event e ON e.id = t.event_id
            JOIN webhook w ON w.id = t.webhook_id JOIN webhook_usage u ON u.webhook_id = t.webhook_id
            """,
            [id, .int(now.ticks), .uuid(UUID())]
        )
        try connection.run(begin + delivery(id, now, updating: [taking]) + [.commit])
    }

    /// Logs an attempt.
    private static func record(_ connection: PostgreSQLConnection, _ begin: [Call], at now: Timestamp) throws {
        let (id, started) = (PostgreSQLValue.int(randomID()), PostgreSQLValue.int(now.ticks))
        try connection.run(
            begin + [
                .init(PostgreSQLResults.lockUsage, [.ints([nobody])]),
                .init(
                    """
                    UPDATE webhook_usage SET version = version + 1, total_calls = total_calls + 1
                    WHERE webhook_id = \(nobody)
                    """
                ),
                .init("DELETE FROM delivery WHERE event_id = $1::int8 AND webhook_id = \(nobody)", [id]),
                .init(
                    """
                    INSERT INTO attempt (id, event_id, webhook_id, started, duration, retry, url, summary, answer)
                    VALUES ($1::int8, $1::int8, \(nobody), $2::int8, 0, 0, '', '', '')
                    """,
                    [id, started]
                ), .init("DELETE FROM attempt WHERE id = $1::int8 AND started = $2::int8", [id, started]), .commit,
            ]
        )
    }

    /// Logs somebody in and out, reads a webhook, and changes one that is not there.
    private static func call(_ connection: PostgreSQLConnection, _ begin: [Call], at now: Timestamp) throws {
        let digest = PostgreSQLValue.bytes((0..<32).map { _ in UInt8.random(in: .min ... .max) })
        try connection.run(
            begin + [
                .init(
                    """
                    INSERT INTO session (tenant, user_key, digest, user_name, created, used)
                    VALUES ('', '', $1::bytea, '', $2::int8, $2::int8)
                    """,
                    [digest, .int(now.ticks)]
                ), .init("DELETE FROM session WHERE digest = $1::bytea", [digest]),
                .init(
                    """
                    SELECT \(PostgreSQLWebhookRow.columns) FROM webhook w CROSS JOIN LATERAL (
                        SELECT last_error FROM webhook_usage WHERE webhook_id = w.id ORDER BY version DESC LIMIT 1) AS u
                    WHERE id = \(nobody)
                    """
                ), .init("UPDATE webhook SET state = state WHERE id = \(nobody)"),
                .init("UPDATE webhook_usage SET version = version + 1 WHERE webhook_id = \(nobody)"),
                .init("DELETE FROM webhook_event WHERE webhook_id = \(nobody)"), .commit,
            ]
        )
    }

    /// Reads of everything that is listed.
    private static func list(_ connection: PostgreSQLConnection) throws {
        try connection.run([
            .init("SELECT \(PostgreSQLWebhookRow.columns) FROM webhook WHERE id = \(nobody)"),
            .init("SELECT digest FROM session WHERE digest = ''"),
            .init(
                """
                SELECT d.due, a.id FROM event e LEFT JOIN delivery d ON d.event_id = e.id
                LEFT JOIN attempt a ON a.event_id = e.id WHERE e.id = \(nobody)
                """
            ),
        ])
    }
}
