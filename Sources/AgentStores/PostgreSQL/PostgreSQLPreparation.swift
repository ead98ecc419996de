package import AgentCore

/// `webhook-svc store migrate`: does once, as the owner of the tables, what a service then needs no right to do.
package enum PostgreSQLPreparation {
    /// Makes or migrates the schema, and makes the partitions of today and the next days.
    ///
    /// - Returns: The number of the schema, and until which day there are partitions.
    package static func run(
        _ location: PostgreSQLLocation,
        days: Int
    ) async throws(StoreError) -> (schema: Int, lastDay: String) {
        try await onOwnThread { () throws(StoreError) in
            do {
                let connection = try PostgreSQLConnection(location)
                try PostgreSQLPooling.check(connection, of: location)
                try PostgreSQLMigration.run(connection)
                guard try PostgreSQLPartitions.makeAhead(connection, days: Int64(days)) == .made else {
                    throw StoreError.unavailable(
                        "the role may not make partitions of attempt; run this as the role that owns the tables"
                    )
                }
                let last = try PostgreSQLPartitions.all(connection).map(\.end).max() ?? 0
                let day = try connection.run(
                    "SELECT to_char(to_timestamp($1::int8) AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
                    [.int(last / 10_000_000 - 1)]
                )[0].text(0)
                return (Int(PostgreSQLMigration.current), day)
            } catch {
                throw StoreError(postgreSQL: error)
            }
        }
    }
}
