import GRDB
package import StoreContracts
import StoreSupport
import WebhookModel

extension SQLiteStore {
    package func recall(_ limits: RecallLimits) async throws(StoreError) -> Recalled {
        let latest = limits.latest.ticks
        // Looked for beside the writer, since there is nearly always nothing.
        let (late, paused) = try await read { database in
            let late = try Row.fetchAll(
                database,
                sql: Self.waiting + """
                    SELECT event_id, webhook_id FROM waiting JOIN delivery ON webhook_id = waiting.id
                    WHERE state = 0 AND due > ? LIMIT ?
                    """,
                arguments: [latest, limits.rowsPerStep]
            ).map(SQLiteRow.init).map { DeliveryID(event: try $0.int(0), webhook: try $0.int32(1)) }
            let paused = try Int32.fetchAll(
                database,
                sql: Self.waiting + """
                    SELECT webhook_id FROM waiting JOIN webhook_usage ON webhook_id = waiting.id WHERE paused_until > ?
                    """,
                arguments: [latest]
            )
            return (late, paused)
        }
        guard !late.isEmpty || !paused.isEmpty else { return Recalled() }
        let recalled = try await commits.write { database in
            var recalled = Recalled()
            let bringBack = try database.cachedStatement(
                sql: """
                    UPDATE delivery SET due = iif(owner IS NULL, ?, ?)
                    WHERE event_id = ? AND webhook_id = ? AND state = 0 AND due > ?
                    """
            )
            for id in late {
                try bringBack.execute(
                    arguments: [limits.now.ticks, limits.leaseEnd.ticks, id.event, id.webhook, latest]
                )
                recalled.deliveries += database.changesCount
            }
            let resume = try database.cachedStatement(
                sql: "UPDATE webhook_usage SET paused_until = 0 WHERE webhook_id = ? AND paused_until > ?"
            )
            for webhook in paused {
                try resume.execute(arguments: [webhook, latest])
                recalled.pauses += database.changesCount
            }
            return recalled
        }
        arrivalSignal.raise()
        return recalled
    }
}
