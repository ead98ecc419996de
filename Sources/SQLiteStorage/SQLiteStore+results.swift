import Foundation
import GRDB
package import StoreContracts
import StoreSupport
import WebhookModel

extension SQLiteStore {
    package func record(_ results: [DeliveryResult]) async throws(StoreError) -> [DeliveryFate?] {
        let (fates, unsettled): ([DeliveryFate?], [Int32: Timestamp]) = try await commits.write { database in
            var unsettled: [Int32: Timestamp] = [:]
            return (try results.map { try Self.record($0, &unsettled, database) }, unsettled)
        }
        beginSettling(unsettled)
        return fates
    }

    /// - Parameter unsettled: Gets the webhook when the result changes its state and its deliveries have still to follow.
    private static func record(
        _ result: DeliveryResult,
        _ unsettled: inout [Int32: Timestamp],
        _ database: Database
    ) throws -> DeliveryFate? {
        let held = try database.cachedStatement(
            sql: """
                SELECT d.attempts, d.due, d.is_replay, d.body_suffix, w.state, w.tenant, u.paused_until,
                    \(WebhookRow.counters)
                FROM delivery d JOIN webhook w ON w.id = d.webhook_id JOIN webhook_usage u ON u.webhook_id = w.id
                WHERE d.event_id = ? AND d.webhook_id = ? AND d.fence = ? AND d.state <> 1 AND d.owner IS NOT NULL
                """
        )
        guard let row = try Row.fetchOne(held, arguments: [result.id.event, result.id.webhook, result.fence]) else {
            return nil
        }
        let stored = SQLiteRow(row)
        let outcome = RecordedOutcome(
            of: result,
            on: DeliverySnapshot(
                attempts: try stored.count(0),
                due: try stored.timestamp(1),
                isReplay: try stored.bool(2),
                webhookState: try WebhookRow.state(Int16(truncatingIfNeeded: stored.int(4)), of: result.id.webhook),
                counters: try WebhookRow.counters(stored, from: 7),
                isPaused: try stored.int(6) > 0
            )
        )
        try write(outcome.row, of: result.id, database)
        try log(result, deliveredSuffix: outcome.fate == .delivered ? row[3] : nil, database)
        if let counters = outcome.counters { try write(counters, of: result.id.webhook, database) }
        if let pause = outcome.pause { try setPause(pause, ofTargetOf: result.id.webhook, database) }
        if let change = outcome.stateChange, try !carryOut(change, tenant: stored.text(5), database) {
            unsettled[change.webhook] = change.time
        }
        return outcome.fate
    }

    /// Writes a delivery that nobody holds any more; removes it where there is no row.
    private static func write(_ row: DeliveryRow?, of id: DeliveryID, _ database: Database) throws {
        guard let row else {
            return try database.cachedStatement(sql: "DELETE FROM delivery WHERE event_id = ? AND webhook_id = ?")
                .execute(arguments: [id.event, id.webhook])
        }
        try database.cachedStatement(
            sql: """
                UPDATE delivery SET owner = NULL, state = ?, attempts = ?, due = ?, reason = ?
                WHERE event_id = ? AND webhook_id = ?
                """
        ).execute(
            arguments: [row.state.rawValue, row.attempts, row.due.ticks, row.reason, id.event, id.webhook]
        )
    }

    private static let attemptInsertion = """
        INSERT INTO attempt (\(InsertedColumns.attempt.sqlList)) VALUES (\(InsertedColumns.attempt.sqlMarks))
        """

    private static func log(_ result: DeliveryResult, deliveredSuffix: Data?, _ database: Database) throws {
        let attempt = result.attempt
        try database.cachedStatement(sql: attemptInsertion).execute(
            arguments: [
                result.id.event, result.id.webhook, attempt.url,
                attempt.ownHeaders.isEmpty ? nil : try WebhookRow.json(attempt.ownHeaders), attempt.started.ticks,
                WebhookRow.ticks(attempt.duration),
                attempt.retry, attempt.status, attempt.errorClass, attempt.summary, attempt.signature,
                Data(attempt.answer), deliveredSuffix,
            ]
        )
    }

    private static func write(_ counters: WebhookCounters, of webhook: Int32, _ database: Database) throws {
        try database.cachedStatement(
            sql: """
                UPDATE webhook_usage SET total_calls = ?, total_errors = ?, consecutive_errors = ?, failing_since = ?,
                    last_failure = ?, last_error = ?
                WHERE webhook_id = ?
                """
        ).execute(
            arguments: [
                counters.totalCalls, counters.totalErrors, counters.failures.count, counters.failures.began?.ticks,
                counters.failures.latest?.ticks, counters.lastError, webhook,
            ]
        )
    }

    /// Sets the pause of a target: of every webhook that leads to it.
    private static func setPause(
        _ pause: RecordedOutcome.Pause,
        ofTargetOf webhook: Int32,
        _ database: Database
    ) throws {
        let end = if case .until(let end) = pause { end.ticks } else { Int64(0) }
        try database.cachedStatement(
            sql: """
                UPDATE webhook_usage SET paused_until = ? WHERE webhook_id IN (
                    SELECT id FROM webhook WHERE target = (SELECT target FROM webhook WHERE id = ?))
                """
        ).execute(arguments: [end, webhook])
    }
}
