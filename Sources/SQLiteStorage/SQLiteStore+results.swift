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
        let held = try BoundStatement(heldSelection, database)
        held.bind(result.id.event, at: 1)
        held.bind(Int64(result.id.webhook), at: 2)
        held.bind(result.fence, at: 3)
        let found = try held.rows { row in
            let snapshot = DeliverySnapshot(
                attempts: try row.count(0),
                due: try row.timestamp(1),
                isReplay: try row.bool(2),
                webhookState: try WebhookRow.state(row.int(4), of: result.id.webhook),
                counters: try WebhookRow.counters(row, from: 7),
                isPaused: try row.int(6) > 0
            )
            return (snapshot, suffix: try row.bytes(3), tenant: try row.text(5))
        }
        guard let (snapshot, suffix, tenant) = found.first else { return nil }
        let outcome = RecordedOutcome(of: result, on: snapshot)
        try write(outcome.row, of: result.id, database)
        try log(result, deliveredSuffix: outcome.fate == .delivered ? suffix : nil, database)
        if let counters = outcome.counters { try write(counters, of: result.id.webhook, database) }
        if let pause = outcome.pause { try setPause(pause, ofTargetOf: result.id.webhook, database) }
        if let change = outcome.stateChange, try !carryOut(change, tenant: tenant, database) {
            unsettled[change.webhook] = change.time
        }
        return outcome.fate
    }

    private static let heldSelection = """
        SELECT d.attempts, d.due, d.is_replay, d.body_suffix, w.state, w.tenant, u.paused_until, \(WebhookRow.counters)
        FROM delivery d JOIN webhook w ON w.id = d.webhook_id JOIN webhook_usage u ON u.webhook_id = w.id
        WHERE d.event_id = ? AND d.webhook_id = ? AND d.fence = ? AND d.state <> 1 AND d.owner IS NOT NULL
        """

    /// Writes a delivery that nobody holds any more; removes it where there is no row.
    private static func write(_ row: DeliveryRow?, of id: DeliveryID, _ database: Database) throws {
        guard let row else {
            let removal = try BoundStatement("DELETE FROM delivery WHERE event_id = ? AND webhook_id = ?", database)
            removal.bind(id.event, at: 1)
            removal.bind(Int64(id.webhook), at: 2)
            return try removal.run()
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

    private static func log(_ result: DeliveryResult, deliveredSuffix: [UInt8]?, _ database: Database) throws {
        let attempt = result.attempt
        let insertion = try BoundStatement(attemptInsertion, database)
        insertion.bind(result.id.event, at: 1)
        insertion.bind(Int64(result.id.webhook), at: 2)
        insertion.bind(attempt.url, at: 3)
        insertion.bind(attempt.ownHeaders.isEmpty ? nil : try WebhookRow.json(attempt.ownHeaders), at: 4)
        insertion.bind(attempt.started.ticks, at: 5)
        insertion.bind(WebhookRow.ticks(attempt.duration), at: 6)
        insertion.bind(Int64(attempt.retry), at: 7)
        insertion.bind(attempt.status.map(Int64.init), at: 8)
        insertion.bind(attempt.errorClass, at: 9)
        insertion.bind(attempt.summary, at: 10)
        insertion.bind(attempt.signature, at: 11)
        insertion.bind(attempt.answer, at: 12)
        if let deliveredSuffix { insertion.bind(deliveredSuffix, at: 13) }
        try insertion.run()
    }

    private static let countersUpdate = """
        UPDATE webhook_usage SET total_calls = ?, total_errors = ?, consecutive_errors = ?, failing_since = ?,
            last_failure = ?, last_error = ?
        WHERE webhook_id = ?
        """

    private static func write(_ counters: WebhookCounters, of webhook: Int32, _ database: Database) throws {
        let update = try BoundStatement(countersUpdate, database)
        update.bind(Int64(counters.totalCalls), at: 1)
        update.bind(Int64(counters.totalErrors), at: 2)
        update.bind(Int64(counters.failures.count), at: 3)
        update.bind(counters.failures.began?.ticks, at: 4)
        update.bind(counters.failures.latest?.ticks, at: 5)
        update.bind(counters.lastError, at: 6)
        update.bind(Int64(webhook), at: 7)
        try update.run()
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
