import Foundation
import GRDB
package import StoreContracts
import StoreSupport
package import WebhookModel

extension SQLiteStore {
    package func webhooks(_ query: WebhookQuery, in scope: WebhookScope) async throws(StoreError) -> [Webhook] {
        try await read { database in
            let rows = try Row.fetchAll(
                database.cachedStatement(
                    sql: """
                        SELECT * FROM webhook
                        WHERE tenant = :tenant AND id > :after AND (:application IS NULL OR application = :application)
                            AND (:name IS NULL OR name = :name) AND (:state IS NULL OR state = :state)
                            AND (:event IS NULL OR EXISTS (
                                SELECT 1 FROM webhook_event
                                WHERE tenant = :tenant AND event_key = :event AND webhook_id = webhook.id))
                        ORDER BY id LIMIT :limit
                        """
                ),
                arguments: [
                    "tenant": scope.tenant, "application": scope.application, "name": query.filter.name,
                    "state": query.filter.state?.rawValue, "event": query.filter.event.map(EventName.key),
                    "after": query.cursor, "limit": query.limit,
                ]
            )
            return try rows.map(WebhookRow.webhook)
        }
    }

    package func insert(
        _ webhook: Webhook,
        bodySuffix: [UInt8],
        in scope: WebhookScope
    ) async throws(StoreError) -> Webhook {
        try await commits.write { database in
            let columns = try WebhookRow.columns(of: webhook, bodySuffix: bodySuffix)
            let owner: [(String, (any DatabaseValueConvertible)?)] = [
                ("tenant", scope.tenant), ("application", scope.application),
                ("registered", webhook.registered.ticks), ("registered_by", try WebhookRow.json(webhook.registeredBy)),
            ]
            let all = owner + columns
            try database.execute(
                sql: """
                    INSERT INTO webhook (\(all.map(\.0).joined(separator: ", ")))
                    VALUES (\(all.map { _ in "?" }.joined(separator: ", ")))
                    """,
                arguments: StatementArguments(all.map(\.1))
            )
            var stored = webhook
            stored.id = Int32(database.lastInsertedRowID)
            try database.execute(literal: "INSERT INTO webhook_usage (webhook_id) VALUES (\(stored.id))")
            try Self.index(stored, tenant: scope.tenant, database)
            return stored
        }
    }

    package func update(_ save: WebhookSave, in scope: WebhookScope) async throws(StoreError) -> WebhookUpdate {
        let webhook = save.webhook
        while true {
            let (updated, isSettled): (WebhookUpdate?, Bool) = try await commits.write { database in
                try Self.update(save, in: scope, database)
            }
            if !isSettled { beginSettling([webhook.id: webhook.updated]) }
            if let updated {
                arrivalSignal.raise()
                return updated
            }
            // What it had when it was stopped is parked before it is Active again, so that all of it is due then.
            while try await commits.write({ database in
                try Self.settle(
                    webhook.id,
                    at: webhook.updated,
                    limit: DeliverySettling.rowsPerStep,
                    database
                )
            }) {}
        }
    }

    /// Returns nil when the webhook cannot become Active yet, because deliveries that it had when it was stopped have
    /// still to be parked; and whether its deliveries have followed its state.
    private static func update(
        _ save: WebhookSave,
        in scope: WebhookScope,
        _ database: Database
    ) throws -> (updated: WebhookUpdate?, isSettled: Bool) {
        guard let stored = try Self.webhook(id: save.webhook.id, in: scope, database)?.held.webhook else {
            return (.absent, true)
        }
        guard save.version == nil || save.version == stored.updated else { return (.changed, true) }
        let replacement = WebhookReplacement(of: stored, by: save.webhook, stateEvent: save.stateEvent)
        if replacement.parksFirst, try settleFirst(stored.id, at: save.webhook.updated, database) { return (nil, true) }
        let webhook = replacement.webhook
        let columns = try WebhookRow.columns(of: webhook, bodySuffix: save.bodySuffix)
        try database.execute(
            sql: "UPDATE webhook SET \(columns.map { $0.0 + " = ?" }.joined(separator: ", ")) WHERE id = ?",
            arguments: StatementArguments(columns.map(\.1) + [webhook.id])
        )
        if replacement.resetsFailures {
            try database.execute(
                literal: """
                    UPDATE webhook_usage SET consecutive_errors = 0, failing_since = NULL, last_failure = NULL,
                        paused_until = 0
                    WHERE webhook_id = \(webhook.id)
                    """
            )
        }
        try database.execute(literal: "DELETE FROM webhook_event WHERE webhook_id = \(webhook.id)")
        try Self.index(webhook, tenant: scope.tenant, database)
        if let change = replacement.stateChange {
            return (.stored(webhook), try carryOut(change, tenant: scope.tenant, database))
        }
        guard replacement.changesDeliveries else { return (.stored(webhook), true) }
        return (.stored(webhook), try !settleFirst(webhook.id, at: webhook.updated, database))
    }

    package func delete(id: Int32, in scope: WebhookScope, at time: Timestamp) async throws(StoreError) -> Bool {
        let (wasThere, isSettled): (Bool, Bool) = try await commits.write { database in
            guard try Self.webhook(id: id, in: scope, database) != nil else { return (false, true) }
            try database.execute(literal: "DELETE FROM webhook WHERE id = \(id)")
            try database.execute(literal: "DELETE FROM webhook_usage WHERE webhook_id = \(id)")
            try database.execute(literal: "DELETE FROM webhook_event WHERE webhook_id = \(id)")
            return (true, try !Self.settleFirst(id, at: time, database))
        }
        if !isSettled { beginSettling([id: time]) }
        return wasThere
    }

    package func lastError(id: Int32, in scope: WebhookScope) async throws(StoreError) -> String? {
        try await read { database in
            try String.fetchOne(
                database,
                sql: """
                    SELECT last_error FROM webhook_usage JOIN webhook ON id = webhook_id
                    WHERE webhook_id = ? AND tenant = ? AND (? IS NULL OR application = ?)
                    """,
                arguments: [id, scope.tenant, scope.application, scope.application]
            )
        }
    }

    package func usages(
        of ids: ClosedRange<Int32>,
        in scope: WebhookScope,
        limit: Int
    ) async throws(StoreError) -> [Int32: WebhookUsage] {
        try await read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT u.* FROM webhook_usage u JOIN webhook ON id = webhook_id
                    WHERE tenant = ? AND id BETWEEN ? AND ? AND (? IS NULL OR application = ?)
                    ORDER BY id LIMIT ?
                    """,
                arguments: [
                    scope.tenant, ids.lowerBound, ids.upperBound, scope.application, scope.application, limit,
                ]
            )
            return Dictionary(
                uniqueKeysWithValues: try rows.map {
                    (try SQLiteRow($0, ["webhook_id"]).int32(0), try WebhookRow.usage($0))
                }
            )
        }
    }

    /// The webhook, and how many bytes its row has; nil when there is none in `scope`.
    static func webhook(
        id: Int32,
        in scope: WebhookScope,
        _ database: Database
    ) throws -> (held: HeldWebhook, bytes: Int)? {
        let statement = try database.cachedStatement(
            sql: "SELECT * FROM webhook WHERE id = ? AND tenant = ? AND (? IS NULL OR application = ?)"
        )
        return try Row.fetchOne(statement, arguments: [id, scope.tenant, scope.application, scope.application]).map {
            row in
            let registered = WebhookScope(tenant: scope.tenant, application: row["application"])
            return (HeldWebhook(try WebhookRow.webhook(row), registeredIn: registered), row.bytes)
        }
    }

    private static func index(_ webhook: Webhook, tenant: String, _ database: Database) throws {
        for key in webhook.eventKeys {
            try database.execute(
                literal:
                    "INSERT INTO webhook_event (tenant, event_key, webhook_id) VALUES (\(tenant), \(key), \(webhook.id))"
            )
        }
    }
}

extension Row {
    /// How many bytes of texts and bytes the row has.
    fileprivate var bytes: Int {
        databaseValues.reduce(0) { sum, value in
            switch value.storage {
            case .string(let text): sum + text.utf8.count
            case .blob(let bytes): sum + bytes.count
            case .null, .int64, .double: sum
            }
        }
    }
}
