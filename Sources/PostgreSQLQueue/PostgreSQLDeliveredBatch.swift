import PostgreSQLClient
import StoreContracts
import StoreSupport

/// Results of attempts that all delivered, recorded in one round trip.
///
/// This is the one shortcut: here SQL decides what ``RecordedOutcome`` decides everywhere else. A delivery that arrived leaves the
/// queue whatever the store holds, and ends its webhook's failures in a row. A batch in which a result does not
/// count, or a webhook is paused, is left to ``PostgreSQLResultBatch``.
enum PostgreSQLDeliveredBatch {
    /// Records all of the results, or nothing. Returns whether it did.
    static func carryOut(_ results: [DeliveryResult], _ connection: PostgreSQLConnection) throws -> Bool {
        guard Set(results.map(\.id)).count == results.count else { return false }
        let webhooks = results.map(\.id.webhook)
        let values: [PostgreSQLValue] = [
            .ints(results.map(\.id.event)), .ints(webhooks), .ints(results.map(\.fence)),
        ]
        return try connection.run([
            .begin, .init(PostgreSQLResults.lockUsage, [.ints(webhooks)]),
            .init(statement, values + AttemptColumns.values(results.map(\.attempt))), .commit,
        ])[2][0].bool(0)
    }

    static let statement = """
        WITH held AS MATERIALIZED (
            SELECT i.*, d.body_suffix, d.is_replay, u.version
            FROM unnest($1::int8[], $2::int8[], $3::int8[], \(AttemptColumns.parameters(from: 4))) WITH ORDINALITY
                AS i (event_id, webhook_id, fence, \(AttemptColumns.names), place)
            JOIN delivery d ON d.event_id = i.event_id AND d.webhook_id = i.webhook_id
            JOIN webhook w ON w.id = i.webhook_id
            CROSS JOIN LATERAL (
                SELECT version, paused_until FROM webhook_usage WHERE webhook_id = i.webhook_id
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
            INSERT INTO attempt (\(InsertedColumns.attempt.sqlList))
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
        SELECT is_so FROM complete
        """
}
