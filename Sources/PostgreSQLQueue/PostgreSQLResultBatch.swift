import PostgreSQLClient
import StoreContracts
import StoreSupport
import WebhookModel

/// Results of which each is worked out on what stands in the store: under locks they are read, worked out and written.
struct PostgreSQLResultBatch {
    /// What has become of each result's delivery; nil where the result did not count.
    private(set) var fates: [DeliveryFate?] = []
    /// Since when webhooks have something due.
    private(set) var dues: [Int32: Int64] = [:]
    private var deliveries: [DeliveryID: Delivery] = [:]
    private var webhooks: [Int32: Webhook] = [:]
    /// Until when targets are paused, in ticks; 0 for one whose pause is over.
    private var pausedUntil: [String: Int64] = [:]
    /// The targets whose pauses change.
    private var pauses: Set<String> = []
    private var logged: [(result: DeliveryResult, deliveredSuffix: [UInt8]?)] = []
    private var stateChanges: [WebhookStateChange] = []

    /// A delivery as it is held, and as it becomes.
    private struct Delivery {
        let attempts: Int
        let due: Timestamp
        let isReplay: Bool
        let fence: Int64
        let suffix: [UInt8]
        var isHeld = true
        /// nil where it leaves the queue.
        var row: DeliveryRow?
    }

    private struct Webhook {
        var state: WebhookState
        let tenant: String
        let target: String
        let version: Int64
        var counters: WebhookCounters
        var isCounted = false
    }

    /// The webhooks whose state has changed, with the time: their deliveries have to follow.
    var changed: [Int32: Timestamp] {
        Dictionary(stateChanges.map { ($0.webhook, $0.time) }) { $1 }
    }

    /// Records results in one transaction.
    static func carryOut(
        _ results: [DeliveryResult],
        _ connection: PostgreSQLConnection
    ) throws -> PostgreSQLResultBatch {
        var batch = try PostgreSQLResultBatch(results, locking: PostgreSQLResults.lockUsage, connection)
        if !batch.pauses.isEmpty {
            // They reach the other webhooks of a target, which have to be locked too.
            try connection.rollBack()
            batch = try PostgreSQLResultBatch(results, locking: PostgreSQLResults.lockUsageOfTargets, connection)
        }
        try batch.write(connection)
        return batch
    }

    /// Begins a transaction, and works out what follows from results.
    private init(_ results: [DeliveryResult], locking lock: String, _ connection: PostgreSQLConnection) throws {
        try read(results, locking: lock, connection)
        for result in results { fates.append(record(result)) }
    }

    private mutating func read(
        _ results: [DeliveryResult],
        locking lock: String,
        _ connection: PostgreSQLConnection
    ) throws {
        let ids = Array(Set(results.map(\.id)))
        let webhookIDs = PostgreSQLValue.ints(Array(Set(results.map(\.id.webhook))))
        let read = try connection.run([
            .begin, .init(lock, [webhookIDs]), .init(Self.webhooksStatement, [webhookIDs]),
            .init(Self.heldStatement, [.ints(ids.map(\.event)), .ints(ids.map(\.webhook))]),
        ])
        for row in read[2] {
            let webhook = Webhook(
                state: try WebhookRow.state(row.int(1), of: row.int32(0)),
                tenant: try row.text(2),
                target: try row.text(3),
                version: try row.int(4),
                counters: try WebhookRow.counters(row, from: 6)
            )
            webhooks[try row.int32(0)] = webhook
            pausedUntil[webhook.target] = max(pausedUntil[webhook.target] ?? 0, try row.int(5))
        }
        for row in read[3] {
            deliveries[DeliveryID(event: try row.int(0), webhook: try row.int32(1))] = Delivery(
                attempts: try row.count(2),
                due: try row.timestamp(3),
                isReplay: try row.bool(4),
                fence: try row.int(5),
                suffix: try row.bytes(6)
            )
        }
    }

    /// Works out what follows from a result. Returns what becomes of its delivery, nil where it does not count.
    private mutating func record(_ result: DeliveryResult) -> DeliveryFate? {
        guard var delivery = deliveries[result.id], var webhook = webhooks[result.id.webhook], delivery.isHeld,
            delivery.fence == result.fence
        else { return nil }
        let outcome = RecordedOutcome(
            of: result,
            on: DeliverySnapshot(
                attempts: delivery.attempts,
                due: delivery.due,
                isReplay: delivery.isReplay,
                webhookState: webhook.state,
                counters: webhook.counters,
                isPaused: (pausedUntil[webhook.target] ?? 0) > 0
            )
        )
        logged.append((result, outcome.fate == .delivered ? delivery.suffix : nil))
        delivery.isHeld = false
        delivery.row = outcome.row
        deliveries[result.id] = delivery
        if let row = outcome.row, row.state == .pending {
            dues[result.id.webhook] = min(dues[result.id.webhook] ?? .max, row.due.ticks)
        }
        if let counters = outcome.counters {
            webhook.counters = counters
            webhook.isCounted = true
        }
        if let pause = outcome.pause {
            pausedUntil[webhook.target] = if case .until(let end) = pause { end.ticks } else { 0 }
            pauses.insert(webhook.target)
        }
        if let change = outcome.stateChange {
            webhook.state = change.to
            stateChanges.append(change)
        }
        webhooks[result.id.webhook] = webhook
        return outcome.fate
    }

    /// Writes what was worked out, and ends the transaction.
    private mutating func write(_ connection: PostgreSQLConnection) throws {
        var calls = try writes()
        if !pauses.isEmpty {
            let targets = Array(pauses)
            calls.append(
                .init(Self.pauseStatement, [.texts(targets), .ints(targets.map { pausedUntil[$0] ?? 0 })])
            )
        }
        let written = try connection.run(calls + (stateChanges.isEmpty ? [.commit] : []))
        if !pauses.isEmpty {
            // They are due when they were before the pause.
            for row in written[calls.count - 1] { dues[try row.int32(0)] = DueWatermarks.ever }
        }
        guard !stateChanges.isEmpty else { return }
        let events = try stateChanges.compactMap { change in
            try PostgreSQLWebhookStates.carryOut(change, tenant: webhooks[change.webhook]?.tenant ?? "", connection)
        }
        dues.merge(try PostgreSQLSignals.commit(events, connection), uniquingKeysWith: min)
    }

    private func writes() throws -> [PostgreSQLConnection.Call] {
        let recorded = deliveries.filter { !$0.value.isHeld }
        let gone = recorded.filter { $0.value.row == nil }.map(\.key)
        let kept = recorded.compactMap { id, delivery in delivery.row.map { (id: id, row: $0) } }
        let counted = webhooks.filter(\.value.isCounted)
        let failures = counted.map(\.value.counters.failures)
        let results = logged.map(\.result)
        return [
            .init(Self.goneStatement, [.ints(gone.map(\.event)), .ints(gone.map(\.webhook))]),
            .init(
                Self.keptStatement,
                [
                    .ints(kept.map(\.id.event)), .ints(kept.map(\.id.webhook)), .ints(kept.map(\.row.state.rawValue)),
                    .ints(kept.map(\.row.attempts)), .ints(kept.map(\.row.due.ticks)),
                    .texts(kept.map { $0.row.reason.map(AttemptColumns.text) }),
                ]
            ),
            .init(
                Self.loggedStatement,
                [.ints(results.map(\.id.event)), .ints(results.map(\.id.webhook))]
                    + (try AttemptColumns.values(results.map(\.attempt))) + [.blobs(logged.map(\.deliveredSuffix))]
            ),
            .init(
                Self.countedStatement,
                [
                    .ints(counted.map(\.key)), .ints(counted.map(\.value.version)),
                    .ints(counted.map(\.value.counters.totalCalls)), .ints(counted.map(\.value.counters.totalErrors)),
                    .ints(failures.map(\.count)),
                    .texts(counted.map { $0.value.counters.lastError.map(AttemptColumns.text) }),
                    .ints(failures.map { $0.began?.ticks }), .ints(failures.map { $0.latest?.ticks }),
                ]
            ),
        ]
    }

    static let webhooksStatement = """
        SELECT w.id, w.state, w.tenant, w.target, u.version, u.paused_until, \(WebhookRow.counters)
        FROM unnest($1::int8[]) AS i (id) JOIN webhook w ON w.id = i.id
        CROSS JOIN LATERAL (
            SELECT * FROM webhook_usage u WHERE u.webhook_id = w.id ORDER BY u.version DESC LIMIT 1
        ) AS u
        """

    static let heldStatement = """
        SELECT d.event_id, d.webhook_id, d.attempts, d.due, d.is_replay, d.fence, d.body_suffix
        FROM unnest($1::int8[], $2::int8[]) AS i (event_id, webhook_id)
        JOIN delivery d ON d.event_id = i.event_id AND d.webhook_id = i.webhook_id
        WHERE d.state <> 1 AND d.owner IS NOT NULL
        ORDER BY d.event_id, d.webhook_id
        FOR UPDATE OF d
        """

    static let goneStatement = """
        DELETE FROM delivery d USING unnest($1::int8[], $2::int8[]) AS i (event_id, webhook_id)
        WHERE d.event_id = i.event_id AND d.webhook_id = i.webhook_id
        """

    static let keptStatement = """
        UPDATE delivery d
        SET owner = NULL, state = i.state, attempts = i.attempts, due = i.due, reason = i.reason
        FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[], $5::int8[], $6::text[])
            AS i (event_id, webhook_id, state, attempts, due, reason)
        WHERE d.event_id = i.event_id AND d.webhook_id = i.webhook_id
        """

    static let loggedStatement = """
        INSERT INTO attempt (\(InsertedColumns.attempt.sqlList))
        SELECT * FROM unnest($1::int8[], $2::int8[], \(AttemptColumns.parameters(from: 3)), $13::bytea[])
        """

    static let countedStatement = """
        UPDATE webhook_usage u
        SET version = u.version + 1, total_calls = i.calls, total_errors = i.errors, consecutive_errors = i.consecutive,
            last_error = i.last_error, failing_since = i.failing_since, last_failure = i.last_failure
        FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[], $5::int8[], $6::text[], $7::int8[], $8::int8[])
            AS i (webhook_id, version, calls, errors, consecutive, last_error, failing_since, last_failure)
        WHERE u.webhook_id = i.webhook_id AND u.version = i.version
        """

    /// Returns the webhooks whose pause is over.
    static let pauseStatement = """
        WITH paused AS (
            UPDATE webhook_usage u SET version = u.version + 1, paused_until = p.until
            FROM unnest($1::text[], $2::int8[]) AS p (target, until) JOIN webhook w ON w.target = p.target
            WHERE u.webhook_id = w.id AND u.paused_until <> p.until
            RETURNING u.webhook_id, u.paused_until
        )
        SELECT webhook_id FROM paused WHERE paused_until = 0
        """
}
