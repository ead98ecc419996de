package import AgentCore

extension PostgreSQLStore {
    /// Looks at the ends of the queues, where nothing is that is delivered soon.
    static let recallStatement = """
        WITH late AS MATERIALIZED (
            SELECT q.event_id, q.webhook_id FROM webhook w
            CROSS JOIN LATERAL (
                SELECT d.event_id, d.webhook_id FROM delivery d
                WHERE d.state = 0 AND d.webhook_id = w.id AND d.due > $1::int8
                ORDER BY d.due DESC LIMIT $4::int8 FOR UPDATE SKIP LOCKED
            ) AS q
            LIMIT $4::int8
        ), recalled AS (
            UPDATE delivery d SET due = CASE WHEN d.owner IS NULL THEN $2::int8 ELSE $3::int8 END
            FROM late l WHERE d.event_id = l.event_id AND d.webhook_id = l.webhook_id
            RETURNING d.webhook_id, d.due
        )
        SELECT webhook_id, min(due), count(*) FROM recalled GROUP BY webhook_id
        """

    package func recall(_ limits: RecallLimits) async throws(StoreError) -> Recalled {
        let (rows, pauses) = try await lanes.upkeep.run(isRepeatable: true) { connection in
            let answers = try connection.run([
                .init(
                    Self.recallStatement,
                    [
                        .int(limits.latest.ticks), .int(limits.now.ticks), .int(limits.leaseEnd.ticks),
                        .int(limits.rowsPerStep),
                    ]
                ),
                .init(
                    """
                    UPDATE webhook_usage SET version = version + 1, paused_until = 0 WHERE paused_until > $1::int8
                    RETURNING webhook_id
                    """,
                    [.int(limits.latest.ticks)]
                ),
            ])
            let rows = answers[0].map { (webhook: $0.int32(0), due: $0.int(1), count: Int($0.int(2))) }
            return (rows, answers[1].count)
        }
        due.announce(Dictionary(rows.map { ($0.webhook, $0.due) }, uniquingKeysWith: min))
        if pauses > 0 { due.arrivals.raise() }
        return Recalled(deliveries: rows.reduce(0) { $0 + $1.count }, pauses: pauses)
    }
}
