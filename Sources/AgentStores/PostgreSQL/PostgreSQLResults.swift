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

    init(_ lane: PostgreSQLLane, due: PostgreSQLDue, settling: PostgreSQLSettling) {
        let settle: @Sendable ([[DeliveryResult]]) async -> Result<[[Bool]], any Error> = { calls in
            let results = calls.flatMap(\.self)
            let settled = await lane.attempt { try Settlement.carryOut(results, $0) }
            if case .success(let settled) = settled {
                due.marks.forget(results.map(\.id.webhook))
                due.announce(settled.dues)
                if !settled.changed.isEmpty { await settling.follow(settled.changed, on: lane) }
            }
            return settled.map { Self.split($0.counted, like: calls) }
        }
        others = CallBatches(weightLimit: Self.resultsPerBatch, carryOut: { calls, _ in await settle(calls) })
        arrived = CallBatches(weightLimit: Self.resultsPerBatch) { calls, _ in
            let results = calls.flatMap(\.self)
            switch await lane.attempt({ try Arrival.carryOut(results, $0) }) {
            case .success(true):
                due.marks.forget(results.map(\.id.webhook))
                return .success(calls.map { $0.map { _ in true } })
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
                    failures: FailureRow(count: consecutive[result.id.webhook] ?? Int(row.int(4)))
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
            SET version = u.version + 1, total_calls = u.total_calls + c.calls, consecutive_errors = 0,
                failing_since = NULL, last_failure = NULL
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

extension PostgreSQLStore {
    package func record(_ results: [DeliveryResult]) async throws(StoreError) -> [Bool] {
        try await self.results.record(results)
    }
}
