import Foundation
import StoreContracts
import Testing
import WebhookModel

@testable import AgentStores

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
    @Test(
        "The location of a PostgreSQL store is shown without passwords",
        arguments: [
            ("postgres://user:secret@host/db", "postgres://host/db"),
            ("postgresql://user:se%40cret@host:5433/db?sslmode=require", "postgres://host:5433/db"),
            ("postgres://host/db?password=secret", "postgres://host/db"),
            ("postgres://user:se%40cr%3Fet@host/db", "postgres://host/db"),
            ("postgres://host/db?user=a%40b&password=secret", "postgres://host/db"),
            ("postgres://user:secret@one:5432,two:5433/db", "postgres://one:5432,two:5433/db"),
            ("postgres:///db?host=/socket/directory", "postgres:///db"),
            ("postgres:service=webhooks password=secret", "postgres:service=webhooks"),
            ("postgres:host=h password='a secret host=x'", "postgres:host=h"),
            ("postgres:host = h password = 'a host=secret x' dbname=db", "postgres:host=h dbname=db"),
        ]
    )
    func display(text: String, shown: String) throws {
        let location = try StoreLocation(text)
        #expect(location.display == shown)
        #expect(location.databaseType == "PostgreSQL")
    }

    @Test(
        "A text without a database system or a server is no store location",
        arguments: ["postgres:", "postgres", "mysql://host/db"]
    )
    func none(text: String) {
        let problem = #expect(throws: StoreLocation.Problem.self) { try StoreLocation(text) }
        #expect(problem?.description == "'\(text)' is not \(StoreLocation.forms)")
    }

    @Test(
        "A password that is not percent-encoded is refused, with nothing of it in the message",
        arguments: [
            "postgres://user:s3cr@etw0rd@host/db", "postgres://user:s3cr/etw0rd@host/db",
            "postgres://user:s3cr?etw0rd@host/db", "postgres://user:s3cr#etw0rd@host/db",
            "postgres://user:s3cr%etw0rd@host/db", "postgres://user:s3cr%4etw0rd%@host/db",
            "postgres://user:s3cr%00etw0rd@host/db", "postgresql://user:s3c@r/etw0rd@host/db",
            "postgres://user:s3cr@etw0rd/x@host/db", "postgres://user:12/s3cretw0rd@host/db",
            "postgres://user:12?user=s3cretw0rd@host/db", "postgres://host/db?user=u&password=s3cr#etw0rd",
            "postgres://host/db?password=s3cr%etw0rd", "postgres://user@s3cr:etw0rd@host/db",
        ]
    )
    func unescaped(text: String) throws {
        let problem = try #require(throws: StoreLocation.Problem.self) { try StoreLocation(text) }
        #expect(problem.description.contains("percent-encoded"))
        for part in ["s3c", "etw0rd", "user", "12", "host"] { #expect(!problem.description.contains("\(part):")) }
        #expect(!problem.description.contains("s3c") && !problem.description.contains("etw0rd"))
    }

    @Test(
        "What libpq cannot read is refused, with nothing of it in the message",
        arguments: [
            "postgres://user:secret@[host/db", "postgres://user:secret", "postgres://user:secret@host:port/db",
            "postgres://host/db?password=sec&ret", "postgres://host/db?password=sec=ret", "postgres://host/db?secret=1",
            "postgres:host=h password='secret", "postgres:host=h port=99999 password=secret",
            "postgres:password=sec ret",
        ]
    )
    func unreadable(text: String) throws {
        let problem = try #require(throws: StoreLocation.Problem.self) { try StoreLocation(text) }
        #expect(!problem.description.contains("sec"))
    }

    @Test("A server before version 13 is refused by its version")
    func oldServers() throws {
        try PostgreSQLSetUp.check(serverVersion: 13_00_00)
        let error = #expect(throws: StoreError.self) { try PostgreSQLSetUp.check(serverVersion: 12_00_22) }
        #expect(error?.description.contains("PostgreSQL 12 is too old") == true)
    }

    @Test("Messages do not tell the password")
    func redacted() throws {
        let location = try PostgreSQLLocation("postgres://user:s%65cret@host/db")
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
