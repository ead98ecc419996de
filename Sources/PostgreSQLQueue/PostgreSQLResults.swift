import Foundation
package import PostgreSQLClient
package import StoreContracts

/// Records results: all that waits goes into one transaction.
///
/// Results of attempts that delivered, which are most, take a shortcut of one round trip (``PostgreSQLDeliveredBatch``). What
/// follows from all other results is worked out from rows that the same transaction reads under locks
/// (``PostgreSQLResultBatch``).
package final class PostgreSQLResults: Sendable {
    private let delivered: CallBatches<[DeliveryResult], [DeliveryFate?]>
    private let outcomes: CallBatches<[DeliveryResult], [DeliveryFate?]>

    /// Results that one batch may hold, unless they are of one call.
    private static let resultsPerBatch = 512

    package init(_ lane: PostgreSQLLane, due: PostgreSQLDue, settling: PostgreSQLSettling) {
        let record: @Sendable ([[DeliveryResult]]) async -> Result<[[DeliveryFate?]], any Error> = { calls in
            let results = calls.flatMap(\.self)
            let recorded = await lane.attempt { try PostgreSQLResultBatch.carryOut(results, $0) }
            if case .success(let recorded) = recorded {
                due.marks.forget(results.map(\.id.webhook))
                due.announce(recorded.dues)
                if !recorded.changed.isEmpty { await settling.follow(recorded.changed, on: lane) }
            }
            return recorded.map { Self.split($0.fates, like: calls) }
        }
        outcomes = CallBatches(weightLimit: Self.resultsPerBatch, executeBatch: { calls, _ in await record(calls) })
        delivered = CallBatches(weightLimit: Self.resultsPerBatch) { calls, _ in
            let results = calls.flatMap(\.self)
            switch await lane.attempt({ try PostgreSQLDeliveredBatch.carryOut(results, $0) }) {
            case .success(true):
                due.marks.forget(results.map(\.id.webhook))
                return .success(calls.map { $0.map { _ in .delivered } })
            case .success(false): return await record(calls)
            case .failure(let error): return .failure(error)
            }
        }
    }

    /// Refuses all further results, and returns when those that wait have been recorded.
    package func close() async {
        await delivered.close()
        await outcomes.close()
    }

    package func record(_ results: [DeliveryResult]) async throws(StoreError) -> [DeliveryFate?] {
        guard !results.isEmpty else { return [] }
        return try await (results.allSatisfy(\.isDelivered) ? delivered : outcomes).call(results, weight: results.count)
    }

    private static func split(_ fates: [DeliveryFate?], like calls: [[DeliveryResult]]) -> [[DeliveryFate?]] {
        var rest = fates[...]
        return calls.map { call in
            defer { rest = rest.dropFirst(call.count) }
            return Array(rest.prefix(call.count))
        }
    }

    /// A transaction that changes a webhook's counters, or its deliveries because of a result or a save, locks the webhook's
    /// usage row with its first statement. So the rows of the webhook that later statements read stay as they are until the
    /// commit.
    ///
    /// The rows are locked in the order of the ids, so that two transactions that lock several do not wait for each other.
    package static let lockUsage = """
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
