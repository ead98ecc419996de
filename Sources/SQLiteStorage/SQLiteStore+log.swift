import Foundation
import GRDB
package import StoreContracts
import StoreSupport
package import WebhookModel

extension SQLiteStore {
    package func deliveries(
        matching filter: DeliveryFilter,
        in order: DeliveryOrder,
        after cursor: DeliveryID?,
        limit: Int
    ) async throws(StoreError) -> [DeliveryRecord] {
        let cursor = cursor ?? order.start
        return try await read { database in
            var records: [DeliveryRecord] = []
            if filter.state != .delivered {
                records += try Self.queued(matching: filter, in: order, after: cursor, limit: limit, database)
            }
            if filter.state == nil || filter.state == .delivered {
                records += try Self.delivered(matching: filter, in: order, after: cursor, limit: limit, database)
            }
            records.sort { order.areOrdered($0.id, $1.id) }
            return Array(records.prefix(limit))
        }
    }

    private static func arguments(_ filter: DeliveryFilter, _ cursor: DeliveryID, _ limit: Int) -> StatementArguments {
        [
            "webhook": filter.webhook, "event": filter.event.map(EventName.key), "limit": limit,
            "since": filter.since?.ticks ?? .min, "until": filter.until?.ticks,
            "cursorEvent": cursor.event, "cursorWebhook": cursor.webhook,
        ]
    }

    /// What every list of deliveries is restricted by; `e` is the event.
    private static let eventConditions = """
        (:event IS NULL OR e.name_key = :event) AND e.created >= :since AND (:until IS NULL OR e.created < :until)
        """

    private static func queued(
        matching filter: DeliveryFilter,
        in order: DeliveryOrder = .newestFirst,
        after cursor: DeliveryID,
        inclusive: Bool = false,
        limit: Int,
        _ database: Database
    ) throws -> [DeliveryRecord] {
        let states = [DeliveryRowState.pending, .failed, .parked, .missed].filter {
            [nil, $0.deliveryState].contains(filter.state)
        }
        return try Row.fetchAll(
            database,
            sql: """
                SELECT event_id, webhook_id, e.guid, e.name, e.tenant, e.created, state, attempts, due, reason
                FROM delivery JOIN event e ON e.id = event_id
                WHERE (event_id, webhook_id) \(order.sqlComparison + (inclusive ? "=" : "")) (:cursorEvent, :cursorWebhook)
                    AND state IN (\(states.sqlList)) AND (:webhook IS NULL OR webhook_id = :webhook)
                    AND \(eventConditions)
                ORDER BY event_id \(order.sqlDirection), webhook_id \(order.sqlDirection) LIMIT :limit
                """,
            arguments: arguments(filter, cursor, limit)
        ).map { try DeliveryRecord(SQLiteRow($0)) }
    }

    /// What was delivered last and is not queued again.
    private static func delivered(
        matching filter: DeliveryFilter,
        in order: DeliveryOrder = .newestFirst,
        after cursor: DeliveryID,
        inclusive: Bool = false,
        limit: Int,
        _ database: Database
    ) throws -> [DeliveryRecord] {
        try Row.fetchAll(
            database,
            sql: """
                SELECT a.event_id, a.webhook_id, e.guid, e.name, e.tenant, e.created, NULL, a.retry + 1, NULL, NULL
                FROM attempt a JOIN event e ON e.id = a.event_id
                WHERE (a.event_id, a.webhook_id) \(order.sqlComparison + (inclusive ? "=" : "")) (:cursorEvent, :cursorWebhook)
                    AND a.delivered_suffix IS NOT NULL AND (:webhook IS NULL OR a.webhook_id = :webhook)
                    AND \(eventConditions)
                    AND NOT EXISTS (SELECT 1 FROM delivery d
                        WHERE d.event_id = a.event_id AND d.webhook_id = a.webhook_id)
                    AND NOT EXISTS (SELECT 1 FROM attempt b WHERE b.event_id = a.event_id
                        AND b.webhook_id = a.webhook_id AND b.delivered_suffix IS NOT NULL AND b.id > a.id)
                ORDER BY a.event_id \(order.sqlDirection), a.webhook_id \(order.sqlDirection) LIMIT :limit
                """,
            arguments: arguments(filter, cursor, limit)
        ).map { try DeliveryRecord(SQLiteRow($0)) }
    }

    package func delivery(_ id: DeliveryID) async throws(StoreError) -> DeliveryDetail? {
        try await read { database in
            let filter = DeliveryFilter(webhook: id.webhook)
            let found =
                try Self.queued(matching: filter, after: id, inclusive: true, limit: 1, database)
                + Self.delivered(matching: filter, after: id, inclusive: true, limit: 1, database)
            guard let record = found.first(where: { $0.id == id }) else { return nil }
            let attempts = try Row.fetchAll(
                database,
                sql: "SELECT \(Attempt.columns.sqlList) FROM attempt WHERE event_id = ? AND webhook_id = ? ORDER BY id",
                arguments: [id.event, id.webhook]
            )
            return DeliveryDetail(
                record: record,
                body: try Self.body(of: id, database),
                attempts: try attempts.map { try Attempt(SQLiteRow($0)) }
            )
        }
    }

    private static func body(of id: DeliveryID, _ database: Database) throws -> [UInt8] {
        guard let suffix = try suffix(of: id, database),
            let row = try Row.fetchOne(
                database,
                sql: "SELECT body_head, body_tail FROM event WHERE id = ?",
                arguments: [id.event]
            )
        else { return [] }
        let event = SQLiteRow(row)
        return try event.bytes(0) + Array(suffix) + event.bytes(1)
    }

    private static func suffix(of id: DeliveryID, _ database: Database) throws -> Data? {
        try Data.fetchOne(
            database,
            sql: """
                SELECT body_suffix FROM delivery WHERE event_id = :event AND webhook_id = :webhook
                UNION ALL
                SELECT delivered_suffix FROM attempt
                WHERE event_id = :event AND webhook_id = :webhook AND delivered_suffix IS NOT NULL
                """,
            arguments: ["event": id.event, "webhook": id.webhook]
        )
    }

    package func replay(_ id: DeliveryID, now: Timestamp) async throws(StoreError) -> ReplayOutcome {
        let outcome: ReplayOutcome = try await commits.write { database in
            let suffix = try Self.suffix(of: id, database)
            let row = try Int64.fetchOne(
                database,
                sql: "SELECT state FROM delivery WHERE event_id = ? AND webhook_id = ?",
                arguments: [id.event, id.webhook]
            ).map(DeliveryRowState.init(stored:))
            let outcome = try ReplayOutcome(isKnown: suffix != nil, row: row) {
                try Self.standing(of: id.webhook, database)
            }
            guard let suffix, let state = outcome.rowState else { return outcome }
            // A fence higher than any that its former row had, so that who held that cannot record.
            try database.execute(
                literal: """
                    INSERT INTO delivery (event_id, webhook_id, state, attempts, due, fence, body_suffix, is_replay)
                    VALUES (\(id.event), \(id.webhook), \(state.rawValue), 0, \(now.ticks), \(now.ticks), \(suffix), 1)
                    ON CONFLICT DO UPDATE SET state = excluded.state, attempts = 0, due = excluded.due, owner = NULL,
                        reason = NULL, is_replay = 1
                    """
            )
            return outcome
        }
        if outcome == .queued { arrivalSignal.raise() }
        return outcome
    }

    package func usage(of webhook: Int32) async throws(StoreError) -> WebhookUsage? {
        try await read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM webhook_usage WHERE webhook_id = ?", arguments: [webhook])
                .map(WebhookRow.usage)
        }
    }

    package func allWebhooks(
        after id: Int32,
        limit: Int
    ) async throws(StoreError) -> [(tenant: String, webhook: Webhook)] {
        try await read { database in
            let sql = "SELECT * FROM webhook WHERE id > ? ORDER BY id LIMIT ?"
            return try Row.fetchAll(database, sql: sql, arguments: [id, limit])
                .map { row in (try WebhookRow.tenant(row), try WebhookRow.webhook(row)) }
        }
    }

    package func counts() async throws(StoreError) -> DeliveryCounts {
        try await read { database in
            let rows = try Row.fetchAll(database, sql: "SELECT state, count(*) FROM delivery GROUP BY state")
            let states = try rows.map { (try SQLiteRow($0).count(0), try SQLiteRow($0).count(1)) }
            let counts = Dictionary(uniqueKeysWithValues: states)
            return DeliveryCounts(
                pending: counts[DeliveryRowState.pending.rawValue] ?? 0,
                failed: counts[DeliveryRowState.failed.rawValue] ?? 0,
                parked: counts[DeliveryRowState.parked.rawValue] ?? 0,
                missed: counts[DeliveryRowState.missed.rawValue] ?? 0,
                oldestDue: try Int64.fetchOne(database, sql: "SELECT min(due) FROM delivery WHERE state = 0")
                    .map(Timestamp.init(ticks:))
            )
        }
    }

    package var commitCounts: CommitCounts { commits.counts }

    package func reset() async throws(StoreError) {
        try await commits.write { database in
            for table in ["attempt", "delivery", "event", "webhook_event", "webhook_usage", "webhook"] {
                try database.execute(sql: "DELETE FROM \(table)")
            }
        }
    }
}
