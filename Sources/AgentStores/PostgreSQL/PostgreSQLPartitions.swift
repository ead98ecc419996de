import AgentCore

/// The days of `attempt`.
enum PostgreSQLPartitions {
    /// Ticks of a day.
    static let day: Int64 = 864_000_000_000
    /// Days that are made ahead, today not counted. A service that stands still for longer finds its attempts in
    /// `attempt_default`, which is pruned row by row.
    private static let ahead: Int64 = 3

    struct Partition {
        let name: String
        /// What begins then is no longer in it.
        let end: Int64
    }

    /// Makes today's and the next days' partitions where they are missing. One that cannot be had now, because somebody
    /// reads the table or because the default holds rows of its day, is left for the next time.
    static func makeAhead(_ connection: PostgreSQLConnection) throws {
        let today = try connection.run("SELECT floor(extract(epoch FROM now()) / 86400)::int8")[0].int(0)
        let known = Set(try all(connection).map(\.name))
        for number in today...today + ahead where !known.contains(name(number)) {
            try alter(
                connection,
                """
                CREATE TABLE IF NOT EXISTS \(name(number)) PARTITION OF attempt
                FOR VALUES FROM (\(number * day)) TO (\((number + 1) * day))
                """
            )
        }
    }

    /// Drops a partition. Returns whether it could be had.
    static func drop(_ partition: Partition, _ connection: PostgreSQLConnection) throws -> Bool {
        try alter(connection, "DROP TABLE IF EXISTS \(partition.name)")
    }

    /// The partitions but the default one, oldest first.
    static func all(_ connection: PostgreSQLConnection) throws -> [Partition] {
        try connection.run(
            """
            SELECT c.relname::text, substring(c.relname FROM '^attempt_([0-9]+)$')::int8
            FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'attempt'::regclass AND c.relname ~ '^attempt_[0-9]+$' ORDER BY 2
            """
        ).map { Partition(name: $0.text(0), end: ($0.int(1) + 1) * day) }
    }

    /// Named by the number of their day since 1970.
    private static func name(_ number: Int64) -> String { "attempt_\(number)" }

    /// Who waits for a table keeps everybody waiting who comes after: it is given up soon.
    @discardableResult
    private static func alter(_ connection: PostgreSQLConnection, _ sql: String) throws -> Bool {
        do {
            try connection.execute("BEGIN; SET LOCAL lock_timeout = '200ms'; \(sql); COMMIT")
            return true
        } catch {
            guard error.kind == .conflict || error.kind == .statement else { throw error }
            try connection.rollBack()
            return false
        }
    }
}
