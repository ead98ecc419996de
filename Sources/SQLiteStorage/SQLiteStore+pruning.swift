import Foundation
import GRDB
package import StoreContracts
import StoreSupport
import Synchronization
import WebhookModel

extension SQLiteStore {
    package func prune(_ limits: LogLimits) async throws(StoreError) -> Bool {
        let start = prunedUpTo.withLock { $0 }
        let (isMore, end) = try await commits.write { database in
            let (attempts, end) = try Self.pruneAttempts(limits, after: start, database)
            let failed = try Int64.fetchAll(
                database,
                sql: """
                    DELETE FROM delivery WHERE (event_id, webhook_id) IN (
                        SELECT event_id, webhook_id FROM delivery WHERE state IN (1, 3) AND due < ? LIMIT ?)
                    RETURNING event_id
                    """,
                arguments: [limits.failedBefore.ticks, limits.rowsPerStep]
            )
            let orphan = try database.cachedStatement(
                sql: """
                    DELETE FROM event WHERE id = ? AND NOT EXISTS (SELECT 1 FROM delivery WHERE event_id = event.id)
                        AND NOT EXISTS (SELECT 1 FROM attempt WHERE event_id = event.id)
                    """
            )
            for event in Set(attempts + failed) { try orphan.execute(arguments: [event]) }
            return (end != 0 || failed.count == limits.rowsPerStep, end)
        }
        prunedUpTo.withLock { $0 = end }
        return isMore
    }

    /// Looks at the attempts after an id, at most as many as a step removes, up to the first that is to be kept. Returns
    /// the events of those removed, and the id to go on after; 0 when there is nothing more to look at.
    private static func pruneAttempts(
        _ limits: LogLimits,
        after start: Int64,
        _ database: Database
    ) throws -> (events: [Int64], end: Int64) {
        let last = try Int64.fetchOne(database, sql: "SELECT max(id) FROM attempt") ?? 0
        let surplus = last.subtractingReportingOverflow(Int64(limits.attempts)).partialValue
        let rows = try Row.fetchAll(
            database.cachedStatement(
                sql: "SELECT id, started, event_id FROM attempt WHERE id > ? ORDER BY id LIMIT ?"
            ),
            arguments: [start, limits.rowsPerStep]
        ).map(SQLiteRow.init).map { row in
            (id: try row.int(0), started: try row.timestamp(1), event: try row.int(2))
        }
        let remove = try database.cachedStatement(sql: "DELETE FROM attempt WHERE id = ?")
        var events: [Int64] = []
        for row in rows {
            if row.id <= surplus || row.started < limits.attemptsBefore {
                try remove.execute(arguments: [row.id])
                events.append(row.event)
            } else if row.started <= limits.now {
                return (events, 0)
            }
        }
        return (events, rows.count == limits.rowsPerStep ? rows.last?.id ?? 0 : 0)
    }
}
