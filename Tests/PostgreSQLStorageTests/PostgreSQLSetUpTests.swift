import Foundation
import Logging
import PostgreSQLTestSupport
import StoreConformance
import StoreContracts
import StoreSupport
import Synchronization
import Testing
import WebhookModel

@testable import PostgreSQLClient
@testable import PostgreSQLInstallation
@testable import PostgreSQLStorage

@Suite("A PostgreSQL database that is not set up as it must be", .postgreSQL, .timeLimit(.minutes(5)))
struct PostgreSQLSetUpTests {
    private static let partitions = """
        SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'attempt'::regclass AND c.relname <> 'attempt_default'
        """

    /// Carries out SQL as the administrator, in the store's schema.
    private func execute(_ sql: String, _ location: PostgreSQLLocation) async throws {
        try await PostgreSQLLane(location, name: "test", planning: .custom).run { try $0.execute(sql) }
    }

    private func names(_ sql: String, _ location: PostgreSQLLocation) async throws -> [String] {
        try await PostgreSQLLane(location, name: "test", planning: .custom).run { connection in
            try connection.run(sql).map { try $0.text(0) }
        }
    }

    /// Why opening is refused, in one line.
    private func refusal(_ location: PostgreSQLLocation) async throws -> String {
        let error = try await #require(throws: StoreError.self) {
            try await PostgreSQLStore(location, logger: .silent)
        }
        #expect(!error.description.contains("\n"))
        return error.description
    }

    private func with(_ location: PostgreSQLLocation, _ parameters: String) throws -> PostgreSQLLocation {
        try #require(try PostgreSQLLocation(location.connectionString + "&" + parameters))
    }

    @Test("The versions table of an earlier version is taken over, and that version finds a newer schema from then on")
    func adoption() async throws {
        try await withSchema { location in
            let first = try await PostgreSQLStore(location, logger: .silent)
            _ = try await first.add(Sample.webhook("kept"))
            try await execute(
                """
                CREATE TABLE schema_version (version text PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now());
                INSERT INTO schema_version (version) VALUES ('1'), ('2'), ('3'); DROP TABLE webhook_svc_schema
                """,
                location
            )
            #expect(try await PostgreSQLStore(location, logger: .silent).names() == ["kept"])
            #expect(try await names("SELECT version FROM schema_version", location) == ["webhook_svc_schema"])
            #expect(
                try await names("SELECT version::text FROM webhook_svc_schema ORDER BY version", location).prefix(3)
                    == ["1", "2", "3"]
            )
            #expect(try await PostgreSQLStore(location, logger: .silent).names() == ["kept"])
        }
    }

    @Test("A schema_version of another program's is left alone")
    func foreignVersions() async throws {
        try await withSchema { location in
            try await execute(
                """
                CREATE TABLE schema_version (installed_rank int PRIMARY KEY, version text, description text);
                INSERT INTO schema_version VALUES (1, '1', 'Flyway'), (2, '9999', 'Flyway')
                """,
                location
            )
            _ = try await PostgreSQLStore(location, logger: .silent).add(Sample.webhook("kept"))
            #expect(try await names("SELECT version FROM schema_version ORDER BY 1", location) == ["1", "9999"])
        }
        // The same columns as ours had, and none of our tables.
        try await withSchema { location in
            try await execute(
                """
                CREATE TABLE schema_version (version text PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now());
                INSERT INTO schema_version (version) VALUES ('1'), ('2'), ('3')
                """,
                location
            )
            _ = try await PostgreSQLStore(location, logger: .silent).add(Sample.webhook("kept"))
            #expect(try await names("SELECT version FROM schema_version ORDER BY 1", location) == ["1", "2", "3"])
        }
    }

    @Test(
        "Another program's table, index or sequence of a name that is needed is refused by its name",
        arguments: [
            ("CREATE TABLE session (id int)", "session"), ("CREATE TABLE event (id int)", "event"),
            ("CREATE VIEW delivery AS SELECT 1 AS a", "delivery"), ("CREATE SEQUENCE attempt_id_seq", "attempt_id_seq"),
            ("CREATE TABLE other (id int); CREATE INDEX webhook_tenant ON other (id)", "webhook_tenant"),
        ]
    )
    func foreignTables(sql: String, name: String) async throws {
        try await withSchema { location in
            try await execute(sql, location)
            let said = try await refusal(location)
            #expect(said.contains("\"\(name)\"") && said.contains("CREATE SCHEMA"))
            #expect(
                try await names(
                    "SELECT to_regclass('webhook_svc_schema')::text WHERE to_regclass('webhook_svc_schema') IS NOT NULL",
                    location
                ) == []
            )
        }
    }

    @Test("A role with rights to rows alone runs on a schema that is there")
    func rowsAlone() async throws {
        try await withSchema { location in
            do { _ = try await PostgreSQLStore(location, logger: .silent) }
            try await withRole(location) { role, own in
                #expect(try await refusal(own).contains("search_path"))
                let schema = try await names("SELECT current_schema()::text", location)[0]
                try await execute("GRANT USAGE ON SCHEMA \(schema) TO \(role)", location)
                let unread = try await refusal(own)
                #expect(unread.contains(role) && unread.contains("store migrate"))
                try await execute("GRANT SELECT ON ALL TABLES IN SCHEMA \(schema) TO \(role)", location)
                #expect(try await refusal(own).contains("lacks INSERT on"))
                try await execute("GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \(schema) TO \(role)", location)
                #expect(try await refusal(own).contains("lacks USAGE on"))
                try await execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA \(schema) TO \(role)", location)
                do {
                    let store = try await PostgreSQLStore(own, logger: .silent)
                    try await fillAndPrune(store)
                }
                // What the owner has left undone is told.
                try await execute("DELETE FROM webhook_svc_schema WHERE version = 2", location)
                #expect(try await refusal(own).contains("store migrate"))
            }
        }
    }

    private func fillAndPrune(_ store: PostgreSQLStore) async throws {
        _ = try await store.add(Sample.webhook())
        for _ in 0..<5 { try await store.signal(Sample.event()) }
        for delivery in try await store.take(5) { #expect(try await store.settle(delivery, .delivered)) }
        #expect(try await store.list(limit: 10).count == 5)
        while try await store.prune(attempts: 2) {}
        #expect(try await store.list(limit: 10).count <= 5)
    }

    @Test("Days without a partition that the role may not make are told once, and their attempts are stored")
    func missingPartitions() async throws {
        try await withSchema { location in
            do { _ = try await PostgreSQLStore(location, logger: .silent) }
            let made = try await names(Self.partitions, location)
            for name in made { try await execute("DROP TABLE \(name)", location) }
            try await withRole(location) { role, own in
                let schema = try await names("SELECT current_schema()::text", location)[0]
                try await execute(
                    """
                    GRANT USAGE ON SCHEMA \(schema) TO \(role);
                    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \(schema) TO \(role);
                    GRANT USAGE ON ALL SEQUENCES IN SCHEMA \(schema) TO \(role)
                    """,
                    location
                )
                let lines = LogLines()
                let store = try await PostgreSQLStore(own, logger: lines.logger)
                try await fillAndPrune(store)
                _ = try await store.prune(attempts: 2)
                #expect(lines.all.filter { $0.contains("store migrate") }.count == 1)
                let (schemaNumber, _, missing) = try await PostgreSQLPreparation.run(
                    location,
                    days: 10,
                    logger: .silent
                )
                #expect(schemaNumber == PostgreSQLSchema.migrations.count)
                let partitions = try await names(Self.partitions, location)
                #expect(missing <= 1)
                // Today's attempts stand in the default partition, which keeps today from having its own.
                #expect(partitions.count >= 10)
            }
        }
    }

    @Test("Fewer connections than a process needs are refused, with how many there were")
    func tooFewConnections() async throws {
        try await withSchema { location in
            let schema = try await names("SELECT current_schema()::text", location)[0]
            try await withRole(location, "CONNECTION LIMIT 4") { role, own in
                try await execute("GRANT ALL ON SCHEMA \(schema) TO \(role)", location)
                let said = try await refusal(own)
                #expect(said.contains("4 of the \(PostgreSQLOpening.connectionCount) connections"))
                #expect(said.contains("CONNECTION LIMIT"))
            }
        }
    }

    @Test(
        "A search path without a schema, sessions that take no writes, and row security are refused, each in one line"
    )
    func siblings() async throws {
        try await withSchema { location in
            #expect(
                try await refusal(with(location, "options=-csearch_path%3Dabsent")).contains("search_path (absent)")
            )
            let readOnly = "target_session_attrs=any&options=-cdefault_transaction_read_only%3Don"
            #expect(try await refusal(with(location, readOnly)).contains("default_transaction_read_only"))
            do { _ = try await PostgreSQLStore(location, logger: .silent) }
            try await withRole(location) { role, own in
                let schema = try await names("SELECT current_schema()::text", location)[0]
                try await execute(
                    """
                    GRANT USAGE ON SCHEMA \(schema) TO \(role); GRANT ALL ON ALL TABLES IN SCHEMA \(schema) TO \(role);
                    GRANT ALL ON ALL SEQUENCES IN SCHEMA \(schema) TO \(role);
                    ALTER TABLE delivery ENABLE ROW LEVEL SECURITY
                    """,
                    location
                )
                #expect(try await refusal(own).contains("row security hides rows of delivery"))
            }
            try await execute("ALTER TABLE webhook DROP COLUMN extras", location)
            #expect(try await refusal(location).contains("lacks webhook.extras"))
        }
    }
}
