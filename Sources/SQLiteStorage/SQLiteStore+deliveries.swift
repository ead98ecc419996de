package import Foundation
import GRDB
package import StoreContracts
import StoreSupport
package import WebhookModel

extension SQLiteStore {
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
            let take = try BoundStatement(Self.taking, database)
            let owner = lease.owner.uuidString
            var claimed: [ClaimedDelivery] = []
            try plan.carryOut { waiting, count in
                let due = try Self.due(of: waiting, now: lease.start, limit: count, database)
                for var delivery in due {
                    delivery.isFailing = waiting.isFailing
                    take.bind(lease.end.ticks, at: 1)
                    take.bind(owner, at: 2)
                    take.bind(delivery.fence, at: 3)
                    take.bind(delivery.id.event, at: 4)
                    take.bind(Int64(delivery.id.webhook), at: 5)
                    try take.run()
                    claimed.append(delivery)
                }
                return due.count
            }
            return claimed
        }
    }

    /// The Active webhooks that have something pending that may be claimed by then.
    private static func waiting(dueBy time: Timestamp, _ database: Database) throws -> [WaitingWebhook] {
        let statement = try BoundStatement(waitingSelection, database)
        statement.bind(time.ticks, at: 1)
        return try statement.rows { row in
            WaitingWebhook(
                id: try row.int32(0),
                due: try row.timestamp(1),
                target: try row.text(2),
                consecutiveErrors: try row.count(3)
            )
        }
    }

    private static let waitingSelection =
        waitingWebhooks + "SELECT id, due, target, consecutive_errors FROM queue WHERE due <= ?"

    private static let taking =
        "UPDATE delivery SET due = ?, owner = ?, fence = ? WHERE event_id = ? AND webhook_id = ?"

    private static let targetSelection = "SELECT target_url, headers, secret FROM webhook WHERE id = ?"

    private static let dueSelection = """
        SELECT d.event_id, d.fence, d.attempts, e.guid, e.name, e.body_head, d.body_suffix, e.body_tail
        FROM delivery d JOIN event e ON e.id = d.event_id
        WHERE d.state = 0 AND d.webhook_id = ? AND d.due <= ?
        ORDER BY d.due, d.event_id LIMIT ?
        """

    private static func due(
        of waiting: WaitingWebhook,
        now: Timestamp,
        limit: Int,
        _ database: Database
    ) throws -> [ClaimedDelivery] {
        let selection = try BoundStatement(targetSelection, database)
        selection.bind(Int64(waiting.id), at: 1)
        let targets = try selection.rows { row in
            let headers: StringDictionary? = try row.json(1)
            return (url: try row.optionalText(0) ?? "", headers: headers, secret: try row.optionalText(2))
        }
        guard let target = targets.first else { return [] }
        let deliveries = try BoundStatement(dueSelection, database)
        deliveries.bind(Int64(waiting.id), at: 1)
        deliveries.bind(now.ticks, at: 2)
        deliveries.bind(Int64(limit), at: 3)
        return try deliveries.rows { row in
            ClaimedDelivery(
                id: DeliveryID(event: try row.int(0), webhook: waiting.id),
                fence: try row.int(1) + 1,
                attempts: try row.count(2),
                eventID: try row.uuid(3),
                event: try row.text(4),
                body: try row.bytes(of: 5...7),
                url: target.url,
                // As it was stored, which the limits are for, also where a later version would name it otherwise.
                target: waiting.target,
                headers: target.headers,
                secret: target.secret
            )
        }
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
        if let event { _ = try signalToAll(event, database) }
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
