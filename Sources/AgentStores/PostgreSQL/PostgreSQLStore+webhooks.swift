package import AgentCore
import Foundation

extension PostgreSQLStore {
    package func webhook(id: Int32, in scope: WebhookScope) async throws(StoreError) -> Webhook? {
        try await lanes.calls.run(isRepeatable: true) { try Self.webhook(id: id, in: scope, $0) }
    }

    package func webhooks(
        in scope: WebhookScope,
        matching filter: WebhookFilter,
        after id: Int32,
        limit: Int
    ) async throws(StoreError) -> [Webhook] {
        try await lanes.lists.run(isRepeatable: true) { connection in
            try connection.run(
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
                    .int(filter.state.map { Int64($0.rawValue) }), .text(filter.event.map(EventName.key)), .int(id),
                    .int(limit),
                ]
            ).map(PostgreSQLWebhookRow.webhook)
        }
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

    package func update(
        _ webhook: Webhook,
        bodySuffix: [UInt8],
        stateEvent: StateEvent.Seed,
        version: Timestamp?,
        in scope: WebhookScope
    ) async throws(StoreError) -> WebhookUpdate {
        let updated = try await lanes.calls.run { connection -> (update: WebhookUpdate, dues: [Int32: Int64]) in
            try Self.own(webhook.id, connection)
            guard let stored = try Self.webhook(id: webhook.id, in: scope, connection) else { return (.absent, [:]) }
            guard version == nil || version == stored.updated else { return (.changed, [:]) }
            let isActivated = webhook.state == .active
            let newState = webhook.state == .unknown ? stored.state : webhook.state
            var webhook = webhook.replacing(stored)
            try connection.run([
                .init(
                    """
                    UPDATE webhook SET (\(PostgreSQLWebhookRow.saved)) = ROW (\(PostgreSQLWebhookRow.parameters))
                    WHERE id = $15::int8
                    """,
                    PostgreSQLWebhookRow.values(of: webhook, bodySuffix: bodySuffix) + [.int(webhook.id)]
                ),
                .init(
                    """
                    UPDATE webhook_usage SET version = version + 1, consecutive_errors = 0, failing_since = NULL,
                        last_failure = NULL, paused_until = 0
                    WHERE webhook_id = $1::int8 AND $2::bool
                    """,
                    [.int(webhook.id), .bool(isActivated)]
                ),
                .init("DELETE FROM webhook_event WHERE webhook_id = $1::int8", [.int(webhook.id)]),
                Self.index(webhook, tenant: scope.tenant),
            ])
            if !webhook.isDeliverable {
                let reason = AttemptColumns.text(Reason.undeliverable(type: webhook.type ?? ""))
                try connection.run(Self.endDeliveries(of: webhook.id, reason: reason, at: webhook.updated))
            }
            let dues = try Self.setState(
                newState,
                from: stored.state,
                of: webhook.id,
                tenant: scope.tenant,
                seed: stateEvent,
                changedBy: webhook.updatedBy?.associateID ?? 0,
                time: webhook.updated,
                connection
            )
            try connection.run([.commit])
            webhook.state = newState
            return (.stored(webhook), dues)
        }
        // A pause that ended, or room that its new target has, is no new due time.
        due.arrivals.raise()
        due.announce(updated.dues)
        return updated.update
    }

    package func delete(id: Int32, in scope: WebhookScope, at time: Timestamp) async throws(StoreError) -> Bool {
        try await lanes.calls.run { connection in
            try Self.own(id, connection)
            guard try Self.webhook(id: id, in: scope, connection) != nil else { return false }
            try connection.run(
                [
                    .init("DELETE FROM webhook WHERE id = $1::int8", [.int(id)]),
                    .init("DELETE FROM webhook_usage WHERE webhook_id = $1::int8", [.int(id)]),
                    .init("DELETE FROM webhook_event WHERE webhook_id = $1::int8", [.int(id)]),
                ] + Self.endDeliveries(of: id, reason: Reason.deleted, at: time) + [.commit]
            )
            return true
        }
    }

    /// Ends what is not sent of a webhook that cannot get it any more; a statement for each state, since each has an index.
    private static func endDeliveries(
        of id: Int32,
        reason: String,
        at time: Timestamp
    ) -> [PostgreSQLConnection.Call] {
        RowState.unsent.map { state in
            .init(
                """
                UPDATE delivery SET state = 1, owner = NULL, due = $2::int8, reason = $3::text
                WHERE state = \(state.rawValue) AND webhook_id = $1::int8
                """,
                [.int(id), .int(time.ticks), .text(reason)]
            )
        }
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
        let rows = try await lanes.lists.run(isRepeatable: true) { connection in
            try connection.run(
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
            ).map { ($0.int32(0), PostgreSQLWebhookRow.usage($0, from: 1)) }
        }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    /// Begins a transaction in which a webhook may change its state. Stopping one with a million deliveries takes longer
    /// than a statement may otherwise.
    private static func own(_ id: Int32, _ connection: PostgreSQLConnection) throws {
        connection.answerLimit = .seconds(310)
        try connection.run([
            .begin, .init("SET LOCAL statement_timeout = '5min'", isPrepared: false), PostgreSQLLock.ownWebhooks,
            .init(PostgreSQLResults.lockUsage, [.ints([id])]),
        ])
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

    /// Puts a webhook in a state, with what follows from that for its deliveries and its listeners, in a transaction that
    /// holds ``PostgreSQLLock/ownWebhooks`` and its usage row. Returns what has become due.
    static func setState(
        _ new: WebhookState,
        from old: WebhookState,
        of id: Int32,
        tenant: String,
        seed: StateEvent.Seed,
        changedBy associateID: Int32,
        time: Timestamp,
        _ connection: PostgreSQLConnection
    ) throws -> [Int32: Int64] {
        guard new != old else { return [:] }
        var dues: [Int32: Int64] = [:]
        try connection.run(
            "UPDATE webhook SET state = $2::int8 WHERE id = $1::int8",
            [.int(id), .int(new.rawValue)]
        )
        if new == .active {
            let earliest = try connection.run([
                .init(
                    """
                    UPDATE webhook_usage SET version = version + 1, paused_until = 0
                    WHERE webhook_id = $1::int8 AND paused_until > 0
                    """,
                    [.int(id)]
                ),
                .init(
                    """
                    WITH resumed AS (
                        UPDATE delivery SET state = 0, due = CASE WHEN owner IS NULL THEN $2::int8 ELSE due END
                        WHERE state = 2 AND webhook_id = $1::int8 RETURNING due
                    )
                    SELECT min(due) FROM resumed
                    """,
                    [.int(id), .int(time.ticks)]
                ),
            ])[1][0].optionalInt(0)
            if let earliest { dues[id] = earliest }
        } else {
            try connection.run("UPDATE delivery SET state = 2 WHERE state = 0 AND webhook_id = $1::int8", [.int(id)])
        }
        let event = try StateEvent.event(
            webhook: id,
            from: old,
            to: new,
            seed: seed,
            tenant: tenant,
            changedBy: associateID,
            time: time
        ) {
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
            return StateEvent.Fields(webhook: try PostgreSQLWebhookRow.webhook(webhook), calls: Int(usage.int(0)))
        }
        if let event { dues.merge(try PostgreSQLSignals.signal(event, connection), uniquingKeysWith: min) }
        return dues
    }
}
