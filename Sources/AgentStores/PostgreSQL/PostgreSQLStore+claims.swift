package import AgentCore
package import Foundation

extension PostgreSQLStore {
    /// A webhook that has something pending.
    private struct Waiting {
        let webhook: Int32
        /// The earliest due time of it all, and that time when the webhook is paused beyond it.
        let firstDue: Int64
        let due: Int64
        let consecutiveErrors: Int
        let target: String
    }

    /// What a snapshot that is open elsewhere keeps from being removed is walked over here, and only here.
    static let sweepStatement = """
        WITH RECURSIVE waiting (webhook_id, due) AS (
            (SELECT webhook_id, due FROM delivery WHERE state = 0 ORDER BY webhook_id, due LIMIT 1)
            UNION ALL
            SELECT n.webhook_id, n.due FROM waiting CROSS JOIN LATERAL (
                SELECT d.webhook_id, d.due FROM delivery d WHERE d.state = 0 AND d.webhook_id > waiting.webhook_id
                ORDER BY d.webhook_id, d.due LIMIT 1
            ) AS n
        )
        SELECT webhook_id, due FROM waiting
        """

    /// Its cost is that of all Active webhooks, and of what has been delivered since then.
    static let recentStatement = """
        SELECT w.id, q.due FROM webhook w
        CROSS JOIN LATERAL (
            SELECT d.due FROM delivery d WHERE d.state = 0 AND d.webhook_id = w.id AND d.due >= $1::int8
            ORDER BY d.due LIMIT 1
        ) AS q
        WHERE w.state = 1
        """

    static let waitingStatement = """
        SELECT c.webhook_id, q.due, u.paused_until, u.consecutive_errors, w.target
        FROM unnest($1::int8[], $2::int8[]) AS c (webhook_id, mark)
        CROSS JOIN LATERAL (
            SELECT d.due FROM delivery d WHERE d.state = 0 AND d.webhook_id = c.webhook_id AND d.due >= c.mark
            ORDER BY d.due LIMIT 1
        ) AS q
        JOIN webhook w ON w.id = c.webhook_id AND w.is_deliverable
        CROSS JOIN LATERAL (
            SELECT consecutive_errors, paused_until FROM webhook_usage u WHERE u.webhook_id = c.webhook_id
            ORDER BY u.version DESC LIMIT 1
        ) AS u
        """

    /// What another process claims at the same time is left to it.
    static let claimStatement = """
        WITH picked AS MATERIALIZED (
            SELECT c.place, q.event_id, q.webhook_id, q.due
            FROM unnest($1::int8[], $2::int8[], $3::int8[]) WITH ORDINALITY AS c (webhook_id, mark, share, place)
            CROSS JOIN LATERAL (
                SELECT d.event_id, d.webhook_id, d.due FROM delivery d
                WHERE d.state = 0 AND d.webhook_id = c.webhook_id AND d.due >= c.mark AND d.due <= $4::int8
                ORDER BY d.due, d.event_id LIMIT c.share FOR UPDATE SKIP LOCKED
            ) AS q
        ), taken AS (
            UPDATE delivery d SET due = $5::int8, owner = $6::uuid, fence = d.fence + 1
            FROM picked p WHERE d.event_id = p.event_id AND d.webhook_id = p.webhook_id
            RETURNING p.place, p.due, d.event_id, d.webhook_id, d.fence, d.attempts, d.body_suffix
        )
        SELECT t.event_id, t.webhook_id, t.fence, t.attempts, e.guid, e.name,
            e.body_head || t.body_suffix || e.body_tail, w.target_url, w.headers, w.secret
        FROM taken t JOIN event e ON e.id = t.event_id JOIN webhook w ON w.id = t.webhook_id
        ORDER BY t.place, t.due, t.event_id
        """

    package func claim(
        _ limits: ClaimLimits,
        owner: UUID,
        now: Timestamp,
        lease: Duration
    ) async throws(StoreError) -> [ClaimedDelivery] {
        let marks = due.marks
        sweepSlowly()
        // Claimed twice it is leased twice, which is no more than waiting for a lease to end.
        return try await lanes.claims.run(isRepeatable: true) { connection in
            let waiting = try Self.waiting(marks, connection).filter { $0.due <= now.ticks }
                .sorted { ($0.due, $0.webhook) < ($1.due, $1.webhook) }
            let share = max(1, limits.total / max(1, waiting.count))
            var left = limits
            var wanted: [(waiting: Waiting, count: Int)] = []
            for webhook in waiting {
                let room = left.room(target: webhook.target, consecutiveErrors: webhook.consecutiveErrors)
                let count = min(share, room, left.total)
                guard count > 0 else { continue }
                left.take(count, target: webhook.target, consecutiveErrors: webhook.consecutiveErrors)
                wanted.append((webhook, count))
            }
            guard !wanted.isEmpty else { return [] }
            let webhooks = Dictionary(uniqueKeysWithValues: wanted.map { ($0.waiting.webhook, $0.waiting) })
            return try connection.run(
                Self.claimStatement,
                [
                    .ints(wanted.map(\.waiting.webhook)), .ints(wanted.map(\.waiting.firstDue)),
                    .ints(wanted.map(\.count)), .int(now.ticks), .int(now.advanced(by: lease).ticks), .uuid(owner),
                ]
            ).map { row in
                var claimed = try Self.claimed(row)
                guard let webhook = webhooks[claimed.id.webhook] else { return claimed }
                claimed.isFailing = webhook.consecutiveErrors > 0
                // As it was stored, which the limits are for, also where a later version would name it otherwise.
                claimed.target = webhook.target
                return claimed
            }
        }
    }

    private static func claimed(_ row: PostgreSQLRow) throws -> ClaimedDelivery {
        ClaimedDelivery(
            id: DeliveryID(event: row.int(0), webhook: row.int32(1)),
            fence: row.int(2),
            attempts: Int(row.int(3)),
            eventID: try row.uuid(4),
            event: row.text(5),
            body: row.bytes(6),
            url: row.text(7),
            headers: try row.json(8),
            secret: row.optionalText(9)
        )
    }

    /// Looks from the marks on, and moves them to what it finds.
    private static func waiting(_ marks: DueMarks, _ connection: PostgreSQLConnection) throws -> [Waiting] {
        if let sweep = marks.sweep() { try Self.sweep(sweep, marks, connection) }
        let looked = marks.look()
        guard !looked.isEmpty else { return [] }
        let waiting = try connection.run(waitingStatement, [.ints(looked.keys), .ints(looked.values)]).map { row in
            Waiting(
                webhook: row.int32(0),
                firstDue: row.int(1),
                due: max(row.int(1), row.int(2)),
                consecutiveErrors: Int(row.int(3)),
                target: row.text(4)
            )
        }
        marks.found(Dictionary(waiting.map { ($0.webhook, $0.firstDue) }, uniquingKeysWith: min))
        return waiting
    }

    /// How long a full sweep may keep claims waiting.
    private static let sweepLimit = Duration.milliseconds(250)

    private static func sweep(_ sweep: DueMarks.Sweep, _ marks: DueMarks, _ connection: PostgreSQLConnection) throws {
        switch sweep {
        case .full:
            do {
                try marks.lower(fullSweep(timeout: "250ms", connection))
            } catch let failure as PostgreSQLFailure where failure.isTimeout {
                try connection.rollBack()
                marks.sweepIsSlow()
            }
        case .since(let time):
            let rows = try connection.run(recentStatement, [.int(time.ticks)])
            marks.lower(Dictionary(rows.map { ($0.int32(0), $0.int(1)) }, uniquingKeysWith: min))
        }
    }

    private static func fullSweep(timeout: String, _ connection: PostgreSQLConnection) throws -> [Int32: Int64] {
        let rows = try connection.run([
            .begin, .init("SET LOCAL statement_timeout = '\(timeout)'", isPrepared: false), .init(sweepStatement),
            .commit,
        ])[2]
        return Dictionary(rows.map { ($0.int32(0), $0.int(1)) }, uniquingKeysWith: min)
    }

    /// Where full sweeps take long, makes one beside the claims when it is time for it.
    private func sweepSlowly() {
        let (due, upkeep) = (due, lanes.upkeep)
        guard due.marks.beginSlowSweep() else { return }
        Task.detached {
            let start = ContinuousClock.now
            let found = await upkeep.attempt { connection in
                connection.answerLimit = .seconds(610)
                return try Self.fullSweep(timeout: "10min", connection)
            }
            let time = start.duration(to: .now)
            if case .success(let dues) = found {
                due.marks.lower(dues)
                due.arrivals.raise()
            }
            due.marks.endSlowSweep(time, isSlow: time > Self.sweepLimit)
        }
    }

    package func nextDue(_ limits: ClaimLimits) async throws(StoreError) -> Timestamp? {
        let marks = due.marks
        return try await lanes.claims.run(isRepeatable: true) { connection in
            try Self.waiting(marks, connection)
                .filter { limits.room(target: $0.target, consecutiveErrors: $0.consecutiveErrors) > 0 }
                .map(\.due).min().map(Timestamp.init(ticks:))
        }
    }

    package func release(
        _ deliveries: [DeliveryID],
        owner: UUID,
        now: Timestamp
    ) async throws(StoreError) {
        let webhooks = try await lanes.upkeep.run(isRepeatable: true) { connection in
            try connection.run(
                """
                WITH released AS (
                    UPDATE delivery d SET due = $1::int8, owner = NULL
                    FROM unnest($3::int8[], $4::int8[]) AS i (event_id, webhook_id)
                    WHERE d.event_id = i.event_id AND d.webhook_id = i.webhook_id AND d.owner = $2::uuid
                        AND d.state IN (0, 2)
                    RETURNING d.webhook_id
                )
                SELECT DISTINCT webhook_id FROM released
                """,
                [
                    .int(now.ticks), .uuid(owner), .ints(deliveries.map(\.event)), .ints(deliveries.map(\.webhook)),
                ]
            ).map { $0.int32(0) }
        }
        due.announce(Dictionary(uniqueKeysWithValues: webhooks.map { ($0, now.ticks) }))
        due.arrivals.raise()
    }
}
