import AgentCore

/// How a webhook stands in a row: as in SQLite (``WebhookRow``).
enum PostgreSQLWebhookRow {
    /// The columns that every save sets.
    static let saved = """
        name, events, target_url, target, secret, state, type, is_deliverable, headers, properties, body_suffix, updated, \
        updated_by, extras
        """

    /// Their parameters, from 1 to 14.
    static let parameters = """
        $1::text, $2::text, $3::text, $4::text, $5::text, $6::int8, $7::text, $8::bool, $9::text, $10::text, $11::bytea, \
        $12::int8, $13::text, $14::text
        """

    static func values(of webhook: Webhook, bodySuffix: [UInt8]) throws -> [PostgreSQLValue] {
        [
            .text(webhook.name), .text(try WebhookRow.json(webhook.events)), .text(webhook.targetURL),
            .text(Webhook.target(of: webhook.targetURL ?? "")), .text(webhook.secret), .int(webhook.state.rawValue),
            .text(webhook.type), .bool(webhook.isDeliverable), .text(try WebhookRow.json(webhook.headers)),
            .text(try WebhookRow.json(webhook.properties)), .bytes(bodySuffix), .int(webhook.updated.ticks),
            .text(try WebhookRow.json(webhook.updatedBy)), .text(try WebhookRow.json(webhook.extras)),
        ]
    }

    /// What ``webhook(_:)`` reads.
    static let columns = """
        id, name, events, target_url, secret, state, type, headers, properties, registered, registered_by, updated, \
        updated_by, extras, tenant
        """

    static func webhook(_ row: PostgreSQLRow) throws -> Webhook {
        var webhook = Webhook()
        webhook.id = row.int32(0)
        webhook.name = row.optionalText(1)
        webhook.events = try row.json(2)
        webhook.targetURL = row.optionalText(3)
        webhook.secret = row.optionalText(4)
        webhook.state = try WebhookRow.state(Int16(truncatingIfNeeded: row.int(5)), of: webhook.id)
        webhook.type = row.optionalText(6)
        webhook.headers = try row.json(7)
        webhook.properties = try row.json(8)
        webhook.registered = row.timestamp(9)
        webhook.registeredBy = try row.json(10)
        webhook.updated = row.timestamp(11)
        webhook.updatedBy = try row.json(12)
        webhook.extras = try row.json(13) ?? WebhookExtras()
        return webhook
    }

    static func tenant(_ row: PostgreSQLRow) -> String { row.text(14) }

    /// Reads `total_calls, total_errors, consecutive_errors, last_error`, which begin at a column.
    static func usage(_ row: PostgreSQLRow, from column: Int) -> WebhookUsage {
        WebhookUsage(
            totalCalls: Int(row.int(column)),
            totalErrors: Int(row.int(column + 1)),
            consecutiveErrors: Int(row.int(column + 2)),
            lastError: row.optionalText(column + 3)
        )
    }

    /// Reads what ``WebhookRow/counters`` names, which begins at a column.
    static func counters(_ row: PostgreSQLRow, from column: Int) -> WebhookCounters {
        WebhookCounters(
            totalCalls: Int(row.int(column)),
            totalErrors: Int(row.int(column + 1)),
            lastError: row.optionalText(column + 3),
            failures: FailureRow(
                count: Int(row.int(column + 2)),
                began: row.optionalInt(column + 4).map(Timestamp.init(ticks:)),
                latest: row.optionalInt(column + 5).map(Timestamp.init(ticks:))
            )
        )
    }
}
