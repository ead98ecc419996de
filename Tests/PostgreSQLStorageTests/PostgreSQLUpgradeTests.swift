import Foundation
import PostgreSQLTestSupport
import StoreConformance
import StoreContracts
import TestSupport
import Testing
import WebhookModel

@testable import PostgreSQLClient
@testable import PostgreSQLStorage

/// `Tests/Upgrades` holds what the last version whose schema was 3 sent to its server: how it made its schema, and then
/// statements of everything that a service does, in the order of their commits. It stays as it is; a new version of the
/// schema gets files of its own.
@Suite("Upgrading a PostgreSQL database", .postgreSQL, .timeLimit(.minutes(5)))
struct PostgreSQLUpgradeTests {
    /// Carries out a script as it was sent, and fails with the first statement that does.
    private func play(_ name: String, _ location: PostgreSQLLocation) async throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Upgrades").standardized
        let script = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
        try await PostgreSQLLane(location, name: "test", planning: .custom).run { try $0.execute(script) }
    }

    /// What the script leaves, as this version reads it.
    private func expectPlayed(_ store: PostgreSQLStore) async throws {
        let webhooks = try await store.allWebhooks().map(\.webhook)
        #expect(webhooks.map(\.name) == ["good", "bad"])
        #expect(webhooks.map(\.secret) == ["s3cret", ""])
        let records = try await store.list(limit: 100)
        #expect(Dictionary(grouping: records, by: \.state).mapValues(\.count) == [.delivered: 3, .pending: 2])
        let first = try #require(records.last)
        #expect(try await store.delivery(first.id)?.attempts.count == 1)
        let bad = try #require(webhooks.last)
        let usage = try #require(try await store.usage(of: bad.id))
        #expect((usage.totalCalls, usage.totalErrors) == (8, 8))
        #expect(try await store.sessions(matching: SessionFilter(), limit: 10).count == 1)
    }

    @Test("The database of the previous schema is brought up to date with all that it holds, and goes on")
    func data() async throws {
        try await withSchema { location in
            try await play("postgresql-schema-3.sql", location)
            try await play("postgresql-statements-3.sql", location)
            let store = try await PostgreSQLStore(location, logger: .silent)
            try await expectPlayed(store)
            #expect(try await store.signal(Sample.event()) >= 0)
            #expect(try await store.add(Sample.webhook()).id == 4)
        }
    }

    @Test("A migration that waits for a table that a backup reads holds nobody up, and is made when it is free")
    func busyTables() async throws {
        try await withSchema { location in
            let former = try await PostgreSQLStore(location, logger: .silent)
            _ = try await former.add(Sample.webhook())
            let backup = try PostgreSQLConnection(location)
            try backup.execute(
                "ALTER TABLE webhook DROP COLUMN extras; DELETE FROM webhook_svc_schema WHERE version = 2"
            )
            try backup.execute("SET idle_in_transaction_session_timeout = 0")
            try backup.execute("BEGIN; SELECT count(*) FROM webhook")
            let opening = Task { try await PostgreSQLStore(location, logger: .silent) }
            // Its first attempt waits for the backup, and those who come after it wait behind it.
            let lane = PostgreSQLLane(location, name: "test", planning: .custom)
            let waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'webhook'::regclass"
            try await eventually("The migration waits for the table that the backup reads") {
                try await lane.run { try !$0.run(waiting).isEmpty }
            }
            for _ in 0..<3 { #expect(try await former.signal(Sample.event()) == 1) }
            try backup.execute("COMMIT")
            #expect(try await opening.value.add(Sample.full).id > 0)
        }
    }

    @Test("A process of the previous version that goes on during the upgrade finds what it needs in the new schema")
    func statements() async throws {
        try await withSchema { location in
            let store = try await PostgreSQLStore(location, logger: .silent)
            try await play("postgresql-statements-3.sql", location)
            try await expectPlayed(store)
        }
    }
}
