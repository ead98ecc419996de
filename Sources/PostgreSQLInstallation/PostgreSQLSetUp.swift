package import PostgreSQLClient
import StoreContracts
import StoreSupport

/// Checks that a database is set up as the service needs it.
package struct PostgreSQLSetUp {
    package let schema: String
    package let role: String

    /// Reads the set-up. Throws an error that says what is wrong with the server, the database or the session.
    package init(_ connection: PostgreSQLConnection) throws {
        try Self.check(serverVersion: connection.serverVersion)
        let row = try connection.run(
            """
            SELECT current_setting('server_encoding'), pg_is_in_recovery(), current_setting('transaction_read_only'),
                current_schema()::text, current_setting('search_path'), current_user::text, current_database()::text
            """
        )[0]
        let database = try row.text(6)
        role = try row.text(5)
        let encoding = try row.text(0)
        guard encoding == "UTF8" else {
            throw StoreError.unavailable(
                "the database \"\(database)\" has encoding \(encoding); it must be UTF8 (CREATE DATABASE ... ENCODING 'UTF8')"
            )
        }
        guard try !row.bool(1) else {
            throw StoreError.unavailable("the server is a standby, which takes no writes; name the primary")
        }
        guard try row.text(2) == "off" else {
            throw StoreError.unavailable(
                "the session takes no writes: default_transaction_read_only is on for the server, the database or the role \"\(role)\""
            )
        }
        guard let schema = row.optionalText(3) else {
            let path = try row.text(4)
            throw StoreError.unavailable(
                """
                search_path (\(path)) names no schema that exists in the database "\(database)" and that the role \
                "\(role)" may use; make it (CREATE SCHEMA ... AUTHORIZATION ...), or grant USAGE on it
                """
            )
        }
        self.schema = schema
    }

    /// - Parameter serverVersion: 150004 for 15.4.
    package static func check(serverVersion: Int) throws {
        guard serverVersion >= 13_00_00 else {
            throw StoreError.unavailable(
                "PostgreSQL \(serverVersion / 1_00_00) is too old; version 13 or later is needed"
            )
        }
    }

    /// Returns the error for a schema in which `name`, of another program, has a name of ours.
    func holdsForeign(_ name: String) -> StoreError {
        .unavailable(
            """
            the schema "\(schema)" holds what is not this service's under a name that it needs: \(name); give it a schema \
            of its own (CREATE SCHEMA webhooks AUTHORIZATION "\(role)"; ALTER ROLE "\(role)" SET search_path = webhooks)
            """
        )
    }

    /// Throws when a column is missing, when the role lacks a right, or when row security hides rows from it.
    package func checkTables(_ connection: PostgreSQLConnection) throws {
        let columns = StoreTable.all.flatMap { table in table.columns.map { (table: table.name, name: $0.name) } }
        let tables = StoreTable.all.map(\.name)
        let answers = try connection.run([
            .init(
                """
                SELECT c.owner || '.' || c.name FROM unnest($1::text[], $2::text[]) AS c (owner, name)
                WHERE NOT EXISTS (
                    SELECT 1 FROM pg_attribute a JOIN pg_class k ON k.oid = a.attrelid
                    WHERE k.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
                        AND k.relname = c.owner AND a.attname = c.name AND NOT a.attisdropped)
                ORDER BY 1 LIMIT 1
                """,
                [.texts(columns.map(\.table)), .texts(columns.map(\.name))]
            ),
            .init(
                """
                SELECT r.name || ' on ' || t.name FROM unnest($1::text[]) AS t (name),
                    unnest('{SELECT,INSERT,UPDATE,DELETE}'::text[]) AS r (name)
                WHERE NOT has_table_privilege(to_regclass(t.name), r.name)
                UNION ALL
                SELECT 'USAGE on SEQUENCE ' || s.name FROM unnest('{event_id_seq,attempt_id_seq}'::text[]) AS s (name)
                WHERE NOT has_sequence_privilege(to_regclass(s.name), 'USAGE')
                LIMIT 1
                """,
                [.texts(tables + ["attempt_default"])]
            ),
            .init(
                "SELECT t.name FROM unnest($1::text[]) AS t (name) WHERE row_security_active(to_regclass(t.name)) LIMIT 1",
                [.texts(tables)]
            ),
        ])
        if let column = try answers[0].first?.text(0) {
            throw StoreError.unavailable("the schema \"\(schema)\" is damaged: it lacks \(column); restore a backup")
        }
        if let right = try answers[1].first?.text(0) {
            throw StoreError.unavailable(
                """
                the role "\(role)" lacks \(right) in the schema "\(schema)"; let the owner of the tables grant it (GRANT \
                \(right) TO "\(role)"; docs/postgresql.md has all that are needed)
                """
            )
        }
        if let table = try answers[2].first?.text(0) {
            throw StoreError.unavailable(
                """
                row security hides rows of \(table) from the role "\(role)"; end it (ALTER TABLE \(table) DISABLE ROW LEVEL \
                SECURITY), or let the role own the table
                """
            )
        }
    }
}
