package import Foundation
import PostgreSQLClient
import PostgreSQLQueue
package import StoreContracts
import StoreSupport
package import WebhookModel

extension PostgreSQLStore {
    /// Looks at webhooks; `c` names them, and where in the queue the look at each begins.
    ///
    /// A lease ends by the lease clock, all else is due by the callers'. So where a leased delivery stands first, another
    /// that nobody holds may be due before it where the callers' clock is ahead ($1). `OFFSET 0` keeps the planner from
    /// reading all webhooks first, which is cheap only as long as there are few.
    static func look(at source: String) -> String {
        """
        SELECT c.webhook_id, q.due, q.is_leased, f.due, u.paused_until, u.consecutive_errors, w.target,
            \(PostgreSQLLeaseClock.databaseNow)
        FROM \(source)
        LEFT JOIN LATERAL (
            SELECT target FROM webhook WHERE id = c.webhook_id AND state = 1 AND is_deliverable OFFSET 0
        ) AS w ON true
        LEFT JOIN LATERAL (
            SELECT d.due, d.owner IS NOT NULL AS is_leased FROM delivery d
            WHERE w.target IS NOT NULL AND d.state = 0 AND d.webhook_id = c.webhook_id AND d.due >= c.mark
            ORDER BY d.due LIMIT 1
        ) AS q ON true
        LEFT JOIN LATERAL (
            SELECT d.due FROM delivery d
            WHERE $1::bool AND q.is_leased AND d.state = 0 AND d.webhook_id = c.webhook_id AND d.due >= q.due
                AND d.owner IS NULL
            ORDER BY d.due LIMIT 1
        ) AS f ON true
        LEFT JOIN LATERAL (
            SELECT consecutive_errors, paused_until FROM webhook_usage u WHERE u.webhook_id = c.webhook_id
            ORDER BY u.version DESC LIMIT 1
        ) AS u ON true
        """
    }

    static let waitingStatement = look(at: "unnest($2::int8[], $3::int8[]) AS c (webhook_id, mark)")

    /// What another process claims at the same time is left to it.
    static let claimStatement = """
        WITH clock AS MATERIALIZED (
            SELECT coalesce($7::int8, \(PostgreSQLLeaseClock.databaseNow)) AS now
        ), picked AS MATERIALIZED (
            SELECT c.place, q.event_id, q.webhook_id, q.due
            FROM clock CROSS JOIN unnest($1::int8[], $2::int8[], $3::int8[])
                WITH ORDINALITY AS c (webhook_id, mark, share, place)
            CROSS JOIN LATERAL (
                SELECT FROM webhook WHERE id = c.webhook_id AND state = 1 AND is_deliverable OFFSET 0
            ) AS w
            CROSS JOIN LATERAL (
                SELECT d.event_id, d.webhook_id, d.due FROM delivery d
                WHERE d.state = 0 AND d.webhook_id = c.webhook_id AND d.due >= c.mark
                    AND d.due <= greatest($4::int8, clock.now)
                    AND d.due <= CASE WHEN d.owner IS NULL THEN $4::int8 ELSE clock.now END
                ORDER BY d.due, d.event_id LIMIT c.share FOR UPDATE SKIP LOCKED
            ) AS q
        ), taken AS (
            UPDATE delivery d SET due = (SELECT now FROM clock) + $5::int8, owner = $6::uuid, fence = d.fence + 1
            FROM picked p WHERE d.event_id = p.event_id AND d.webhook_id = p.webhook_id
            RETURNING p.place, p.due, d.event_id, d.webhook_id, d.fence, d.attempts, d.body_suffix, d.due AS lease_end
        )
        SELECT t.event_id, t.webhook_id, t.fence, t.attempts, e.guid, e.name,
            e.body_head || t.body_suffix || e.body_tail, w.target_url, w.headers, w.secret, t.lease_end
        FROM taken t JOIN event e ON e.id = t.event_id JOIN webhook w ON w.id = t.webhook_id
        ORDER BY t.place, t.due, t.event_id
        """

    /// Webhooks that one look takes in.
    private static let webhooksPerLook = 256
    /// How many looks one claim takes. The next claim finds the webhooks that are left.
    private static let looksPerClaim = 4
    /// When webhooks are looked at again of which somebody else holds all that is due.
    private static let busy = Duration.milliseconds(50)

    package func claim(_ limits: ClaimLimits, for lease: Lease) async throws(StoreError) -> [ClaimedDelivery] {
        beginSweep()
        let (marks, clock, now) = (due.marks, leaseClock, lease.start)
        // Claimed twice it is leased twice, which is no more than waiting for a lease to end.
        return try await lanes.claims.run(isRepeatable: true) { connection in
            let waiting = try Self.waiting(limits, at: now, marks, clock, connection)
            let found = Dictionary(uniqueKeysWithValues: waiting.map { ($0.webhook, $0) })
            var plan = ClaimPlan(waiting.map(WaitingWebhook.init), limits: limits, now: now)
            var wanted: [(waiting: DueWatermarks.Found, count: Int)] = []
            plan.carryOut { webhook, count in
                guard let webhook = found[webhook.id] else { return 0 }
                wanted.append((webhook, count))
                return count
            }
            guard !wanted.isEmpty else { return [] }
            let rows = try connection.run(
                Self.claimStatement,
                [
                    .ints(wanted.map(\.waiting.webhook)), .ints(wanted.map(\.waiting.from)),
                    .ints(wanted.map(\.count)), .int(now.ticks), .int(WebhookRow.ticks(lease.duration)),
                    .uuid(lease.owner),
                    .int(clock.isDatabase ? nil : now.ticks),
                ]
            )
            let webhooks = Dictionary(uniqueKeysWithValues: wanted.map { ($0.waiting.webhook, $0.waiting) })
            let claimed = try rows.map { row in
                let webhook = webhooks[try row.int32(1)]
                // As it was stored, which the limits are for, also where a later version would name it otherwise.
                var claimed = try Self.claimed(row, target: webhook?.target)
                claimed.isFailing = webhook.map { $0.consecutiveErrors > 0 } ?? false
                return claimed
            }
            let taken = Set(claimed.map(\.id.webhook))
            marks.claimed(taken, until: try rows.first?.int(10) ?? .max)
            marks.postpone(webhooks.keys.filter { !taken.contains($0) }, until: now.advanced(by: Self.busy).ticks)
            return claimed
        }
    }

    private static func claimed(_ row: PostgreSQLRow, target: String?) throws -> ClaimedDelivery {
        ClaimedDelivery(
            id: DeliveryID(event: try row.int(0), webhook: try row.int32(1)),
            fence: try row.int(2),
            attempts: try row.count(3),
            eventID: try row.uuid(4),
            event: try row.text(5),
            body: try row.bytes(6),
            url: row.optionalText(7) ?? "",
            target: target,
            headers: try row.json(8),
            secret: row.optionalText(9)
        )
    }

    /// The webhooks that have something due and room for it, looked at just now, in the order in which they are due. Where
    /// there are many more than a claim can take, these are the first of them.
    private static func waiting(
        _ limits: ClaimLimits,
        at now: Timestamp,
        _ marks: DueWatermarks,
        _ clock: PostgreSQLLeaseClock,
        _ connection: PostgreSQLConnection
    ) throws -> [DueWatermarks.Found] {
        let most = min(limits.total, webhooksPerLook)
        var looked: Set<Int32> = []
        var found: [Int32: DueWatermarks.Found] = [:]
        for _ in 0..<looksPerClaim {
            let unseen = marks.due(limits, at: now.ticks, most: most).filter { !looked.contains($0) }
            guard !unseen.isEmpty else { break }
            looked.formUnion(unseen)
            try found.merge(look(at: unseen, now: now, marks, clock, connection)) { $1 }
        }
        return marks.due(limits, at: now.ticks, most: most).compactMap { found[$0] }
    }

    /// Looks at webhooks and moves their marks to what it finds.
    ///
    /// - Parameter now: The caller's time; nil where it is the same as at the last look.
    private static func look(
        at webhooks: [Int32],
        now: Timestamp?,
        _ marks: DueWatermarks,
        _ clock: PostgreSQLLeaseClock,
        _ connection: PostgreSQLConnection
    ) throws -> [Int32: DueWatermarks.Found] {
        let froms = marks.look(at: webhooks)
        let rows = try connection.run(
            waitingStatement,
            [.bool(clock.isBehind), .ints(webhooks), .ints(froms)]
        )
        if let now, let row = rows.first { clock.note(now, databaseNow: try row.int(7)) }
        let found = try rows.compactMap { try Self.found($0, clock) }
        let byWebhook = Dictionary(found.map { ($0.webhook, $0) }) { first, _ in first }
        marks.found(byWebhook, of: webhooks)
        return byWebhook
    }

    /// nil when the webhook has nothing pending, or gets nothing now.
    static func found(_ row: PostgreSQLRow, _ clock: PostgreSQLLeaseClock) throws -> DueWatermarks.Found? {
        // A webhook without a row of counters is damaged. It is left out, so that it does not keep the others waiting.
        guard let first = row.optionalInt(1), let target = row.optionalText(6), let pausedUntil = row.optionalInt(4),
            row.optionalInt(5) != nil
        else { return nil }
        let firstTime = try row.bool(2) ? clock.callerTime(leaseEnd: first) : first
        return DueWatermarks.Found(
            webhook: try row.int32(0),
            from: first,
            time: max(min(firstTime, row.optionalInt(3) ?? .max), pausedUntil),
            target: target,
            consecutiveErrors: try row.count(5)
        )
    }

    package func nextDue(_ limits: ClaimLimits) async throws(StoreError) -> Timestamp? {
        let (marks, clock) = (due.marks, leaseClock)
        return try await lanes.claims.run(isRepeatable: true) { connection in
            for _ in 0..<Self.looksPerClaim {
                guard let next = marks.next(limits) else { return nil }
                if next.isFresh { return Timestamp(ticks: next.time) }
                let most = min(limits.total, Self.webhooksPerLook)
                _ = try Self.look(
                    at: marks.due(limits, at: .max, most: most),
                    now: nil,
                    marks,
                    clock,
                    connection
                )
            }
            return marks.next(limits).map { Timestamp(ticks: $0.time) }
        }
    }

    package func release(
        _ deliveries: [DeliveryID],
        owner: UUID,
        now: Timestamp
    ) async throws(StoreError) {
        let webhooks = try await lanes.calls.run(isRepeatable: true) { connection in
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
            ).map { try $0.int32(0) }
        }
        due.announce(Dictionary(uniqueKeysWithValues: webhooks.map { ($0, now.ticks) }))
        due.arrivals.raise()
    }
}

extension WaitingWebhook {
    fileprivate init(_ found: DueWatermarks.Found) {
        self.init(
            id: found.webhook,
            due: Timestamp(ticks: found.time),
            target: found.target,
            consecutiveErrors: found.consecutiveErrors
        )
    }
}
