import Foundation
import PostgreSQLTestSupport
import StoreConformance
import StoreContracts
import StoreSupport
import Testing
import WebhookModel

@testable import PostgreSQLClient
@testable import PostgreSQLInstallation
@testable import PostgreSQLQueue
@testable import PostgreSQLStorage

@Suite("Opening a PostgreSQL store", .postgreSQL, .timeLimit(.minutes(5)))
struct PostgreSQLOpeningTests {
    @Test("Several at once make the schema once")
    func atOnce() async throws {
        try await withSchema { location in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<5 {
                    group.addTask {
                        let store = try await PostgreSQLStore(location, logger: .silent)
                        _ = try await store.add(Sample.webhook("\(number)"))
                    }
                }
                try await group.waitForAll()
            }
            let store = try await PostgreSQLStore(location, logger: .silent)
            #expect(Set(try await store.names()).count == 5)
            let versions = try await store.lanes.calls.run {
                try $0.run("SELECT version FROM webhook_svc_schema").map { try $0.int(0) }
            }
            #expect(versions.sorted() == PostgreSQLSchema.migrations.map(\.version))
        }
    }

    @Test("Brings a database that the first version made up to date, and holds what that had stored")
    func migration() async throws {
        try await withSchema { location in
            let first = try await PostgreSQLStore(location, logger: .silent)
            _ = try await first.add(Sample.webhook("kept"))
            try await first.lanes.calls.run {
                try $0.execute(
                    "ALTER TABLE webhook DROP COLUMN extras; DELETE FROM webhook_svc_schema WHERE version = 2"
                )
            }
            let store = try await PostgreSQLStore(location, logger: .silent)
            #expect(try await store.names() == ["kept"])
            let full = try await store.add(Sample.full)
            #expect(try await store.webhook(id: full.id, in: Sample.scope) == full)
        }
    }

    @Test("Goes on with the database of a newer version that says that this one may")
    func olderThanTheDatabase() async throws {
        try await withSchema { location in
            let store = try await PostgreSQLStore(location, logger: .silent)
            _ = try await store.add(Sample.webhook("kept"))
            try await store.lanes.calls.run {
                try $0.execute(
                    "INSERT INTO webhook_svc_schema (version, runs_with) SELECT 9999, max(version) FROM webhook_svc_schema"
                )
            }
            #expect(try await PostgreSQLStore(location, logger: .silent).names() == ["kept"])
        }
    }

    @Test("A PostgreSQL database of a newer version is refused and not changed")
    func newerSchema() async throws {
        try await withSchema { location in
            let store = try await PostgreSQLStore(location, logger: .silent)
            _ = try await store.add(Sample.webhook("kept"))
            try await store.lanes.calls.run {
                try $0.execute(
                    "INSERT INTO webhook_svc_schema (version, runs_with) SELECT 9999, max(version) + 1 FROM webhook_svc_schema"
                )
            }
            for _ in 0..<2 {
                let error = await #expect(throws: StoreError.self) {
                    try await PostgreSQLStore(location, logger: .silent)
                }
                #expect(error?.kind == "newerSchema")
                #expect(error?.description.contains("9999") == true)
            }
            #expect(try await store.names() == ["kept"])
        }
    }

    @Test("A PostgreSQL store is healthy while its database can be written")
    func health() async throws {
        try await withStore { try await $0.checkHealth() }
    }

    @Test("A connection that breaks is made anew, and nothing that was acknowledged is lost")
    func brokenConnections() async throws {
        try await withSchema { location in
            let store = try await PostgreSQLStore(location, logger: .silent)
            _ = try await store.add(Sample.webhook())
            let killer = PostgreSQLLane(location, name: "test", planning: .custom)
            var acknowledged = 0
            for round in 0..<30 {
                if round % 10 == 5 {
                    try await killer.run { connection in
                        _ = try connection.run(
                            """
                            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                            WHERE pid <> pg_backend_pid() AND application_name = current_schema()
                            """
                        )
                    }
                }
                acknowledged += (try? await store.signal(Sample.event())) ?? 0
            }
            #expect(acknowledged > 20)
            #expect(try await store.counts().pending >= acknowledged)
        }
    }
}

@Suite("Where a PostgreSQL store is")
struct PostgreSQLLocationTests {
    @Test("A server before version 13 is refused by its version")
    func oldServers() throws {
        try PostgreSQLSetUp.check(serverVersion: 13_00_00)
        let error = #expect(throws: StoreError.self) { try PostgreSQLSetUp.check(serverVersion: 12_00_22) }
        #expect(error?.description.contains("PostgreSQL 12 is too old") == true)
    }

    @Test("Messages do not tell the password")
    func redacted() throws {
        let location = try #require(try PostgreSQLLocation("postgres://user:s%65cret@host/db"))
        #expect(location.redacted("FATAL: secret is wrong\nsecret") == "FATAL: *** is wrong; ***")
    }

    @Test("A hint is read as it was written, and one that is too long is one for all")
    func hints() throws {
        let hint = try #require(DueHint(payload: DueHint(instance: "A", dues: [3: 50, 5: 40]).payload ?? ""))
        #expect(hint.instance == "A")
        #expect(hint.dues == [3: 40, 5: 40])
        let many = Dictionary(uniqueKeysWithValues: (0..<5000).map { (Int32($0), Int64(1)) })
        #expect(DueHint(payload: DueHint(instance: "A", dues: many).payload ?? "")?.dues == [:])
        #expect(DueHint(instance: "A", dues: [:]).payload == nil)
        #expect(DueHint(payload: "") == nil)
    }
}
