package import AgentCore
import Foundation

/// Records results: all that waits goes into one transaction.
///
/// What arrived, which is most, is recorded in one round trip: that it was delivered does not depend on what stands in
/// the store. Everything else is decided on what is read under locks in the same transaction.
final class PostgreSQLResults: Sendable {
    private let arrived: CallBatches<[DeliveryResult], [Bool]>
    private let others: CallBatches<[DeliveryResult], [Bool]>

    /// Results that one batch may hold, unless they are of one call.
    private static let resultsPerBatch = 512

    init(_ location: PostgreSQLLocation, due: PostgreSQLDue) {
        let lane = PostgreSQLLane(location, name: "results", connections: 2)
        let settle: @Sendable ([[DeliveryResult]]) async -> Result<[[Bool]], any Error> = { calls in
            let settled = await lane.attempt { try Settlement.carryOut(calls.flatMap(\.self), $0) }
            return settled.map { settled in
                due.announce(settled.dues)
                return Self.split(settled.counted, like: calls)
            }
        }
        others = CallBatches(weightLimit: Self.resultsPerBatch, carryOut: { calls, _ in await settle(calls) })
        arrived = CallBatches(weightLimit: Self.resultsPerBatch) { calls, _ in
            let results = calls.flatMap(\.self)
            switch await lane.attempt({ try Arrival.carryOut(results, $0) }) {
            case .success(true): return .success(calls.map { $0.map { _ in true } })
            case .success(false): return await settle(calls)
            case .failure(let error): return .failure(error)
            }
        }
    }

    func record(_ results: [DeliveryResult]) async throws(StoreError) -> [Bool] {
        guard !results.isEmpty else { return [] }
        let haveArrived = results.allSatisfy { result in
            result.decide(DeliverySnapshot(attempts: result.attempt.retry)).fate == .delivered
        }
        return try await (haveArrived ? arrived : others).call(results, weight: results.count)
    }

    private static func split(_ counted: [Bool], like calls: [[DeliveryResult]]) -> [[Bool]] {
        var rest = counted[...]
        return calls.map { call in
            defer { rest = rest.dropFirst(call.count) }
            return Array(rest.prefix(call.count))
        }
    }

    /// Whoever changes a webhook's counters, or its deliveries as a result or a save asks for, holds its usage row from
    /// the first statement on: so that what the next statement reads of the webhook is still so when it commits.
    ///
    /// In the order of the ids, so that two that lock several do not wait for each other.
    static let lockUsage = """
        SELECT count(*) FROM (SELECT DISTINCT id FROM unnest($1::int8[]) AS x (id) ORDER BY id) AS i
        CROSS JOIN LATERAL (
            SELECT 1 FROM webhook_usage u WHERE u.webhook_id = i.id ORDER BY u.version DESC LIMIT 1 FOR UPDATE
        ) AS u
        """

    /// The same, with every webhook that leads to the same targets.
    static let lockUsageOfTargets = """
        SELECT count(*) FROM (
            SELECT DISTINCT o.id FROM unnest($1::int8[]) AS x (id) JOIN webhook w ON w.id = x.id
            JOIN webhook o ON o.target = w.target ORDER BY o.id
        ) AS i
        CROSS JOIN LATERAL (
            SELECT 1 FROM webhook_usage u WHERE u.webhook_id = i.id ORDER BY u.version DESC LIMIT 1 FOR UPDATE
        ) AS u
        """
}

/// The columns of `attempt` that a result fills, as arrays.
enum AttemptColumns {
    static let names =
        "url, own_headers, started, duration, retry, status, error_class, summary, signature, answer"

    /// As parameters from number `first` on.
    static func parameters(from first: Int) -> String {
        let types = ["text", "text", "int8", "int8", "int8", "int8", "text", "text", "text", "bytea"]
        return types.enumerated().map { "$\(first + $0.offset)::\($0.element)[]" }.joined(separator: ", ")
    }

    static func values(_ attempts: [Attempt]) throws -> [PostgreSQLValue] {
        [
            .texts(attempts.map { text($0.url) }),
            .texts(try attempts.map { $0.ownHeaders.isEmpty ? nil : try WebhookRow.json($0.ownHeaders) }),
            .ints(attempts.map(\.started.ticks)), .ints(attempts.map { WebhookRow.ticks($0.duration) }),
            .ints(attempts.map(\.retry)), .ints(attempts.map { $0.status.map(Int64.init) }),
            .texts(attempts.map(\.errorClass)), .texts(attempts.map { text($0.summary) }),
            .texts(attempts.map(\.signature)), .blobs(attempts.map(\.answer)),
        ]
    }

    /// PostgreSQL keeps no NUL, and a result must not be refused for one.
    static func text(_ text: String) -> String {
        text.utf8.contains(0) ? text.replacing("\0", with: "\u{FFFD}") : text
    }
}

/// Results of attempts that arrived.
enum Arrival {
    /// Records all of them, or nothing where one of them does not count or ends a pause. Returns whether it did.
    static func carryOut(_ results: [DeliveryResult], _ connection: PostgreSQLConnection) throws -> Bool {
        guard Set(results.map(\.id)).count == results.count else { return false }
        let webhooks = results.map(\.id.webhook)
        let values: [PostgreSQLValue] = [
            .ints(results.map(\.id.event)), .ints(webhooks), .ints(results.map(\.fence)),
        ]
        let rows = try connection.run([
            .begin, .init(PostgreSQLResults.lockUsage, [.ints(webhooks)]),
            .init(statement, values + AttemptColumns.values(results.map(\.attempt))), .commit,
        ])[2]
        guard rows.count == results.count else { return false }
        var consecutive: [Int32: Int] = [:]
        for row in rows {
            let result = results[Int(row.int(0)) - 1]
            let isReplay = row.bool(2)
            _ = result.decide(
                DeliverySnapshot(
                    attempts: Int(row.int(1)),
                    isReplay: isReplay,
                    webhookState: try WebhookRow.state(Int16(row.int(3)), of: result.id.webhook),
                    consecutiveErrors: consecutive[result.id.webhook] ?? Int(row.int(4))
                )
            )
            if !isReplay { consecutive[result.id.webhook] = 0 }
        }
        return true
    }

    static let statement = """
        WITH held AS MATERIALIZED (
            SELECT i.*, d.body_suffix, d.is_replay, d.attempts, w.state AS webhook_state, u.version, u.consecutive_errors
            FROM unnest($1::int8[], $2::int8[], $3::int8[], \(AttemptColumns.parameters(from: 4))) WITH ORDINALITY
                AS i (event_id, webhook_id, fence, \(AttemptColumns.names), place)
            JOIN delivery d ON d.event_id = i.event_id AND d.webhook_id = i.webhook_id
            JOIN webhook w ON w.id = i.webhook_id
            CROSS JOIN LATERAL (
                SELECT version, consecutive_errors, paused_until FROM webhook_usage WHERE webhook_id = i.webhook_id
                ORDER BY version DESC LIMIT 1
            ) AS u
            WHERE d.fence = i.fence AND d.state <> 1 AND d.owner IS NOT NULL AND u.paused_until = 0
            ORDER BY i.event_id, i.webhook_id
            FOR UPDATE OF d
        ), complete AS MATERIALIZED (
            SELECT count(*) = cardinality($1::int8[]) AS is_so FROM held
        ), gone AS (
            DELETE FROM delivery d USING held h
            WHERE d.event_id = h.event_id AND d.webhook_id = h.webhook_id AND (SELECT is_so FROM complete)
        ), logged AS (
            INSERT INTO attempt (event_id, webhook_id, \(AttemptColumns.names), delivered_suffix)
            SELECT event_id, webhook_id, \(AttemptColumns.names), body_suffix FROM held
            WHERE (SELECT is_so FROM complete) ORDER BY place
        ), counted AS (
            UPDATE webhook_usage u
            SET version = u.version + 1, total_calls = u.total_calls + c.calls, consecutive_errors = 0
            FROM (
                SELECT webhook_id, version, count(*) AS calls FROM held
                WHERE NOT is_replay AND (SELECT is_so FROM complete) GROUP BY webhook_id, version
            ) AS c
            WHERE u.webhook_id = c.webhook_id AND u.version = c.version
        )
        SELECT place, attempts, is_replay, webhook_state, consecutive_errors FROM held
        WHERE (SELECT is_so FROM complete) ORDER BY place
        """
}

/// Results that are decided on what stands in the store.
struct Settlement {
    var counted: [Bool]
    var dues: [Int32: Int64] = [:]

    private mutating func announce(_ due: Timestamp, of webhook: Int32) {
        dues[webhook] = min(dues[webhook] ?? .max, due.ticks)
    }

    static func carryOut(
        _ results: [DeliveryResult],
        _ connection: PostgreSQLConnection
    ) throws -> (counted: [Bool], dues: [Int32: Int64]) {
        let settled =
            try carryOut(results, affectsOthers: false, connection)
            ?? carryOut(results, affectsOthers: true, connection)
        return (settled?.counted ?? results.map { _ in false }, settled?.dues ?? [:])
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
        var isCounted = false
    }

    /// - Parameter affectsOthers: Whether the decisions may reach beyond the results' webhooks, for which more is locked.
    /// - Returns: nil when they do although they may not; then nothing is changed.
    private static func carryOut(
        _ results: [DeliveryResult],
        affectsOthers: Bool,
        _ connection: PostgreSQLConnection
    ) throws -> Settlement? {
        let webhookIDs = Array(Set(results.map(\.id.webhook)))
        let ids = Array(Set(results.map(\.id)))
        let events = PostgreSQLValue.ints(ids.map(\.event))
        let lock =
            affectsOthers
            ? [
                PostgreSQLLock.ownWebhooks,
                PostgreSQLConnection.Call(PostgreSQLResults.lockUsageOfTargets, [.ints(webhookIDs)]),
            ] : [.init(PostgreSQLResults.lockUsage, [.ints(webhookIDs)])]
        let read = try connection.run(
            [.begin] + lock + [
                .init(webhooksStatement, [.ints(webhookIDs)]),
                .init(heldStatement, [events, .ints(ids.map(\.webhook))]),
            ]
        ).suffix(2)
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
                    consecutiveErrors: webhook.usage.consecutiveErrors
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
                webhook.usage.count(error: decision.lastError.map(AttemptColumns.text))
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
        guard affectsOthers || (pauses.isEmpty && changes.isEmpty) else {
            try connection.rollBack()
            return nil
        }
        var calls = try writes(deliveries.filter { !$0.value.isHeld }, logged, deliveredSuffixes, webhooks)
        if !pauses.isEmpty {
            let pauses = Array(pauses)
            calls.append(.init(pauseStatement, [.texts(pauses.map(\.key)), .ints(pauses.map(\.value))]))
        }
        guard !changes.isEmpty else {
            try connection.run(calls + [.commit])
            return settlement
        }
        try connection.run(calls)
        for change in changes {
            let dues = try PostgreSQLStore.setState(
                change.to,
                from: change.from,
                of: change.result.id.webhook,
                tenant: webhooks[change.result.id.webhook]?.tenant ?? "",
                seed: change.result.stateEvent,
                changedBy: 0,
                time: change.result.ended,
                connection
            )
            settlement.dues.merge(dues, uniquingKeysWith: min)
        }
        try connection.run([.commit])
        return settlement
    }

    private static func webhook(_ row: PostgreSQLRow) throws -> Webhook {
        Webhook(
            state: try WebhookRow.state(Int16(row.int(1)), of: row.int32(0)),
            tenant: row.text(2),
            target: row.text(3),
            version: row.int(4),
            usage: PostgreSQLWebhookRow.usage(row, from: 5)
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
                    .ints(counted.map(\.value.usage.consecutiveErrors)), .texts(counted.map(\.value.usage.lastError)),
                ]
            ),
        ]
    }

    static let webhooksStatement = """
        SELECT w.id, w.state, w.tenant, w.target, u.version, u.total_calls, u.total_errors, u.consecutive_errors,
            u.last_error, u.paused_until
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
            last_error = i.last_error
        FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[], $5::int8[], $6::text[])
            AS i (webhook_id, version, calls, errors, consecutive, last_error)
        WHERE u.webhook_id = i.webhook_id AND u.version = i.version
        """

    static let pauseStatement = """
        UPDATE webhook_usage u SET version = u.version + 1, paused_until = p.until
        FROM unnest($1::text[], $2::int8[]) AS p (target, until) JOIN webhook w ON w.target = p.target
        WHERE u.webhook_id = w.id
        """
}

extension DeliveryResult {
    /// When its attempt was over.
    fileprivate var ended: Timestamp { attempt.started.advanced(by: attempt.duration) }
}

extension PostgreSQLStore {
    package func record(_ results: [DeliveryResult]) async throws(StoreError) -> [Bool] {
        try await self.results.record(results)
    }
}
