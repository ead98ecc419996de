package import Logging
package import PostgreSQLClient
import StoreSupport
import Synchronization

/// The days of `attempt`.
package enum PostgreSQLPartitions {
    /// Ticks of a day.
    static let day: Int64 = 864_000_000_000
    /// For how many days after today partitions are made. The attempts of a service that cannot make partitions for longer go
    /// into `attempt_default`, which is pruned row by row.
    private static let ahead: Int64 = 3

    package struct Partition {
        package let name: String
        /// The end of its day: attempts that began then or later are not in it.
        package let end: Int64
        /// Whether the role may drop it.
        package let isOwn: Bool
    }

    package enum Outcome {
        case made
        /// Partitions are missing, and the role may not make them.
        case refused
    }

    /// Makes the missing partitions of today and the next days. A partition that cannot be made now, because a session reads
    /// the table or because the default partition holds rows of its day, is left for the next time.
    ///
    /// - Parameter days: How many next days, today not counted.
    @discardableResult
    package static func makeAhead(_ connection: PostgreSQLConnection, days: Int64 = ahead) throws -> Outcome {
        let missing = try missing(connection, days: days)
        let owner = try connection.run(
            """
            SELECT pg_has_role(relowner, 'USAGE') AND has_schema_privilege(relnamespace, 'CREATE')
            FROM pg_class WHERE oid = 'attempt'::regclass
            """
        )
        guard try missing.isEmpty || owner[0].bool(0) else { return .refused }
        for number in missing {
            try alter(
                connection,
                """
                CREATE TABLE IF NOT EXISTS \(name(number)) PARTITION OF attempt
                FOR VALUES FROM (\(number * day)) TO (\((number + 1) * day))
                """
            )
        }
        return .made
    }

    /// Returns which of today and the next days have no partition.
    static func missing(_ connection: PostgreSQLConnection, days: Int64) throws -> [Int64] {
        let today = try connection.run("SELECT floor(extract(epoch FROM now()) / 86400)::int8")[0].int(0)
        let known = Set(try all(connection).map(\.name))
        return (today...today + days).filter { !known.contains(name($0)) }
    }

    /// Drops a partition, or deletes rows of it when the role does not own it. Returns whether anything was removed.
    ///
    /// - Parameter rows: How many rows are deleted at most.
    package static func drop(_ partition: Partition, rows: Int, _ connection: PostgreSQLConnection) throws -> Bool {
        guard partition.isOwn else {
            let removed = try connection.run(
                """
                DELETE FROM \(partition.name) WHERE ctid = ANY (ARRAY(SELECT ctid FROM \(partition.name) LIMIT $1::int8))
                """,
                [.int(rows)]
            )
            return removed.changes > 0
        }
        return try alter(connection, "DROP TABLE IF EXISTS \(partition.name)")
    }

    /// Returns all partitions but the default one, the oldest first.
    package static func all(_ connection: PostgreSQLConnection) throws -> [Partition] {
        try connection.run(
            """
            SELECT c.relname::text, substring(c.relname FROM '^attempt_([0-9]+)$')::int8,
                pg_has_role(c.relowner, 'USAGE')
            FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'attempt'::regclass AND c.relname ~ '^attempt_[0-9]+$' ORDER BY 2
            """
        ).map { Partition(name: try $0.text(0), end: (try $0.int(1) + 1) * day, isOwn: try $0.bool(2)) }
    }

    /// The name of a day's partition, which holds the number of the day since 1970.
    private static func name(_ number: Int64) -> String { "attempt_\(number)" }

    /// A session that waits for the lock of a table keeps all later sessions waiting. So the wait is given up soon.
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

/// Says once that partitions are missing which the role may not make.
package final class PostgreSQLPartitionLog: Sendable {
    private let logger: Logger
    private let isTold = Mutex(false)

    package init(logger: Logger) {
        self.logger = logger
    }

    /// Takes note of what came of making partitions.
    package func note(_ outcome: PostgreSQLPartitions.Outcome) {
        let isNews = isTold.withLock { isTold in
            defer { isTold = outcome == .refused }
            return outcome == .refused && !isTold
        }
        guard isNews else { return }
        logger.warning(
            "the role may not make partitions of attempt; until its owner runs 'webhook-svc store migrate', attempts go to attempt_default"
        )
    }
}
