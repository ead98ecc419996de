package import PostgreSQLClient
import PostgreSQLInstallation
package import StoreContracts
import StoreSupport
import Synchronization
import WebhookModel

/// Takes events in: all that waits goes into one statement and one commit.
package final class PostgreSQLSignals: Sendable {
    private let batches: CallBatches<Event, Int>
    private let counts: Counts

    /// Bytes of bodies that one batch may hold, unless it is one event.
    private static let bytesPerBatch = 4 << 20

    private final class Counts: Sendable {
        let value = Mutex(CommitCounts())
    }

    package init(_ lane: PostgreSQLLane, due: PostgreSQLDue) {
        let counts = Counts()
        self.counts = counts
        batches = CallBatches(weightLimit: Self.bytesPerBatch) { events, waited in
            // The batch before this one may have found no database, or one that is halted. Its wait is part of this one's.
            let limit = max(PostgreSQLConnection.usualAnswerLimit - waited, PostgreSQLLane.patience)
            let taken = await lane.attempt(patience: PostgreSQLLane.patience - waited) { connection in
                connection.answerLimit = limit
                return try connection.run([.begin, PostgreSQLLock.shareWebhooks, Self.call(events), .commit])[2]
                    .map(Taken.init)
            }
            return taken.map { rows in
                counts.value.withLock { counts in
                    counts.commits += 1
                    counts.signals += events.count
                }
                let outcome = Outcome(rows, events: events.count)
                due.announce(outcome.dues)
                return outcome.deliveries
            }
        }
    }

    /// Refuses all further events, and returns when those that wait have been taken in.
    package func close() async { await batches.close() }

    package var commitCounts: CommitCounts { counts.value.withLock { $0 } }

    package func signal(_ event: Event, completion: @escaping @Sendable (Result<Int, StoreError>) -> Void) {
        // No webhook listens to a name with a NUL: PostgreSQL does not keep one.
        guard !event.name.utf8.contains(0), !event.tenant.utf8.contains(0) else { return completion(.success(0)) }
        batches.call(event, weight: event.bodyHead.count + event.bodyTail.count, completion: completion)
    }

    /// Ends a transaction that changes which webhooks are Active, or how they are delivered to, and takes in the events
    /// that tell of it. Returns since when something is due.
    ///
    /// Only here is ``PostgreSQLLock/ownWebhooks`` held, for as long as the server takes for this and no round trip: it
    /// waits for those who take events in by what was so before, and keeps others from beginning.
    package static func commit(_ events: [Event], _ connection: PostgreSQLConnection) throws -> [Int32: Int64] {
        guard !events.isEmpty else {
            try connection.run([PostgreSQLLock.ownWebhooks, .commit])
            return [:]
        }
        let rows = try connection.run([PostgreSQLLock.ownWebhooks, call(events), .commit])[1]
        return Outcome(try rows.map(Taken.init), events: events.count).dues
    }

    private struct Taken: Sendable {
        let kind: Int64
        let subject: Int64
        let value: Int64

        init(_ row: PostgreSQLRow) throws(StoreError) {
            (kind, subject, value) = (try row.int(0), try row.int(1), try row.int(2))
        }
    }

    private struct Outcome {
        var deliveries: [Int]
        var dues: [Int32: Int64] = [:]

        init(_ rows: [Taken], events: Int) {
            deliveries = Array(repeating: 0, count: events)
            var made: [Int64: Int] = [:]
            for row in rows where row.kind == 0 { made[row.subject] = Int(row.value) }
            for row in rows {
                switch row.kind {
                case 1: dues[Int32(truncatingIfNeeded: row.subject)] = row.value
                case 2: deliveries[Int(row.value) - 1] = made[row.subject] ?? 0
                default: break
                }
            }
        }
    }

    package static func call(_ events: [Event]) -> PostgreSQLConnection.Call {
        .init(
            statement,
            [
                .uuids(events.map(\.id)), .texts(events.map(\.tenant)), .texts(events.map(\.name)),
                .texts(events.map { EventName.key($0.name) }), .texts(events.map { $0.otherName.map(EventName.key) }),
                .ints(events.map { Int64($0.excludedWebhook ?? 0) as Int64? }), .blobs(events.map(\.bodyHead)),
                .blobs(events.map(\.bodyTail)), .ints(events.map(\.time.ticks)),
                .text(UnsentReason.undeliverable.before), .text(UnsentReason.undeliverable.after),
                .ints(events.map { ($0.missed.rowState?.rawValue).map(Int64.init) }),
            ]
        )
    }

    /// Who listens is decided here, by what is committed when it runs: no process keeps a list of its own. An event that
    /// nobody listens to leaves nothing but a gap in the numbers.
    ///
    /// `OFFSET 0` keeps the planner from reading all webhooks first, which is cheap only as long as there are few.
    ///
    /// Returns for each event how many deliveries it made, for each webhook since when it has something due, and the
    /// events' numbers by their places.
    package static let statement = """
        WITH input AS MATERIALIZED (
            SELECT nextval('event_id_seq') AS id, i.*
            FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int8[], $7::bytea[], $8::bytea[],
                $9::int8[], $12::int8[]) WITH ORDINALITY
                AS i (guid, tenant, name, name_key, other_key, excluded, body_head, body_tail, created, missed, place)
        ), made AS (
            INSERT INTO delivery (\(InsertedColumns.signalledDelivery.sqlList))
            SELECT i.id, w.id,
                CASE WHEN NOT w.is_deliverable THEN 1 WHEN w.state = 1 THEN 0 ELSE i.missed END, 0, i.created, 0, w.body_suffix,
                CASE WHEN NOT w.is_deliverable THEN $10::text || w.type || $11::text END
            FROM input i
            CROSS JOIN LATERAL (VALUES (i.name_key), (i.other_key)) AS k (key)
            CROSS JOIN LATERAL (
                SELECT webhook_id FROM webhook_event
                WHERE hashtextextended(event_key, hashtext(tenant)) = hashtextextended(k.key, hashtext(i.tenant))
                    AND event_key = k.key AND tenant = i.tenant OFFSET 0
            ) AS l
            CROSS JOIN LATERAL (
                SELECT id, state, is_deliverable, type, body_suffix FROM webhook
                WHERE id = l.webhook_id AND (state = 1 OR state = 3 AND i.missed IS NOT NULL) AND id <> i.excluded
                OFFSET 0
            ) AS w
            ON CONFLICT DO NOTHING
            RETURNING event_id, webhook_id, state, due
        ), heard AS (
            SELECT event_id, count(*) AS deliveries FROM made GROUP BY event_id
        ), stored AS (
            INSERT INTO event (\(StoreTable.event.columns.sqlList)) SELECT \(StoreTable.event.columns.sqlList) FROM input
            WHERE (id IN (SELECT event_id FROM heard)) IS TRUE
        )
        SELECT 0, event_id, deliveries FROM heard
        UNION ALL SELECT 1, webhook_id, min(due) FROM made WHERE state = 0 GROUP BY webhook_id
        UNION ALL SELECT 2, id, place FROM input
        """
}
