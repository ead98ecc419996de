import PostgreSQLClient
import PostgreSQLQueue
package import StoreContracts
import StoreSupport
import WebhookModel

extension PostgreSQLStore {
    /// Looks at the ends of the queues, where nothing is that is delivered soon. Leases end by the lease clock, which is
    /// ahead of the callers' by `ticks`.
    static let recallStatement = """
        WITH lead AS MATERIALIZED (
            SELECT coalesce($5::int8, \(PostgreSQLLeaseClock.databaseNow)) - $2::int8 AS ticks
        ), late AS MATERIALIZED (
            SELECT q.event_id, q.webhook_id FROM lead CROSS JOIN webhook w
            CROSS JOIN LATERAL (
                SELECT d.event_id, d.webhook_id FROM delivery d
                WHERE d.state = 0 AND d.webhook_id = w.id AND d.due > $1::int8 + least(0, lead.ticks)
                    AND d.due > $1::int8 + CASE WHEN d.owner IS NULL THEN 0 ELSE lead.ticks END
                ORDER BY d.due DESC LIMIT $4::int8 FOR UPDATE SKIP LOCKED
            ) AS q
            LIMIT $4::int8
        ), recalled AS (
            UPDATE delivery d
            SET due = CASE WHEN d.owner IS NULL THEN $2::int8 ELSE $3::int8 + (SELECT ticks FROM lead) END
            FROM late l WHERE d.event_id = l.event_id AND d.webhook_id = l.webhook_id
            RETURNING d.webhook_id, d.due
        )
        SELECT webhook_id, min(due), count(*) FROM recalled GROUP BY webhook_id
        """

    /// In the order of the ids, as all who lock several usage rows.
    private static let resumeStatement = """
        WITH paused AS MATERIALIZED (
            SELECT webhook_id, version FROM webhook_usage WHERE paused_until > $1::int8 ORDER BY webhook_id FOR UPDATE
        )
        UPDATE webhook_usage u SET version = u.version + 1, paused_until = 0 FROM paused p
        WHERE u.webhook_id = p.webhook_id AND u.version = p.version
        RETURNING u.webhook_id
        """

    package func recall(_ limits: RecallLimits) async throws(StoreError) -> Recalled {
        let clock = leaseClock
        let (rows, resumed) = try await lanes.calls.run(isRepeatable: true) { connection in
            // Each is a transaction: results lock usage rows first, and deliveries then.
            let rows = try connection.run(
                Self.recallStatement,
                [
                    .int(limits.latest.ticks), .int(limits.now.ticks), .int(limits.leaseEnd.ticks),
                    .int(limits.rowsPerStep), .int(clock.isDatabase ? nil : limits.now.ticks),
                ]
            ).map { (webhook: try $0.int32(0), due: try $0.int(1), count: try $0.count(2)) }
            let resumed = try connection.run(Self.resumeStatement, [.int(limits.latest.ticks)])
            return (rows, try resumed.map { try $0.int32(0) })
        }
        due.announce(Dictionary(rows.map { ($0.webhook, $0.due) }, uniquingKeysWith: min))
        due.announce(Dictionary(resumed.map { ($0, DueWatermarks.ever) }, uniquingKeysWith: min))
        return Recalled(deliveries: rows.reduce(0) { $0 + $1.count }, pauses: resumed.count)
    }
}
