import PostgreSQLClient
import PostgreSQLInstallation
import PostgreSQLQueue
package import StoreContracts
import StoreSupport
import Synchronization
import WebhookModel

/// How far the search for events that nothing refers to has come, after their attempts were dropped with a day.
final class OrphanSweep: Sendable {
    /// The last event that was looked at; nil when there is nothing to look for.
    let cursor = Mutex<Int64?>(nil)
}

extension PostgreSQLStore {
    /// Attempts of a day are dropped together once the whole day is no longer kept, hence up to a day later than asked for.
    /// Only what stands outside of the days' partitions, or beyond the number of attempts, is removed row by row.
    package func prune(_ limits: LogLimits) async throws(StoreError) -> Bool {
        try await settling.searchNowAndThen()
        let (orphans, partitionLog) = (orphans, partitionLog)
        let (isMore, next) = try await lanes.upkeep.run { connection -> (Bool, Int64?) in
            // One process at a time; for the others there is nothing to do.
            let lock = "(\(PostgreSQLLock.pruning), 'webhook'::regclass::oid::int4)"
            guard try connection.run("SELECT pg_try_advisory_lock\(lock)")[0].bool(0) else {
                return (false, orphans.cursor.withLock { $0 })
            }
            defer {
                try? connection.rollBack()
                try? connection.execute("SELECT pg_advisory_unlock\(lock)")
            }
            partitionLog.note(try PostgreSQLPartitions.makeAhead(connection))
            let last = try connection.run("SELECT coalesce(max(id), 0) FROM attempt")[0].int(0)
            let surplus = last.subtractingReportingOverflow(Int64(limits.attempts)).partialValue
            let (hasDropped, isMore) = try Self.dropDays(limits, surplus: surplus, connection)
            let rows = try Self.pruneRows(limits, surplus: surplus, connection)
            let start = hasDropped ? 0 : orphans.cursor.withLock { $0 }
            let next = try start.map { try Self.pruneOrphans(after: $0, limits, connection) } ?? nil
            return (rows || isMore || next != nil, next)
        }
        orphans.cursor.withLock { $0 = next }
        return isMore
    }

    /// Returns whether something was removed, and whether there is more of it.
    private static func dropDays(
        _ limits: LogLimits,
        surplus: Int64,
        _ connection: PostgreSQLConnection
    ) throws -> (Bool, isMore: Bool) {
        var (hasDropped, isMore) = (false, false)
        for partition in try PostgreSQLPartitions.all(connection) {
            var isPast = partition.end <= limits.attemptsBefore.ticks
            if !isPast, surplus > 0 {
                let last = try connection.run("SELECT max(id) FROM \(partition.name)")[0].optionalInt(0)
                isPast = last.map { $0 <= surplus } ?? false
            }
            if isPast, try PostgreSQLPartitions.drop(partition, rows: limits.rowsPerStep, connection) {
                hasDropped = true
                isMore = isMore || !partition.isOwn
            }
        }
        return (hasDropped, isMore)
    }

    private static func pruneRows(
        _ limits: LogLimits,
        surplus: Int64,
        _ connection: PostgreSQLConnection
    ) throws -> Bool {
        let rows = PostgreSQLValue.int(limits.rowsPerStep)
        let ended = DeliveryRowState.onRecord.map { state in
            PostgreSQLConnection.Call(
                """
                DELETE FROM delivery d USING (
                    SELECT event_id, webhook_id FROM delivery WHERE state = \(state.rawValue) AND due < $2::int8
                    LIMIT $1::int8 FOR UPDATE SKIP LOCKED
                ) AS o
                WHERE d.event_id = o.event_id AND d.webhook_id = o.webhook_id
                RETURNING d.event_id
                """,
                [rows, .int(limits.failedBefore.ticks)]
            )
        }
        let attempts: [PostgreSQLConnection.Call] = [
            .init(
                """
                DELETE FROM attempt_default WHERE id IN (
                    SELECT id FROM attempt_default WHERE started < $2::int8 OR id <= $3::int8 ORDER BY id LIMIT $1::int8)
                RETURNING event_id
                """,
                [rows, .int(limits.attemptsBefore.ticks), .int(surplus)]
            ),
            .init(
                """
                DELETE FROM attempt a USING (
                    SELECT id, started FROM attempt WHERE id <= $2::int8 AND tableoid <> 'attempt_default'::regclass
                    ORDER BY id LIMIT $1::int8
                ) AS o
                WHERE a.id = o.id AND a.started = o.started
                RETURNING a.event_id
                """,
                [rows, .int(surplus)]
            ),
        ]
        let removed = try connection.run([.begin] + attempts + ended)
        let events = Set(try removed.dropFirst().flatMap { rows in try rows.map { row in try row.int(0) } })
        try connection.run([.init(orphanStatement, [.ints(events)]), .commit])
        return removed.dropFirst().contains { $0.count == limits.rowsPerStep }
    }

    /// Returns how far it came, nil when it came to the end.
    private static func pruneOrphans(
        after cursor: Int64,
        _ limits: LogLimits,
        _ connection: PostgreSQLConnection
    ) throws -> Int64? {
        // Events that are younger than the oldest attempt that is kept still have their attempts.
        let events = try connection.run(
            "SELECT id, created FROM event WHERE id > $1::int8 ORDER BY id LIMIT $2::int8",
            [.int(cursor), .int(limits.rowsPerStep)]
        ).map { (id: try $0.int(0), created: try $0.int(1)) }
        let old = events.filter { $0.created < limits.attemptsBefore.ticks }.map(\.id)
        if !old.isEmpty { try connection.run(orphanStatement, [.ints(old)]) }
        // An event that is dated in the future was signalled while the clock was ahead, and older events may follow it.
        guard !old.isEmpty || events.contains(where: { $0.created > limits.now.ticks }) else { return nil }
        return events.count == limits.rowsPerStep ? events.last?.id : nil
    }

    static let orphanStatement = """
        DELETE FROM event e USING unnest($1::int8[]) AS i (id)
        WHERE e.id = i.id AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = e.id)
            AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.event_id = e.id)
        """
}
