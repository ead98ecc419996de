import GRDB
import StoreContracts
import StoreSupport
import WebhookModel

extension SQLiteStore {
    /// Has the deliveries of webhooks follow changes that were made at these times.
    func beginSettling(_ webhooks: [Int32: Timestamp]) {
        settling.begin(webhooks) { [commits] webhook, time in
            try await commits.write { database in
                try Self.settle(webhook, at: time, limit: DeliverySettling.rowsPerStep, database)
            }
        }
    }

    /// Has deliveries of a webhook follow what it has become (``DeliveryChange``), at most `limit`. Returns whether there
    /// may be more.
    ///
    /// - Parameter time: When what was parked is due, or since when what belonged to a webhook that was deleted, or is no
    ///   longer delivered, has failed.
    static func settle(_ webhook: Int32, at time: Timestamp, limit: Int, _ database: Database) throws -> Bool {
        let change = DeliveryChange(following: try standing(of: webhook, database))
        let assignments: SQL =
            switch change {
            case .park: "state = 2"
            case .resume: "state = 0, due = iif(owner IS NULL, \(time.ticks), due)"
            case .end(let reason): "state = 1, owner = NULL, due = \(time.ticks), reason = \(reason)"
            }
        try database.execute(
            literal: """
                UPDATE delivery SET \(assignments) WHERE webhook_id = \(webhook) AND event_id IN (
                    SELECT event_id FROM delivery
                    WHERE state IN (\(sql: change.states.sqlList)) AND webhook_id = \(webhook) LIMIT \(limit))
                """
        )
        return database.changesCount == limit
    }

    /// The first step, which is made together with the change of the webhook.
    static func settleFirst(_ webhook: Int32, at time: Timestamp, _ database: Database) throws -> Bool {
        try settle(webhook, at: time, limit: DeliverySettling.rowsAtOnce, database)
    }

    /// What a webhook is to its deliveries, nil when it was deleted.
    static func standing(of webhook: Int32, _ database: Database) throws -> WebhookStanding? {
        try Row.fetchOne(
            database,
            sql: "SELECT state, is_deliverable, type FROM webhook WHERE id = ?",
            arguments: [webhook]
        ).map(SQLiteRow.init).map { row in
            let state = try WebhookRow.state(row.int(0), of: webhook)
            return WebhookStanding(state: state, isDeliverable: try row.bool(1), type: try row.optionalText(2))
        }
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
            uniqueKeysWithValues: try rows.map(SQLiteRow.init).map {
                (try $0.int32(0), try $0.optionalTimestamp(1) ?? now)
            }
        )
    }
}
