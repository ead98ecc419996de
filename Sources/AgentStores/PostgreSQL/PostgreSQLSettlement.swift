import AgentCore

/// Results that are decided on what stands in the store.
struct Settlement {
    var counted: [Bool]
    var dues: [Int32: Int64] = [:]
    /// The webhooks whose state has changed, with the time: their deliveries have to follow.
    var changed: [Int32: Timestamp] = [:]

    private mutating func announce(_ due: Timestamp, of webhook: Int32) {
        dues[webhook] = min(dues[webhook] ?? .max, due.ticks)
    }

    static func carryOut(_ results: [DeliveryResult], _ connection: PostgreSQLConnection) throws -> Settlement {
        try carryOut(results, affectsOthers: false, connection)
            ?? carryOut(results, affectsOthers: true, connection)
            ?? Settlement(counted: results.map { _ in false })
    }

    /// A delivery as it is held, and as it becomes.
    private struct Delivery {
        var attempts: Int
        let isReplay: Bool
        let fence: Int64
        let suffix: [UInt8]
        var isHeld = true
        var isGone = false
        var state = RowState.pending
        var due: Int64?
        var reason: String?
    }

    private struct Webhook {
        var state: WebhookState
        let tenant: String
        let target: String
        let version: Int64
        var usage: WebhookUsage
        var failures: FailureRow
        var isCounted = false
    }

    /// - Parameter affectsOthers: Whether the decisions may reach the other webhooks of a target, which are locked then.
    /// - Returns: nil when they do although they may not; then nothing is changed.
    private static func carryOut(
        _ results: [DeliveryResult],
        affectsOthers: Bool,
        _ connection: PostgreSQLConnection
    ) throws -> Settlement? {
        let webhookIDs = Array(Set(results.map(\.id.webhook)))
        let ids = Array(Set(results.map(\.id)))
        let events = PostgreSQLValue.ints(ids.map(\.event))
        let lock = affectsOthers ? PostgreSQLResults.lockUsageOfTargets : PostgreSQLResults.lockUsage
        let read = try connection.run([
            .begin, .init(lock, [.ints(webhookIDs)]), .init(webhooksStatement, [.ints(webhookIDs)]),
            .init(heldStatement, [events, .ints(ids.map(\.webhook))]),
        ]).suffix(2)
        var webhooks: [Int32: Webhook] = [:]
        var pausedUntil: [String: Int64] = [:]
        for row in read[read.startIndex] {
            let id = row.int32(0)
            let webhook = try webhook(row)
            webhooks[id] = webhook
            pausedUntil[webhook.target] = max(pausedUntil[webhook.target] ?? 0, row.int(9))
        }
        var deliveries: [DeliveryID: Delivery] = [:]
        for row in read[read.startIndex + 1] {
            deliveries[DeliveryID(event: row.int(0), webhook: row.int32(1))] = Delivery(
                attempts: Int(row.int(2)),
                isReplay: row.bool(3),
                fence: row.int(4),
                suffix: row.bytes(5)
            )
        }
        var settlement = Settlement(counted: [])
        var logged: [DeliveryResult] = []
        var deliveredSuffixes: [[UInt8]?] = []
        var pauses: [String: Int64] = [:]
        var changes: [(result: DeliveryResult, from: WebhookState, to: WebhookState)] = []
        for result in results {
            guard var delivery = deliveries[result.id], var webhook = webhooks[result.id.webhook],
                delivery.isHeld, delivery.fence == result.fence
            else {
                settlement.counted.append(false)
                continue
            }
            let decision = result.decide(
                DeliverySnapshot(
                    attempts: delivery.attempts,
                    isReplay: delivery.isReplay,
                    webhookState: webhook.state,
                    failures: webhook.failures
                )
            )
            settlement.counted.append(true)
            logged.append(result)
            deliveredSuffixes.append(decision.fate == .delivered ? delivery.suffix : nil)
            delivery.isHeld = false
            delivery.attempts += decision.isCounted ? 1 : 0
            delivery.reason = decision.error
            switch decision.fate {
            case .delivered: delivery.isGone = true
            case .retry(let time):
                delivery.due = time.ticks
                settlement.announce(time, of: result.id.webhook)
            case .postponed(let time):
                delivery.due = time.ticks
                delivery.state = webhook.state == .active ? .pending : .parked
                settlement.announce(time, of: result.id.webhook)
            case .parked(let attempts):
                delivery.attempts = attempts
                delivery.state = .parked
            case .failed:
                delivery.state = .failed
                delivery.due = result.ended.ticks
            }
            if !delivery.isReplay, decision.isCounted {
                webhook.usage.count(decision)
                webhook.failures = decision.failures
                webhook.isCounted = true
                let paused = pauses[webhook.target] ?? pausedUntil[webhook.target] ?? 0
                if let pause = decision.pauseUntil?.ticks ?? (decision.error == nil && paused > 0 ? 0 : nil) {
                    pauses[webhook.target] = pause
                }
            }
            if let state = decision.webhookState, state != webhook.state {
                changes.append((result, webhook.state, state))
                webhook.state = state
            }
            deliveries[result.id] = delivery
            webhooks[result.id.webhook] = webhook
        }
        guard affectsOthers || pauses.isEmpty else {
            try connection.rollBack()
            return nil
        }
        var calls = try writes(deliveries.filter { !$0.value.isHeld }, logged, deliveredSuffixes, webhooks)
        if !pauses.isEmpty {
            let pauses = Array(pauses)
            calls.append(.init(pauseStatement, [.texts(pauses.map(\.key)), .ints(pauses.map(\.value))]))
        }
        let written = try connection.run(calls + (changes.isEmpty ? [.commit] : []))
        if !pauses.isEmpty {
            // They are due when they were before the pause.
            for row in written[calls.count - 1] { settlement.dues[row.int32(0)] = DueMarks.ever }
        }
        guard !changes.isEmpty else { return settlement }
        let stateEvents = try changes.compactMap { change in
            try PostgreSQLStore.setState(
                change.to,
                from: change.from,
                of: change.result.id.webhook,
                tenant: webhooks[change.result.id.webhook]?.tenant ?? "",
                seed: change.result.stateEvent,
                changedBy: 0,
                time: change.result.ended,
                connection
            )
        }
        let dues = try PostgreSQLSignals.commit(stateEvents, connection)
        settlement.dues.merge(dues, uniquingKeysWith: min)
        settlement.changed = Dictionary(changes.map { ($0.result.id.webhook, $0.result.ended) }) { $1 }
        return settlement
    }

    private static func webhook(_ row: PostgreSQLRow) throws -> Webhook {
        Webhook(
            state: try WebhookRow.state(Int16(row.int(1)), of: row.int32(0)),
            tenant: row.text(2),
            target: row.text(3),
            version: row.int(4),
            usage: PostgreSQLWebhookRow.usage(row, from: 5),
            failures: FailureRow(
                count: Int(row.int(7)),
                began: row.optionalInt(10).map(Timestamp.init(ticks:)),
                latest: row.optionalInt(11).map(Timestamp.init(ticks:))
            )
        )
    }

    private static func writes(
        _ deliveries: [DeliveryID: Delivery],
        _ results: [DeliveryResult],
        _ suffixes: [[UInt8]?],
        _ webhooks: [Int32: Webhook]
    ) throws -> [PostgreSQLConnection.Call] {
        let gone = deliveries.filter(\.value.isGone).map(\.key)
        let kept = deliveries.filter { !$0.value.isGone }
        let counted = webhooks.filter(\.value.isCounted)
        let ids: [PostgreSQLValue] = [.ints(results.map(\.id.event)), .ints(results.map(\.id.webhook))]
        return [
            .init(goneStatement, [.ints(gone.map(\.event)), .ints(gone.map(\.webhook))]),
            .init(
                keptStatement,
                [
                    .ints(kept.map(\.key.event)), .ints(kept.map(\.key.webhook)),
                    .ints(kept.map(\.value.state.rawValue)), .ints(kept.map(\.value.attempts)),
                    .ints(kept.map(\.value.due)), .texts(kept.map { $0.value.reason.map(AttemptColumns.text) }),
                ]
            ),
            .init(
                loggedStatement,
                ids + (try AttemptColumns.values(results.map(\.attempt))) + [.blobs(suffixes)]
            ),
            .init(
                countedStatement,
                [
                    .ints(counted.map(\.key)), .ints(counted.map(\.value.version)),
                    .ints(counted.map(\.value.usage.totalCalls)), .ints(counted.map(\.value.usage.totalErrors)),
                    .ints(counted.map(\.value.usage.consecutiveErrors)),
                    .texts(counted.map { $0.value.usage.lastError.map(AttemptColumns.text) }),
                    .ints(counted.map { $0.value.failures.began?.ticks }),
                    .ints(counted.map { $0.value.failures.latest?.ticks }),
                ]
            ),
        ]
    }

    static let webhooksStatement = """
        SELECT w.id, w.state, w.tenant, w.target, u.version, u.total_calls, u.total_errors, u.consecutive_errors,
            u.last_error, u.paused_until, u.failing_since, u.last_failure
        FROM unnest($1::int8[]) AS i (id) JOIN webhook w ON w.id = i.id
        CROSS JOIN LATERAL (
            SELECT * FROM webhook_usage u WHERE u.webhook_id = w.id ORDER BY u.version DESC LIMIT 1
        ) AS u
        """

    static let heldStatement = """
        SELECT d.event_id, d.webhook_id, d.attempts, d.is_replay, d.fence, d.body_suffix
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
        SET owner = NULL, state = i.state, attempts = i.attempts, due = coalesce(i.due, d.due), reason = i.reason
        FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[], $5::int8[], $6::text[])
            AS i (event_id, webhook_id, state, attempts, due, reason)
        WHERE d.event_id = i.event_id AND d.webhook_id = i.webhook_id
        """

    static let loggedStatement = """
        INSERT INTO attempt (event_id, webhook_id, \(AttemptColumns.names), delivered_suffix)
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

extension DeliveryResult {
    /// When its attempt was over.
    fileprivate var ended: Timestamp { attempt.started.advanced(by: attempt.duration) }
}
