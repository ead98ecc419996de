package import PostgreSQLClient
package import StoreContracts
import StoreSupport
import WebhookModel

/// What a webhook is to its deliveries, and changes of that.
package enum PostgreSQLWebhookStates {
    /// Puts a webhook in a state, in a transaction that holds its usage row. Returns the event that tells of it, which the
    /// transaction ends with (``PostgreSQLSignals/commit(_:_:)``); its deliveries follow (``PostgreSQLSettling``).
    package static func carryOut(
        _ change: WebhookStateChange,
        tenant: String,
        _ connection: PostgreSQLConnection
    ) throws -> Event? {
        let id = change.webhook
        try connection.run([
            .init("UPDATE webhook SET state = $2::int8 WHERE id = $1::int8", [.int(id), .int(change.to.rawValue)]),
            .init(
                """
                UPDATE webhook_usage SET version = version + 1, paused_until = 0
                WHERE webhook_id = $1::int8 AND paused_until > 0 AND $2::bool
                """,
                [.int(id), .bool(change.endsPause)]
            ),
        ])
        return try change.event(in: tenant) {
            let rows = try connection.run([
                .init("SELECT \(PostgreSQLWebhookRow.columns) FROM webhook WHERE id = $1::int8", [.int(id)]),
                .init(
                    "SELECT total_calls FROM webhook_usage WHERE webhook_id = $1::int8 ORDER BY version DESC LIMIT 1",
                    [.int(id)]
                ),
            ])
            guard let webhook = rows[0].first, let usage = rows[1].first else {
                throw StoreError.corrupt("webhook \(id) has no counters")
            }
            return StateEvent.Fields(webhook: try PostgreSQLWebhookRow.webhook(webhook), calls: try usage.count(0))
        }
    }

    /// Reads what a webhook is to its deliveries.
    package static func standing(of webhook: Int32) -> PostgreSQLConnection.Call {
        .init("SELECT id, state, is_deliverable, type FROM webhook WHERE id = $1::int8", [.int(webhook)])
    }

    package static func standing(_ row: PostgreSQLRow) throws -> WebhookStanding {
        let state = try WebhookRow.state(row.int(1), of: row.int32(0))
        return WebhookStanding(state: state, isDeliverable: try row.bool(2), type: row.optionalText(3))
    }
}
