package import Logging
package import PostgreSQLClient
import StoreContracts
import StoreSupport

/// Brings a database to this version's schema. `webhook_svc_schema` tells which migrations it has.
package enum PostgreSQLMigration {
    private static let migrations = PostgreSQLSchema.migrations
    /// This binary's schema.
    static let current = migrations.map(\.version).max() ?? 0
    /// The schema in which tables are made; others on the search path are not looked at.
    private static let namespace = "(SELECT oid FROM pg_namespace WHERE nspname = current_schema())"

    /// Brings the database to this version's schema, unless the database has it already. One process does so at a time, and
    /// the others wait. A role that finds the schema up to date needs no right to change it.
    ///
    /// - Parameters:
    ///   - stop: Gives up waiting for other processes; nil where nothing does.
    ///   - logger: Is told when the migration has to wait.
    package static func run(
        _ connection: PostgreSQLConnection,
        stop: PostgreSQLStop? = nil,
        logger: Logger
    ) throws {
        let setUp = try PostgreSQLSetUp(connection)
        do {
            if try !isCurrent(try applied(connection)) { try migrate(connection, stop, logger) }
        } catch let failure as PostgreSQLError where failure.code == "42501" {
            throw StoreError.unavailable(
                """
                the role "\(setUp.role)" may not make, migrate or read the tables of the schema "\(setUp.schema)": \
                \(failure.text); let their owner run 'webhook-svc store migrate' and grant the rights that docs/postgresql.md names
                """
            )
        } catch let failure as PostgreSQLError where failure.code == "55P03" {
            throw PostgreSQLMigrationWait.tooLong
        } catch let failure as PostgreSQLError where ["42P07", "42710"].contains(failure.code) {
            throw setUp.holdsForeign(failure.text)
        }
        try setUp.checkTables(connection)
    }

    /// Applies a migration when its tables can be locked at once. A session that waits for the lock of a table keeps all later
    /// sessions waiting, and a backup may read the table for hours. So each try gives up soon, and is repeated.
    private static func apply(
        _ migration: PostgreSQLSchema.Migration,
        _ connection: PostgreSQLConnection,
        _ stop: PostgreSQLStop?,
        _ logger: Logger
    ) throws {
        var wait = PostgreSQLMigrationWait(
            for: "sessions that use a table which the migration changes",
            stop: stop,
            logger: logger
        )
        while true {
            do {
                return try connection.execute(
                    """
                    BEGIN; SET LOCAL lock_timeout = '500ms'; \(migration.sql)
                    INSERT INTO webhook_svc_schema (version, runs_with)
                    VALUES (\(migration.version), \(migration.runsWith)); COMMIT
                    """
                )
            } catch {
                guard error.kind == .conflict else { throw error }
                try connection.rollBack()
                try wait.pause(1)
            }
        }
    }

    /// Returns whether the database has all migrations of this binary. Throws when a migration in the database excludes this
    /// binary.
    private static func isCurrent(_ applied: [Int64: Int64]) throws -> Bool {
        let known = Set(migrations.map(\.version))
        let excluding = applied.filter { !known.contains($0.key) && $0.value > current }
        guard excluding.isEmpty else {
            throw StoreError.newerSchema(found: excluding.keys.sorted().map(String.init).joined(separator: ", "))
        }
        return known.isSubset(of: applied.keys)
    }

    /// Throws when the database no longer has this version's schema, or has one that excludes this version.
    package static func check(_ connection: PostgreSQLConnection) throws {
        guard try isCurrent(try applied(connection)) else {
            throw StoreError.unavailable(
                "webhook_svc_schema no longer says that the database has this version's schema"
            )
        }
    }

    private static func migrate(_ connection: PostgreSQLConnection, _ stop: PostgreSQLStop?, _ logger: Logger) throws {
        let lock = "(\(PostgreSQLLock.migration), hashtext(current_schema()))"
        var wait = PostgreSQLMigrationWait(
            for: "another process that makes or migrates the schema",
            stop: stop,
            logger: logger
        )
        while try !connection.run("SELECT pg_try_advisory_lock\(lock)")[0].bool(0) { try wait.pause(0.1) }
        defer {
            try? connection.rollBack()
            connection.answerLimit = PostgreSQLConnection.usualAnswerLimit
            try? connection.execute(
                "SELECT pg_advisory_unlock\(lock); SET statement_timeout = '15s'; SET lock_timeout = '10s'"
            )
        }
        // A migration takes longer than statements may otherwise.
        let limit = PostgreSQLMigrationWait.limit.components.seconds
        try connection.execute("SET statement_timeout = 0; SET lock_timeout = '\(limit)s'")
        connection.answerLimit = nil
        var done = try applied(connection)
        if done.isEmpty {
            try adoptOrMake(connection)
            done = try applied(connection)
        }
        guard try !isCurrent(done) else { return }
        for migration in migrations where done[migration.version] == nil {
            try apply(migration, connection, stop, logger)
        }
    }

    /// Returns the migrations that the database has, each with the lowest schema whose binary may still run on it.
    private static func applied(_ connection: PostgreSQLConnection) throws -> [Int64: Int64] {
        guard try exists("webhook_svc_schema", connection) else { return [:] }
        let rows = try connection.run("SELECT version::int8, runs_with::int8 FROM webhook_svc_schema")
        return try Dictionary(rows.map { (try $0.int(0), try $0.int(1)) }, uniquingKeysWith: max)
    }

    private static func exists(_ table: String, _ connection: PostgreSQLConnection) throws -> Bool {
        try !connection.run(
            "SELECT 1 FROM pg_class WHERE relnamespace = \(namespace) AND relname = $1::text",
            [.text(table)]
        ).isEmpty
    }

    /// Makes `webhook_svc_schema`, with the rows of the table that earlier versions kept. Throws when the schema holds another
    /// program's tables with names of this service.
    private static func adoptOrMake(_ connection: PostgreSQLConnection) throws {
        let make = """
            CREATE TABLE IF NOT EXISTS webhook_svc_schema (
                version int4 PRIMARY KEY,
                runs_with int4 NOT NULL,
                applied timestamptz NOT NULL DEFAULT now()
            );
            """
        if try isFormerlyOurs(connection) {
            // The row that stays makes those earlier versions find a newer schema.
            try connection.execute(
                """
                BEGIN; \(make)
                INSERT INTO webhook_svc_schema (version, runs_with, applied)
                SELECT version::int4, version::int4, applied FROM schema_version;
                DELETE FROM schema_version;
                INSERT INTO schema_version (version) VALUES ('webhook_svc_schema');
                COMMIT
                """
            )
            return
        }
        let found = try connection.run(
            """
            SELECT relname::text FROM pg_class WHERE relnamespace = \(namespace) AND relname = ANY ($1::text[])
            ORDER BY 1 LIMIT 1
            """,
            [.texts(PostgreSQLSchema.names)]
        )
        if let name = try found.first?.text(0) {
            throw try PostgreSQLSetUp(connection).holdsForeign("\"\(name)\"")
        }
        try connection.execute(make)
    }

    /// Whether `schema_version` is the table that this service kept before: other programs have a table of that name, too.
    private static func isFormerlyOurs(_ connection: PostgreSQLConnection) throws -> Bool {
        let columns = try connection.run(
            """
            SELECT k.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class k ON k.oid = a.attrelid
            WHERE k.relnamespace = \(namespace) AND a.attnum > 0 AND NOT a.attisdropped
            """
        ).map { try $0.text(0) }
        let ofVersions = columns.filter { $0.hasPrefix("schema_version.") }
        let marks: Set = [
            "webhook.body_suffix", "webhook_event.event_key", "webhook_usage.consecutive_errors", "event.body_head",
            "delivery.fence", "attempt.delivered_suffix", "session.digest",
        ]
        guard Set(ofVersions) == ["schema_version.version", "schema_version.applied"], marks.isSubset(of: columns)
        else {
            return false
        }
        let versions = try connection.run("SELECT version::text FROM schema_version").map { try $0.text(0) }
        let formerly = Set(["1", "2", "3"])
        guard versions.contains("1") else { return false }
        let unknown = Set(versions).subtracting(formerly)
        guard unknown.isEmpty else { throw StoreError.newerSchema(found: unknown.sorted().joined(separator: ", ")) }
        return true
    }
}
