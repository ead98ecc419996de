package import AgentCore
package import Foundation
import GRDB

extension SQLiteStore {
    package func signal(_ event: Event) async throws(StoreError) -> Int {
        let count = try await commits.write { try Self.signal(event, $0) }
        if count > 0 { arrivalSignal.raise() }
        return count
    }

    /// Two statements for any number of listeners: what each adds to the body was made when it was saved.
    private static func signal(_ event: Event, _ database: Database) throws -> Int {
        let key = EventName.key(event.name)
        let listener = try database.cachedStatement(
            sql: "SELECT 1 FROM webhook_event WHERE tenant = ? AND event_key = ? LIMIT 1"
        )
        // An event that nobody listens to writes nothing, hence costs no commit to disk.
        guard try Int.fetchOne(listener, arguments: [event.tenant, key]) != nil else { return 0 }
        try database.cachedStatement(
            sql: "INSERT INTO event (guid, tenant, name, body_head, body_tail, created) VALUES (?, ?, ?, ?, ?, ?)"
        ).execute(
            arguments: [
                event.id.uuidString, event.tenant, event.name, Data(event.bodyHead), Data(event.bodyTail),
                event.time.ticks,
            ]
        )
        try database.cachedStatement(
            sql: """
                INSERT INTO delivery (event_id, webhook_id, state, attempts, due, fence, body_suffix, reason)
                SELECT ?, id, iif(is_deliverable, 0, 1), 0, ?, 0, body_suffix,
                    iif(is_deliverable, NULL, ? || type || ?)
                FROM webhook_event JOIN webhook ON id = webhook_id
                WHERE webhook_event.tenant = ? AND event_key = ? AND state = 1
                """
        ).execute(
            arguments: [
                database.lastInsertedRowID, event.time.ticks, Reason.undeliverable.before, Reason.undeliverable.after,
                event.tenant, key,
            ]
        )
        return database.changesCount
    }

    package func claim(
        limit: Int,
        owner: UUID,
        now: Timestamp,
        lease: Duration
    ) async throws(StoreError) -> [ClaimedDelivery] {
        let end = now.advanced(by: lease).ticks
        return try await commits.write { database in
            let due = try database.cachedStatement(
                sql: """
                    SELECT d.event_id, d.webhook_id, d.fence, d.attempts, e.guid, e.name,
                        e.body_head, d.body_suffix, e.body_tail, w.target_url, w.headers, w.secret
                    FROM delivery d JOIN event e ON e.id = d.event_id JOIN webhook w ON w.id = d.webhook_id
                    WHERE d.state = 0 AND d.due <= ?
                    ORDER BY d.due, d.event_id, d.webhook_id
                    LIMIT ?
                    """
            )
            let claimed = try Row.fetchAll(due, arguments: [now.ticks, limit]).map(Self.claimed)
            let take = try database.cachedStatement(
                sql: "UPDATE delivery SET due = ?, owner = ?, fence = ? WHERE event_id = ? AND webhook_id = ?"
            )
            for delivery in claimed {
                try take.execute(
                    arguments: [end, owner.uuidString, delivery.fence, delivery.id.event, delivery.id.webhook]
                )
            }
            return claimed
        }
    }

    private static func claimed(_ row: Row) throws -> ClaimedDelivery {
        guard let eventID = UUID(uuidString: row[4]) else { throw StoreError.corrupt("an event's id is no GUID") }
        let parts: [Data] = [row[6], row[7], row[8]]
        return ClaimedDelivery(
            id: DeliveryID(event: row[0], webhook: row[1]),
            fence: row[2] + 1,
            attempts: row[3],
            eventID: eventID,
            event: row[5],
            body: parts.flatMap { $0 },
            url: row[9] ?? "",
            headers: try WebhookRow.value(row[10]),
            secret: row[11]
        )
    }

    package func record(_ results: [DeliveryResult]) async throws(StoreError) -> [Bool] {
        try await commits.write { database in try results.map { try Self.record($0, database) } }
    }

    private static func record(_ result: DeliveryResult, _ database: Database) throws -> Bool {
        let holds = "WHERE event_id = ? AND webhook_id = ? AND fence = ? AND state = 0 AND owner IS NOT NULL"
        let lease: [any DatabaseValueConvertible] = [result.id.event, result.id.webhook, result.fence]
        var error: String?
        switch result.disposition {
        case .delivered:
            try database.cachedStatement(sql: "DELETE FROM delivery \(holds)").execute(arguments: .init(lease))
        case .retry(let time, let text):
            error = text
            try database.cachedStatement(
                sql: "UPDATE delivery SET attempts = attempts + 1, owner = NULL, due = ? \(holds)"
            ).execute(arguments: .init([time.ticks] + lease))
        case .failed(let text):
            error = text
            try database.cachedStatement(
                sql: "UPDATE delivery SET attempts = attempts + 1, owner = NULL, state = 1, reason = ? \(holds)"
            ).execute(arguments: .init([text] + lease))
        }
        guard database.changesCount == 1 else { return false }
        if let error {
            try database.cachedStatement(
                sql: """
                    UPDATE webhook_usage SET total_calls = total_calls + 1, total_errors = total_errors + 1,
                        consecutive_errors = consecutive_errors + 1, last_error = ? WHERE webhook_id = ?
                    """
            ).execute(arguments: [error, result.id.webhook])
        } else {
            try database.cachedStatement(
                sql: """
                    UPDATE webhook_usage SET total_calls = total_calls + 1, consecutive_errors = 0 WHERE webhook_id = ?
                    """
            ).execute(arguments: [result.id.webhook])
        }
        return true
    }

    package func release(owner: UUID, now: Timestamp) async throws(StoreError) {
        try await commits.write { database in
            try database.execute(
                literal: """
                    UPDATE delivery SET due = \(now.ticks), owner = NULL
                    WHERE state = 0 AND owner = \(owner.uuidString)
                    """
            )
        }
        arrivalSignal.raise()
    }

    package func nextDue() async throws(StoreError) -> Timestamp? {
        try await read { database in
            try Int64.fetchOne(
                database.cachedStatement(sql: "SELECT due FROM delivery WHERE state = 0 ORDER BY due LIMIT 1")
            ).map(Timestamp.init(ticks:))
        }
    }

    package func pruneEvents(before cutoff: Timestamp, limit: Int) async throws(StoreError) -> Int {
        try await commits.write { database in
            try database.execute(
                literal: """
                    DELETE FROM event WHERE id IN (
                        SELECT id FROM event WHERE created < \(cutoff.ticks)
                            AND NOT EXISTS (SELECT 1 FROM delivery WHERE event_id = event.id)
                        LIMIT \(limit))
                    """
            )
            return database.changesCount
        }
    }

    package func counts() async throws(StoreError) -> DeliveryCounts {
        try await read { database in
            let row = try Row.fetchOne(
                database,
                sql: "SELECT count(*) FILTER (WHERE state = 0), count(*) FILTER (WHERE state = 1) FROM delivery"
            )
            return DeliveryCounts(pending: row?[0] ?? 0, failed: row?[1] ?? 0)
        }
    }
}
