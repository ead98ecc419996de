import Foundation
import PostgreSQLClient
import PostgreSQLInstallation
import PostgreSQLQueue
package import StoreContracts
import StoreSupport
package import WebhookModel

extension PostgreSQLStore {
    package func webhook(id: Int32, in scope: WebhookScope) async throws(StoreError) -> Webhook? {
        try await lanes.calls.run(isRepeatable: true) { try Self.webhook(id: id, in: scope, $0) }
    }

    package func webhooks(_ query: WebhookQuery, in scope: WebhookScope) async throws(StoreError) -> [Webhook] {
        let filter = query.filter
        return try await lanes.lists.list(
            """
            SELECT \(PostgreSQLWebhookRow.columns) FROM webhook w
            WHERE tenant = $1::text AND ($2::text IS NULL OR application = $2)
                AND ($3::text IS NULL OR name = $3) AND ($4::int8 IS NULL OR state = $4)
                AND ($5::text IS NULL OR EXISTS (
                    SELECT 1 FROM webhook_event WHERE webhook_id = w.id AND event_key = $5))
                AND id > $6::int8
            ORDER BY id LIMIT $7::int8
            """,
            [
                .text(scope.tenant), .text(scope.application), .text(filter.name),
                .int(filter.state.map { Int64($0.rawValue) }), .text(filter.event.map(EventName.key)),
                .int(query.cursor), .int(query.limit),
            ],
            as: PostgreSQLWebhookRow.webhook
        )
    }

    package func insert(
        _ webhook: Webhook,
        bodySuffix: [UInt8],
        in scope: WebhookScope
    ) async throws(StoreError) -> Webhook {
        try await lanes.calls.run { connection in
            let values = try PostgreSQLWebhookRow.values(of: webhook, bodySuffix: bodySuffix)
            let id = try connection.run([
                .begin,
                .init(
                    """
                    INSERT INTO webhook (\(PostgreSQLWebhookRow.saved), tenant, application, registered, registered_by)
                    VALUES (\(PostgreSQLWebhookRow.parameters), $15::text, $16::text, $17::int8, $18::text)
                    RETURNING id
                    """,
                    values + [
                        .text(scope.tenant), .text(scope.application), .int(webhook.registered.ticks),
                        .text(try WebhookRow.json(webhook.registeredBy)),
                    ]
                ),
            ])[1][0].int32(0)
            var stored = webhook
            stored.id = id
            try connection.run([
                .init("INSERT INTO webhook_usage (webhook_id) VALUES ($1::int8)", [.int(id)]),
                Self.index(stored, tenant: scope.tenant), .commit,
            ])
            return stored
        }
    }

    package func update(_ save: WebhookSave, in scope: WebhookScope) async throws(StoreError) -> WebhookUpdate {
        let webhook = save.webhook
        while true {
            let updated = try await lanes.calls.run { try Self.update(save, in: scope, $0) }
            guard let updated else {
                // What it had when it was stopped is parked before it is Active again, so that all of it is due then.
                do {
                    while try await settling.step(webhook.id, at: webhook.updated) {}
                } catch {
                    throw StoreError(postgreSQL: error)
                }
                continue
            }
            // A pause that ended, or room that its new target has, is no new due time.
            due.marks.forget([webhook.id])
            due.announce(updated.dues)
            due.arrivals.raise()
            if updated.isUnsettled { await settling.follow([webhook.id: webhook.updated], on: lanes.calls) }
            return updated.update
        }
    }

    private struct Updated: Sendable {
        let update: WebhookUpdate
        var dues: [Int32: Int64] = [:]
        var isUnsettled = false
    }

    /// Returns nil when the webhook cannot become Active yet, because deliveries that it had when it was stopped have
    /// still to be parked.
    private static func update(
        _ save: WebhookSave,
        in scope: WebhookScope,
        _ connection: PostgreSQLConnection
    ) throws -> Updated? {
        guard let stored = try held(save.webhook.id, in: scope, connection) else { return Updated(update: .absent) }
        guard save.version == nil || save.version == stored.updated else { return Updated(update: .changed) }
        let replacement = WebhookReplacement(of: stored, by: save.webhook, stateEvent: save.stateEvent)
        if replacement.parksFirst {
            let pending = try connection.run(
                "SELECT 1 FROM delivery WHERE state = 0 AND webhook_id = $1::int8 LIMIT 1",
                [.int(stored.id)]
            )
            guard pending.isEmpty else { return nil }
        }
        let webhook = replacement.webhook
        try connection.run([
            .init(
                """
                UPDATE webhook SET (\(PostgreSQLWebhookRow.saved)) = ROW (\(PostgreSQLWebhookRow.parameters))
                WHERE id = $15::int8
                """,
                PostgreSQLWebhookRow.values(of: webhook, bodySuffix: save.bodySuffix) + [.int(webhook.id)]
            ),
            .init(
                """
                UPDATE webhook_usage SET version = version + 1, consecutive_errors = 0, failing_since = NULL,
                    last_failure = NULL, paused_until = 0
                WHERE webhook_id = $1::int8 AND $2::bool
                """,
                [.int(webhook.id), .bool(replacement.resetsFailures)]
            ),
            .init("DELETE FROM webhook_event WHERE webhook_id = $1::int8", [.int(webhook.id)]),
            Self.index(webhook, tenant: scope.tenant),
        ])
        let event = try replacement.stateChange.flatMap {
            try PostgreSQLWebhookStates.carryOut($0, tenant: scope.tenant, connection)
        }
        var updated = Updated(update: .stored(webhook))
        if replacement.changesDeliveries {
            updated.isUnsettled = true
            updated.dues = try PostgreSQLSignals.commit(event.map { [$0] } ?? [], connection)
        } else {
            try connection.run([.commit])
        }
        // Its pending deliveries are looked for from the beginning of the queue.
        if webhook.state == .active, webhook.isDeliverable { updated.dues[webhook.id] = DueWatermarks.ever }
        return updated
    }

    package func delete(id: Int32, in scope: WebhookScope, at time: Timestamp) async throws(StoreError) -> Bool {
        let wasThere = try await lanes.calls.run { connection in
            guard try Self.held(id, in: scope, connection) != nil else { return false }
            try connection.run([
                .init("DELETE FROM webhook WHERE id = $1::int8", [.int(id)]),
                .init("DELETE FROM webhook_usage WHERE webhook_id = $1::int8", [.int(id)]),
                .init("DELETE FROM webhook_event WHERE webhook_id = $1::int8", [.int(id)]),
                PostgreSQLLock.ownWebhooks, .commit,
            ])
            return true
        }
        if wasThere { await settling.follow([id: time], on: lanes.calls) }
        return wasThere
    }

    package func lastError(id: Int32, in scope: WebhookScope) async throws(StoreError) -> String? {
        try await lanes.calls.run(isRepeatable: true) { connection in
            try connection.run(
                """
                SELECT u.last_error FROM webhook w CROSS JOIN LATERAL (
                    SELECT last_error FROM webhook_usage WHERE webhook_id = w.id ORDER BY version DESC LIMIT 1) AS u
                WHERE w.id = $1::int8 AND w.tenant = $2::text AND ($3::text IS NULL OR w.application = $3)
                """,
                [.int(id), .text(scope.tenant), .text(scope.application)]
            ).first?.optionalText(0)
        }
    }

    package func usages(
        of ids: ClosedRange<Int32>,
        in scope: WebhookScope,
        limit: Int
    ) async throws(StoreError) -> [Int32: WebhookUsage] {
        let rows = try await lanes.lists.list(
            """
            SELECT w.id, u.total_calls, u.total_errors, u.consecutive_errors, u.last_error
            FROM webhook w CROSS JOIN LATERAL (
                SELECT * FROM webhook_usage WHERE webhook_id = w.id ORDER BY version DESC LIMIT 1) AS u
            WHERE w.tenant = $1::text AND ($2::text IS NULL OR w.application = $2)
                AND w.id BETWEEN $3::int8 AND $4::int8
            ORDER BY w.id LIMIT $5::int8
            """,
            [
                .text(scope.tenant), .text(scope.application), .int(ids.lowerBound), .int(ids.upperBound),
                .int(limit),
            ]
        ) { (try $0.int32(0), try PostgreSQLWebhookRow.usage($0, from: 1)) }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    /// Begins a transaction that may change a webhook, and holds its usage row so that nobody else changes what the webhook
    /// is. Returns the webhook, nil when there is none in `scope`.
    private static func held(
        _ id: Int32,
        in scope: WebhookScope,
        _ connection: PostgreSQLConnection
    ) throws -> Webhook? {
        try connection.run([.begin, .init(PostgreSQLResults.lockUsage, [.ints([id])])])
        return try webhook(id: id, in: scope, connection)
    }

    private static func webhook(
        id: Int32,
        in scope: WebhookScope,
        _ connection: PostgreSQLConnection
    ) throws -> Webhook? {
        try connection.run(
            """
            SELECT \(PostgreSQLWebhookRow.columns) FROM webhook
            WHERE id = $1::int8 AND tenant = $2::text AND ($3::text IS NULL OR application = $3)
            """,
            [.int(id), .text(scope.tenant), .text(scope.application)]
        ).first.map(PostgreSQLWebhookRow.webhook)
    }

    private static func index(_ webhook: Webhook, tenant: String) -> PostgreSQLConnection.Call {
        .init(
            "INSERT INTO webhook_event (tenant, event_key, webhook_id) SELECT $1::text, k, $3::int8 FROM unnest($2::text[]) k",
            [.text(tenant), .texts(webhook.eventKeys), .int(webhook.id)]
        )
    }
}
