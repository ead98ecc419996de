package import AgentCore
import Foundation
import GRDB

extension SQLiteStore {
    package func record(_ results: [DeliveryResult]) async throws(StoreError) -> [Bool] {
        let (counted, unsettled): ([Bool], [Int32: Timestamp]) = try await commits.write { database in
            var unsettled: [Int32: Timestamp] = [:]
            return (try results.map { try Self.record($0, &unsettled, database) }, unsettled)
        }
        beginSettling(unsettled)
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
                SELECT d.attempts, d.is_replay, w.state, u.consecutive_errors, w.tenant, d.body_suffix, u.paused_until,
                    u.failing_since, u.last_failure
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
            failures: FailureRow(
                count: row[3],
                began: (row[7] as Int64?).map(Timestamp.init(ticks:)),
                latest: (row[8] as Int64?).map(Timestamp.init(ticks:))
            )
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
                    UPDATE webhook_usage SET total_calls = total_calls + 1, consecutive_errors = 0, failing_since = NULL,
                        last_failure = NULL
                    WHERE webhook_id = ?
                    """
            ).execute(arguments: [webhook])
        }
        try database.cachedStatement(
            sql: """
                UPDATE webhook_usage SET total_calls = total_calls + 1, total_errors = total_errors + 1,
                    consecutive_errors = ?, failing_since = ?, last_failure = ?, last_error = ?
                WHERE webhook_id = ?
                """
        ).execute(
            arguments: [
                decision.failures.count, decision.failures.began?.ticks, decision.failures.latest?.ticks, error,
                webhook,
            ]
        )
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
}
