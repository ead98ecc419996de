package import AgentCore
package import Foundation
import GRDB

extension SQLiteStore {
    package func signal(_ event: Event) async throws(StoreError) -> Int {
        let count = try await commits.write(isSignal: true) { try Self.signal(event, $0) }
        if count > 0 { arrivalSignal.raise() }
        return count
    }

    /// Two statements for any number of listeners: what each adds to the body was made when it was saved.
    static func signal(_ event: Event, _ database: Database) throws -> Int {
        let key = EventName.key(event.name)
        let other = event.otherName.map(EventName.key) ?? key
        let excluded = event.excludedWebhook ?? 0
        let listener = try database.cachedStatement(
            sql: """
                SELECT 1 FROM webhook_event JOIN webhook ON id = webhook_id
                WHERE webhook_event.tenant = ? AND event_key IN (?, ?) AND id <> ? AND state = 1 LIMIT 1
                """
        )
        // An event that nobody listens to writes nothing, hence costs no commit to disk.
        guard try Int.fetchOne(listener, arguments: [event.tenant, key, other, excluded]) != nil else { return 0 }
        try database.cachedStatement(
            sql: """
                INSERT INTO event (guid, tenant, name, name_key, body_head, body_tail, created)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                event.id.uuidString, event.tenant, event.name, key, Data(event.bodyHead), Data(event.bodyTail),
                event.time.ticks,
            ]
        )
        // A webhook that listens to both names gets the event once.
        try database.cachedStatement(
            sql: """
                INSERT OR IGNORE INTO delivery (event_id, webhook_id, state, attempts, due, fence, body_suffix, reason)
                SELECT ?, id, iif(is_deliverable, 0, 1), 0, ?, 0, body_suffix, iif(is_deliverable, NULL, ? || type || ?)
                FROM webhook_event JOIN webhook ON id = webhook_id
                WHERE webhook_event.tenant = ? AND event_key IN (?, ?) AND id <> ? AND state = 1
                """
        ).execute(
            arguments: [
                database.lastInsertedRowID, event.time.ticks, Reason.undeliverable.before, Reason.undeliverable.after,
                event.tenant, key, other, excluded,
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
                JOIN webhook ON webhook.id = waiting.id AND state = 1
            )
            """

    package func claim(
        _ limits: ClaimLimits,
        owner: UUID,
        now: Timestamp,
        lease: Duration
    ) async throws(StoreError) -> [ClaimedDelivery] {
        let end = now.advanced(by: lease).ticks
        return try await commits.write { database in
            let waiting = try Row.fetchAll(
                database.cachedStatement(
                    sql: Self.waitingWebhooks
                        + "SELECT id, consecutive_errors, target FROM queue WHERE due <= ? ORDER BY due"
                ),
                arguments: [now.ticks]
            )
            let share = max(1, limits.total / max(1, waiting.count))
            let take = try database.cachedStatement(
                sql: "UPDATE delivery SET due = ?, owner = ?, fence = ? WHERE event_id = ? AND webhook_id = ?"
            )
            var claimed: [ClaimedDelivery] = []
            var left = limits
            for row in waiting {
                let room = left.room(target: row[2], consecutiveErrors: row[1])
                let count = min(share, room, left.total)
                guard count > 0 else { continue }
                let due = try Self.due(of: row[0], now: now, limit: count, database)
                left.take(due.count, target: row[2], consecutiveErrors: row[1])
                for var delivery in due {
                    delivery.isFailing = row[1] > 0
                    try take.execute(
                        arguments: [end, owner.uuidString, delivery.fence, delivery.id.event, delivery.id.webhook]
                    )
                    claimed.append(delivery)
                }
            }
            return claimed
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
        return try Row.fetchAll(statement, arguments: [webhook, now.ticks, limit]).map(claimed)
    }

    private static func claimed(_ row: Row) throws -> ClaimedDelivery {
        ClaimedDelivery(
            id: DeliveryID(event: row[0], webhook: row[1]),
            fence: row[2] + 1,
            attempts: row[3],
            eventID: try WebhookRow.guid(row[4]),
            event: row[5],
            body: WebhookRow.bytes(row, 6) + WebhookRow.bytes(row, 7) + WebhookRow.bytes(row, 8),
            url: row[9] ?? "",
            headers: try WebhookRow.value(row[10]),
            secret: row[11]
        )
    }

    package func record(_ results: [DeliveryResult]) async throws(StoreError) -> [Bool] {
        let (counted, unsettled): ([Bool], [Int32: Timestamp]) = try await commits.write { database in
            var unsettled: [Int32: Timestamp] = [:]
            return (try results.map { try Self.record($0, &unsettled, database) }, unsettled)
        }
        settling.begin(unsettled)
        return counted
    }

    /// - Parameter unsettled: Gets the webhook when the result changes its state and its deliveries have still to follow.
    private static func record(
        _ result: DeliveryResult,
        _ unsettled: inout [Int32: Timestamp],
        _ database: Database
    ) throws -> Bool {
        let held = try database.cachedStatement(
            sql: """
                SELECT d.attempts, d.is_replay, w.state, u.consecutive_errors, w.tenant, d.body_suffix, u.paused_until
                FROM delivery d JOIN webhook w ON w.id = d.webhook_id JOIN webhook_usage u ON u.webhook_id = w.id
                WHERE d.event_id = ? AND d.webhook_id = ? AND d.fence = ? AND d.state <> 1 AND d.owner IS NOT NULL
                """
        )
        guard let row = try Row.fetchOne(held, arguments: [result.id.event, result.id.webhook, result.fence]) else {
            return false
        }
        let snapshot = DeliverySnapshot(
            attempts: row[0],
            isReplay: row[1],
            webhookState: try WebhookRow.state(row[2], of: result.id.webhook),
            consecutiveErrors: row[3]
        )
        let decision = result.decide(snapshot)
        let ended = result.attempt.started.advanced(by: result.attempt.duration)
        try carryOut(decision, on: result.id, snapshot, ended: ended, database)
        try log(result, deliveredSuffix: decision.fate == .delivered ? row[5] : nil, database)
        guard decision.isCounted else { return true }
        if !snapshot.isReplay {
            try count(decision, for: result.id.webhook, database)
            if let pause = decision.pauseUntil ?? (decision.error == nil && row[6] > 0 ? Timestamp(ticks: 0) : nil) {
                try setPause(pause, ofTargetOf: result.id.webhook, database)
            }
        }
        if let state = decision.webhookState {
            let isSettled = try setState(
                state,
                from: snapshot.webhookState,
                of: result.id.webhook,
                tenant: row[4],
                seed: result.stateEvent,
                changedBy: 0,
                time: ended,
                database
            )
            if !isSettled { unsettled[result.id.webhook] = ended }
        }
        return true
    }

    private static func carryOut(
        _ decision: DeliveryDecision,
        on id: DeliveryID,
        _ snapshot: DeliverySnapshot,
        ended: Timestamp,
        _ database: Database
    ) throws {
        let attempts = snapshot.attempts + 1
        let change: (state: RowState, attempts: Int, due: Int64?)
        switch decision.fate {
        case .delivered:
            return try database.cachedStatement(sql: "DELETE FROM delivery WHERE event_id = ? AND webhook_id = ?")
                .execute(arguments: [id.event, id.webhook])
        case .retry(let time): change = (.pending, attempts, time.ticks)
        case .postponed(let time):
            change = (snapshot.webhookState == .active ? .pending : .parked, snapshot.attempts, time.ticks)
        case .parked(let used): change = (.parked, used, nil)
        // From here on the due time says since when it has failed.
        case .failed: change = (.failed, attempts, ended.ticks)
        }
        try database.cachedStatement(
            sql: """
                UPDATE delivery SET owner = NULL, state = ?, attempts = ?, due = coalesce(?, due), reason = ?
                WHERE event_id = ? AND webhook_id = ?
                """
        ).execute(
            arguments: [change.state.rawValue, change.attempts, change.due, decision.error, id.event, id.webhook]
        )
    }

    private static func log(_ result: DeliveryResult, deliveredSuffix: Data?, _ database: Database) throws {
        let attempt = result.attempt
        try database.cachedStatement(
            sql: """
                INSERT INTO attempt (event_id, webhook_id, url, own_headers, started, duration, retry, status,
                    error_class, summary, signature, answer, delivered_suffix)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                result.id.event, result.id.webhook, attempt.url,
                attempt.ownHeaders.isEmpty ? nil : try WebhookRow.json(attempt.ownHeaders), attempt.started.ticks,
                WebhookRow.ticks(attempt.duration),
                attempt.retry, attempt.status, attempt.errorClass, attempt.summary, attempt.signature,
                Data(attempt.answer), deliveredSuffix,
            ]
        )
    }

    private static func count(_ decision: DeliveryDecision, for webhook: Int32, _ database: Database) throws {
        guard let error = decision.lastError else {
            return try database.cachedStatement(
                sql: """
                    UPDATE webhook_usage SET total_calls = total_calls + 1, consecutive_errors = 0 WHERE webhook_id = ?
                    """
            ).execute(arguments: [webhook])
        }
        try database.cachedStatement(
            sql: """
                UPDATE webhook_usage SET total_calls = total_calls + 1, total_errors = total_errors + 1,
                    consecutive_errors = consecutive_errors + 1, last_error = ?
                WHERE webhook_id = ?
                """
        ).execute(arguments: [error, webhook])
    }

    /// Leaves a target alone until then: every webhook that leads to it.
    private static func setPause(_ time: Timestamp, ofTargetOf webhook: Int32, _ database: Database) throws {
        try database.cachedStatement(
            sql: """
                UPDATE webhook_usage SET paused_until = ? WHERE webhook_id IN (
                    SELECT id FROM webhook WHERE target = (SELECT target FROM webhook WHERE id = ?))
                """
        ).execute(arguments: [time.ticks, webhook])
    }

    /// Puts a webhook in a state, with what follows from that for its listeners and its first deliveries. Returns whether
    /// those are all.
    static func setState(
        _ new: WebhookState,
        from old: WebhookState,
        of id: Int32,
        tenant: String,
        seed: StateEvent.Seed,
        changedBy associateID: Int32,
        time: Timestamp,
        _ database: Database
    ) throws -> Bool {
        guard new != old else { return true }
        try database.execute(literal: "UPDATE webhook SET state = \(new.rawValue) WHERE id = \(id)")
        if new == .active {
            try database.execute(literal: "UPDATE webhook_usage SET paused_until = 0 WHERE webhook_id = \(id)")
        }
        let isMore = try DeliverySettling.settle(id, at: time, limit: DeliverySettling.rowsAtOnce, database)
        let event = try StateEvent.event(
            webhook: id,
            from: old,
            to: new,
            seed: seed,
            tenant: tenant,
            changedBy: associateID,
            time: time
        ) {
            let row = try Row.fetchOne(
                database,
                sql: "SELECT * FROM webhook JOIN webhook_usage ON webhook_id = id WHERE id = ?",
                arguments: [id]
            )
            guard let row else { throw StoreError.corrupt("webhook \(id) has no counters") }
            return StateEvent.Fields(webhook: try WebhookRow.webhook(row), calls: row["total_calls"])
        }
        if let event { _ = try signal(event, database) }
        return !isMore
    }

    package func release(owner: UUID, now: Timestamp) async throws(StoreError) {
        try await commits.write { database in
            try database.execute(
                literal: """
                    UPDATE delivery SET due = \(now.ticks), owner = NULL
                    WHERE state IN (0, 2) AND owner = \(owner.uuidString)
                    """
            )
        }
        arrivalSignal.raise()
    }

    package func nextDue(_ limits: ClaimLimits) async throws(StoreError) -> Timestamp? {
        try await read { database in
            try Row.fetchAll(
                database.cachedStatement(
                    sql: Self.waitingWebhooks + "SELECT target, consecutive_errors, due FROM queue"
                )
            )
            .filter { limits.room(target: $0[0], consecutiveErrors: $0[1]) > 0 }
            .map { Timestamp(ticks: $0[2]) }.min()
        }
    }
}
