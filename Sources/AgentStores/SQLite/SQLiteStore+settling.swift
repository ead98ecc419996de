import AgentCore
import GRDB

extension SQLiteStore {
    /// Has the deliveries of webhooks follow changes that were made at these times.
    func beginSettling(_ webhooks: [Int32: Timestamp]) {
        settling.begin(webhooks) { [commits] webhook, time in
            try await commits.write { database in
                try Self.settle(webhook, at: time, limit: DeliverySettling.rowsPerStep, database)
            }
        }
    }

    /// Brings deliveries of a webhook in line with what it is now, at most `limit`. Returns whether there may be more.
    ///
    /// - Parameter time: When what was parked is due, or since when what belonged to a webhook that was deleted, or is no
    ///   longer delivered, has failed.
    static func settle(_ webhook: Int32, at time: Timestamp, limit: Int, _ database: Database) throws -> Bool {
        let row = try Row.fetchOne(
            database,
            sql: "SELECT state, is_deliverable, type FROM webhook WHERE id = ?",
            arguments: [webhook]
        )
        let (change, from): (SQL, [RowState])
        if let row, row[1] {
            // Whoever holds a delivery keeps its lease.
            (change, from) =
                row[0] == WebhookState.active.rawValue
                ? ("state = 0, due = iif(owner IS NULL, \(time.ticks), due)", [.parked]) : ("state = 2", [.pending])
        } else {
            let reason = row.map { Reason.undeliverable(type: $0[2] ?? "") } ?? Reason.deleted
            (change, from) = ("state = 1, owner = NULL, due = \(time.ticks), reason = \(reason)", RowState.unsent)
        }
        try database.execute(
            literal: """
                UPDATE delivery SET \(change) WHERE webhook_id = \(webhook) AND event_id IN (
                    SELECT event_id FROM delivery
                    WHERE state IN (\(sql: from.sqlList)) AND webhook_id = \(webhook) LIMIT \(limit))
                """
        )
        return database.changesCount == limit
    }

    /// The webhooks with deliveries that have not followed them, with the time to settle them at; `now` for those that
    /// are gone.
    static func unsettled(now: Timestamp, _ database: Database) throws -> [Int32: Timestamp] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                WITH RECURSIVE queue (state, id) AS (
                    SELECT state, (SELECT min(webhook_id) FROM delivery WHERE delivery.state = states.state)
                    FROM (SELECT 0 AS state UNION ALL SELECT 2 UNION ALL SELECT 3) AS states
                    UNION ALL
                    SELECT state, (
                        SELECT min(webhook_id) FROM delivery WHERE delivery.state = queue.state AND webhook_id > queue.id)
                    FROM queue WHERE id IS NOT NULL
                )
                SELECT DISTINCT queue.id, updated FROM queue LEFT JOIN webhook ON webhook.id = queue.id
                WHERE queue.id IS NOT NULL AND (webhook.id IS NULL OR NOT is_deliverable
                    OR queue.state <> 3 AND (webhook.state = 1) <> (queue.state = 0))
                """
        )
        return Dictionary(
            uniqueKeysWithValues: rows.map { ($0[0], ($0[1] as Int64?).map(Timestamp.init(ticks:)) ?? now) }
        )
    }
}
