package import Foundation
import GRDB
package import StoreContracts
import StoreSupport
package import WebhookModel

extension SQLiteStore {
    package func signal(_ event: Event, completion: @escaping @Sendable (Result<Int, StoreError>) -> Void) {
        commits.write(isSignal: true) {
            try Self.signal(event, $0)
        } completion: { [arrivalSignal] result in
            if case .success(1...) = result { arrivalSignal.raise() }
            completion(result)
        }
    }

    /// Sets every column but the id, which the database gives out.
    private static let eventInsertion = {
        let columns = Array(StoreTable.event.columns.dropFirst(StoreTable.event.keyColumns))
        return "INSERT INTO event (\(columns.sqlList)) VALUES (\(columns.sqlMarks))"
    }()

    private static let deliveryInsertion = """
        INSERT OR IGNORE INTO delivery (\(InsertedColumns.signalledDelivery.sqlList))
        SELECT ?, id, iif(is_deliverable, iif(state = 1, 0, ?), 1), 0, ?, 0, body_suffix, iif(is_deliverable, NULL, ? || type || ?)
        FROM webhook_event JOIN webhook ON id = webhook_id
        WHERE webhook_event.tenant = ? AND event_key IN (?, ?) AND id <> ? AND (state = 1 OR state = ?)
        """

    /// Two statements for any number of listeners: what each adds to the body was made when it was saved.
    static func signal(_ event: Event, _ database: Database) throws -> Int {
        let key = EventName.key(event.name)
        let other = event.otherName.map(EventName.key) ?? key
        let excluded = event.excludedWebhook ?? 0
        // Null where such webhooks do not get it: no state is the same as null.
        let missed = event.missed.rowState?.rawValue
        let failing = missed.map { _ in WebhookState.tooManyErrors.rawValue }
        let listener = try database.cachedStatement(
            sql: """
                SELECT 1 FROM webhook_event JOIN webhook ON id = webhook_id
                WHERE webhook_event.tenant = ? AND event_key IN (?, ?) AND id <> ? AND (state = 1 OR state = ?) LIMIT 1
                """
        )
        // An event that nobody listens to writes nothing, hence costs no commit to disk.
        guard try Int.fetchOne(listener, arguments: [event.tenant, key, other, excluded, failing]) != nil else {
            return 0
        }
        try database.cachedStatement(sql: eventInsertion).execute(
            arguments: [
                event.id.uuidString, event.tenant, event.name, key, Data(event.bodyHead), Data(event.bodyTail),
                event.time.ticks,
            ]
        )
        // A webhook that listens to both names gets the event once.
        try database.cachedStatement(sql: deliveryInsertion).execute(
            arguments: [
                database.lastInsertedRowID, missed, event.time.ticks, UnsentReason.undeliverable.before,
                UnsentReason.undeliverable.after, event.tenant, key, other, excluded, failing,
            ]
        )
        return database.changesCount
    }

    /// The webhooks that have something pending, found by leaping from one to the next in the index: what a webhook has in
    /// its queue costs nothing here.
    static let waiting = """
        WITH RECURSIVE waiting (id) AS (
            SELECT (SELECT min(webhook_id) FROM delivery WHERE state = 0)
            UNION ALL
            SELECT (SELECT min(webhook_id) FROM delivery WHERE state = 0 AND webhook_id > waiting.id)
            FROM waiting WHERE waiting.id IS NOT NULL
        )
        """

    /// The Active webhooks that have something pending, each with its earliest due time, found by leaping from one to the next
    /// in the index: what a webhook has in its queue costs nothing here.
    private static let waitingWebhooks =
        waiting + """
            , queue (id, due, consecutive_errors, target) AS (
                SELECT waiting.id,
                    max(paused_until, (SELECT min(due) FROM delivery WHERE state = 0 AND webhook_id = waiting.id)),
                    consecutive_errors, target
                FROM waiting JOIN webhook_usage ON webhook_id = waiting.id
                JOIN webhook ON webhook.id = waiting.id AND state = 1 AND is_deliverable
            )
            """

    package func claim(_ limits: ClaimLimits, for lease: Lease) async throws(StoreError) -> [ClaimedDelivery] {
        return try await commits.write { database in
            var plan = ClaimPlan(try Self.waiting(dueBy: lease.start, database), limits: limits, now: lease.start)
            let take = try database.cachedStatement(
                sql: "UPDATE delivery SET due = ?, owner = ?, fence = ? WHERE event_id = ? AND webhook_id = ?"
            )
            var claimed: [ClaimedDelivery] = []
            try plan.carryOut { waiting, count in
                let due = try Self.due(of: waiting.id, now: lease.start, limit: count, database)
                for var delivery in due {
                    delivery.isFailing = waiting.isFailing
                    // As it was stored, which the limits are for, also where a later version would name it otherwise.
                    delivery.target = waiting.target
                    try take.execute(
                        arguments: [
                            lease.end.ticks, lease.owner.uuidString, delivery.fence, delivery.id.event,
                            delivery.id.webhook,
                        ]
                    )
                    claimed.append(delivery)
                }
                return due.count
            }
            return claimed
        }
    }

    /// The Active webhooks that have something pending that may be claimed by then.
    private static func waiting(dueBy time: Timestamp, _ database: Database) throws -> [WaitingWebhook] {
        let statement = try database.cachedStatement(
            sql: waitingWebhooks + "SELECT id, due, target, consecutive_errors FROM queue WHERE due <= ?"
        )
        return try Row.fetchAll(statement, arguments: [time.ticks]).map(SQLiteRow.init).map { row in
            WaitingWebhook(
                id: try row.int32(0),
                due: try row.timestamp(1),
                target: try row.text(2),
                consecutiveErrors: try row.count(3)
            )
        }
    }

    private static func due(
        of webhook: Int32,
        now: Timestamp,
        limit: Int,
        _ database: Database
    ) throws -> [ClaimedDelivery] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT d.event_id, d.webhook_id, d.fence, d.attempts, e.guid, e.name,
                    e.body_head, d.body_suffix, e.body_tail, w.target_url, w.headers, w.secret
                FROM delivery d JOIN event e ON e.id = d.event_id JOIN webhook w ON w.id = d.webhook_id
                WHERE d.state = 0 AND d.webhook_id = ? AND d.due <= ?
                ORDER BY d.due, d.event_id LIMIT ?
                """
        )
        return try Row.fetchAll(statement, arguments: [webhook, now.ticks, limit]).map { try claimed(SQLiteRow($0)) }
    }

    private static func claimed(_ row: SQLiteRow) throws -> ClaimedDelivery {
        ClaimedDelivery(
            id: DeliveryID(event: try row.int(0), webhook: try row.int32(1)),
            fence: try row.int(2) + 1,
            attempts: try row.count(3),
            eventID: try row.uuid(4),
            event: try row.text(5),
            body: try row.bytes(6) + row.bytes(7) + row.bytes(8),
            url: try row.optionalText(9) ?? "",
            headers: try row.json(10),
            secret: try row.optionalText(11)
        )
    }

    /// Puts a webhook in a state, with what follows from that for its listeners and its first deliveries. Returns whether
    /// those are all.
    static func carryOut(_ change: WebhookStateChange, tenant: String, _ database: Database) throws -> Bool {
        let id = change.webhook
        try database.execute(literal: "UPDATE webhook SET state = \(change.to.rawValue) WHERE id = \(id)")
        if change.endsPause {
            try database.execute(literal: "UPDATE webhook_usage SET paused_until = 0 WHERE webhook_id = \(id)")
        }
        let isMore = try settleFirst(id, at: change.time, database)
        let event = try change.event(in: tenant) {
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT \(WebhookRow.read.sqlList), total_calls FROM webhook JOIN webhook_usage ON webhook_id = id
                    WHERE id = ?
                    """,
                arguments: [id]
            )
            guard let row else { throw StoreError.corrupt("webhook \(id) has no counters") }
            let calls = try SQLiteRow(row).count(WebhookRow.read.count)
            return StateEvent.Fields(webhook: try WebhookRow.webhook(row), calls: calls)
        }
        if let event { _ = try signal(event, database) }
        return !isMore
    }

    package func release(
        _ deliveries: [DeliveryID],
        owner: UUID,
        now: Timestamp
    ) async throws(StoreError) {
        try await commits.write { database in
            for id in deliveries {
                try database.execute(
                    literal: """
                        UPDATE delivery SET due = \(now.ticks), owner = NULL
                        WHERE event_id = \(id.event) AND webhook_id = \(id.webhook) AND state IN (0, 2)
                            AND owner = \(owner.uuidString)
                        """
                )
            }
        }
        arrivalSignal.raise()
    }

    package func nextDue(_ limits: ClaimLimits) async throws(StoreError) -> Timestamp? {
        try await read { limits.firstDue(of: try Self.waiting(dueBy: Timestamp(ticks: .max), $0)) }
    }
}
