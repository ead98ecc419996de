import Foundation
import PostgreSQLClient
import PostgreSQLTestSupport
import StoreConformance
import StoreContracts
import StoreSupport
import TestSupport
import Testing
import WebhookModel

@testable import PostgreSQLInstallation
@testable import PostgreSQLQueue
@testable import PostgreSQLStorage

@Suite("PostgreSQL store whose webhooks have many deliveries", .postgreSQL, .timeLimit(.minutes(5)))
struct PostgreSQLSettlingTests {
    private static let count = 3000

    /// A webhook with so many pending deliveries.
    private func fill(_ store: PostgreSQLStore, _ name: String = "busy") async throws -> Webhook {
        let webhook = try await store.add(Sample.webhook(name, events: [name]))
        let time = Sample.start.ticks
        try await execute(
            """
            WITH made AS (
                INSERT INTO event (created, guid, tenant, name, name_key, body_head, body_tail)
                SELECT \(time), gen_random_uuid(), 'Default', 'e', 'e', '', '' FROM generate_series(1, \(Self.count))
                RETURNING id
            )
            INSERT INTO delivery (event_id, due, fence, webhook_id, attempts, state, body_suffix)
            SELECT id, \(time), 0, \(webhook.id), 0, 0, '' FROM made
            """,
            store
        )
        await store.sweep()
        return webhook
    }

    private func execute(_ sql: String, _ store: PostgreSQLStore) async throws {
        try await store.lanes.calls.run { try $0.execute(sql) }
    }

    /// Has every statement that changes deliveries note its transaction, how many there were, and whether it was done
    /// under the lock that keeps events from being taken in; and wait while somebody has the gate.
    private func watch(_ store: PostgreSQLStore) async throws {
        try await execute(
            """
            CREATE TABLE change (transaction int8, deliveries int8, is_exclusive boolean);
            CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM pg_advisory_xact_lock_shared(7, 'webhook'::regclass::oid::int4);
                INSERT INTO change SELECT txid_current(), (SELECT count(*) FROM changed), EXISTS (
                    SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = \(PostgreSQLLock.webhooks)
                        AND mode = 'ExclusiveLock' AND granted AND pid = pg_backend_pid());
                RETURN NULL;
            END $$;
            CREATE TRIGGER note_deliveries AFTER UPDATE ON delivery REFERENCING NEW TABLE AS changed
                FOR EACH STATEMENT EXECUTE FUNCTION note_change();
            CREATE TRIGGER note_usage AFTER UPDATE ON webhook_usage REFERENCING NEW TABLE AS changed
                FOR EACH STATEMENT EXECUTE FUNCTION note_change();
            """,
            store
        )
    }

    private struct Changes {
        var transactions = 0
        var largest = 0
        var exclusive = 0
    }

    private func changes(_ store: PostgreSQLStore) async throws -> Changes {
        try await store.lanes.lists.run { connection in
            let row = try connection.run(
                """
                SELECT count(*), coalesce(max(deliveries), 0)::int8, coalesce(sum(exclusive), 0)::int8
                FROM (
                    SELECT sum(deliveries) AS deliveries, count(*) FILTER (WHERE is_exclusive) AS exclusive FROM change
                    GROUP BY transaction
                ) AS t
                """
            )[0]
            return Changes(transactions: try row.count(0), largest: try row.count(1), exclusive: try row.count(2))
        }
    }

    @Test("No transaction of a stop, a start, a failure for good or a deletion changes more than a step's deliveries")
    func steps() async throws {
        try await withStore { store in
            let webhook = try await fill(store)
            try await watch(store)
            try await store.expectToFollow(webhook, deliveries: Self.count)
            let changes = try await changes(store)
            #expect(changes.largest <= DeliveryRowState.unsent.count * DeliverySettling.rowsPerStep + 10)
            #expect(changes.transactions >= 4 * Self.count / DeliverySettling.rowsPerStep)
            #expect(changes.exclusive == 0, "nothing is changed under the lock that events wait for")
        }
    }

    /// Keeps whoever changes deliveries or usages from going on until the gate is opened.
    private func closeGate(_ store: PostgreSQLStore) async throws {
        try await store.lanes.lists.run { try $0.execute("SELECT pg_advisory_lock(7, 'webhook'::regclass::oid::int4)") }
    }

    private func openGate(_ store: PostgreSQLStore) async throws {
        try await store.lanes.lists.run {
            try $0.execute("SELECT pg_advisory_unlock(7, 'webhook'::regclass::oid::int4)")
        }
    }

    private func isAnyoneWaiting(_ store: PostgreSQLStore) async throws -> Bool {
        try await store.lanes.lists.run { connection in
            try connection.run(
                """
                SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = 7
                    AND objid = 'webhook'::regclass
                """
            ).count > 0
        }
    }

    @Test("Events are taken in while deliveries are changed, whatever is done", arguments: ["stop", "delete", "gone"])
    func signals(change: String) async throws {
        try await withStore { store in
            let webhook = try await fill(store)
            _ = try await store.add(Sample.webhook("other", events: ["other"]))
            let held = try #require(try await store.take(1).first)
            try await watch(store)
            try await closeGate(store)
            async let changing: Void = {
                switch change {
                case "stop": try await store.put(webhook, .stopped)
                case "delete": _ = try await store.delete(id: webhook.id, in: Sample.scope)
                default: _ = try await store.record([DeliveryResult(held, after: .gone)])
                }
            }()
            try await eventually("A change of deliveries waits at the gate") { try await isAnyoneWaiting(store) }
            for _ in 0..<10 { #expect(try await store.signal(Sample.event("other")) == 1) }
            try await openGate(store)
            try await changing
            await store.settled()
            let counts = try await store.counts()
            #expect(counts.pending == 10)
            #expect(counts.parked + counts.failed == Self.count)
        }
    }

    @Test("A target is paused while an event is being taken in")
    func pause() async throws {
        try await withStore { store in
            _ = try await store.add(Sample.webhook())
            try await store.signal(Sample.event())
            let held = try #require(try await store.take().first)
            try await store.lanes.lists.run { connection in
                try connection.execute(
                    "SELECT pg_advisory_lock_shared(\(PostgreSQLLock.webhooks), 'webhook'::regclass::oid::int4)"
                )
            }
            let later = Sample.after(.seconds(30))
            #expect(try await store.settle(held, .retry(at: Sample.start, error: "no", pauseUntil: later)))
            #expect(try await store.nextDue() == later)
        }
    }

    /// As a process leaves it that dies after the first commit.
    private func abandon(_ store: PostgreSQLStore) async throws -> [(webhook: Int32, state: DeliveryState)] {
        var webhooks: [Webhook] = []
        for name in ["stopped", "started", "deleted", "active", "parked", "script"] {
            webhooks.append(try await store.add(Sample.webhook(name)))
        }
        _ = try await store.signal(Sample.event())
        try await store.put(webhooks[4], .stopped)
        await store.settled()
        let ids = webhooks.map(\.id)
        try await execute(
            """
            UPDATE webhook SET state = 2 WHERE id = \(ids[0]);
            UPDATE delivery SET state = 2 WHERE webhook_id = \(ids[1]);
            UPDATE webhook SET updated = \(Sample.after(.seconds(7)).ticks) WHERE id = \(ids[1]);
            DELETE FROM webhook_usage WHERE webhook_id = \(ids[2]);
            DELETE FROM webhook WHERE id = \(ids[2]);
            UPDATE webhook SET is_deliverable = false, type = 'crmscript' WHERE id = \(ids[5])
            """,
            store
        )
        return Array(zip(ids, [.parked, .pending, .failed, .pending, .parked, .failed]))
    }

    private func expect(_ states: [(webhook: Int32, state: DeliveryState)], in store: any AgentStore) async throws {
        await store.settled()
        let found = try await store.list().reduce(into: [:]) { $0[$1.id.webhook] = $1.state }
        #expect(found == Dictionary(uniqueKeysWithValues: states.map { ($0.webhook, $0.state) }))
        let reasons = try await store.list(DeliveryFilter(state: .failed)).compactMap(\.reason)
        #expect(Set(reasons) == ["The webhook was deleted.", UnsentReason.undeliverable(type: "crmscript")])
    }

    @Test("Another process goes on with what one that died had still to park, resume or end")
    func goesOn() async throws {
        try await withStore { store in
            let states = try await abandon(store)
            await store.sweep()
            #expect(
                try await store.take().map(\.id.webhook) == [states[3].webhook],
                "nothing else is claimed meanwhile"
            )
            try await store.settling.search()
            try await expect(states, in: store)
            #expect(try await store.take(at: Sample.after(.seconds(7))).map(\.id.webhook) == [states[1].webhook])
        }
    }

    @Test("Several processes at once go on with the same, and each delivery has followed then")
    func together() async throws {
        try await withStore { store in
            var webhooks: [Webhook] = []
            for name in ["stopped", "started", "deleted"] { webhooks.append(try await fill(store, name)) }
            try await execute(
                """
                UPDATE webhook SET state = 2 WHERE id = \(webhooks[0].id);
                UPDATE delivery SET state = 2 WHERE webhook_id = \(webhooks[1].id);
                DELETE FROM webhook_usage WHERE webhook_id = \(webhooks[2].id);
                DELETE FROM webhook WHERE id = \(webhooks[2].id)
                """,
                store
            )
            let others = (0..<2).map { _ in PostgreSQLSettling(lane: store.lanes.calls, due: store.due) }
            for settling in others + [store.settling] { try await settling.search() }
            for settling in others + [store.settling] { await settling.finish() }
            try await store.expectCounts(pending: Self.count, failed: Self.count, parked: Self.count)
            let taken = try await store.take()
            #expect(taken.count == Self.count)
            #expect(taken.allSatisfy { $0.id.webhook == webhooks[1].id })
        }
    }

    @Test("A step that the database refuses is made again until it is done, and nothing is claimed meanwhile")
    func refusedStep() async throws {
        try await withStore { store in
            let webhook = try await fill(store)
            let other = try await fill(store, "other")
            try await execute(
                """
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
                CREATE TRIGGER refuse BEFORE UPDATE ON delivery FOR EACH ROW
                    WHEN (OLD.event_id > 2000 AND OLD.webhook_id = \(webhook.id)) EXECUTE FUNCTION refuse()
                """,
                store
            )
            try await store.put(webhook, .stopped)
            try await store.expectSoon(parked: 2000)
            #expect(try await store.take(1).map(\.id.webhook) == [other.id])
            // One that cannot go on does not keep others from it.
            try await store.put(other, .stopped)
            try await store.expectSoon(parked: 2000 + Self.count)
            #expect(try await store.take().isEmpty)
            try await execute("DROP TRIGGER refuse ON delivery", store)
            try await store.expectSettled(pending: 0, parked: 2 * Self.count)
        }
    }
}
