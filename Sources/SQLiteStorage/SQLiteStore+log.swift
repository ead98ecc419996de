import Foundation
import GRDB
package import StoreContracts
import StoreSupport
package import WebhookModel

extension SQLiteStore {
    package func deliveries(_ query: DeliveryQuery) async throws(StoreError) -> [DeliveryRecord] {
        let selection = DeliverySelection(query, parameter: Self.parameter)
        return try await read { query.page(of: try Self.records(selection, $0)) }
    }

    private static func parameter(_ number: Int, _ kind: StoreTable.Kind) -> String { "?\(number)" }

    private static func records(_ selection: DeliverySelection, _ database: Database) throws -> [DeliveryRecord] {
        let arguments = StatementArguments(selection.values.map(\.value.databaseValue))
        return try selection.statements.flatMap { sql in
            try Row.fetchAll(database, sql: sql, arguments: arguments).map { try DeliveryRecord(SQLiteRow($0)) }
        }
    }

    package func delivery(_ id: DeliveryID) async throws(StoreError) -> DeliveryDetail? {
        try await read { database in
            let selection = DeliverySelection(of: id, parameter: Self.parameter)
            guard let record = try Self.records(selection, database).first else { return nil }
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
                sql: """
                    INSERT INTO delivery (\(InsertedColumns.replayedDelivery.sqlList))
                    VALUES (?1, ?2, ?3, 0, ?4, ?4, ?5, 1)
                    ON CONFLICT DO UPDATE SET state = excluded.state, attempts = 0, due = excluded.due, owner = NULL,
                        reason = NULL, is_replay = 1
                    """,
                arguments: [id.event, id.webhook, state.rawValue, now.ticks, suffix]
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
