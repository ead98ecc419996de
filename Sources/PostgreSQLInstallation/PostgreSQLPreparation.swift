import Foundation
package import Logging
package import PostgreSQLClient
package import StoreContracts
import StoreSupport

/// `webhook-svc store migrate`: does once, as the owner of the tables, what a service then needs no right to do.
package enum PostgreSQLPreparation {
    /// Makes or migrates the schema, and makes the partitions of today and the next days.
    ///
    /// - Parameters:
    ///   - days: For how many next days partitions are made.
    ///   - logger: Is told when the migration has to wait.
    /// - Returns: The number of the schema, until which day there are partitions, and how many days have none.
    package static func run(
        _ location: PostgreSQLLocation,
        days: Int,
        logger: Logger
    ) async throws(StoreError) -> (schema: Int, lastDay: String, missing: Int) {
        try await onOwnThread { () throws(StoreError) in
            do {
                let connection = try PostgreSQLConnection(location)
                try PostgreSQLPooling.check(connection, of: location)
                try PostgreSQLMigration.run(connection, logger: logger)
                let missing = try makePartitions(connection, days: Int64(days))
                let last = try PostgreSQLPartitions.all(connection).map(\.end).max() ?? 0
                let day = try connection.run(
                    "SELECT to_char(to_timestamp($1::int8) AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
                    [.int(last / 10_000_000 - 1)]
                )[0].text(0)
                return (Int(PostgreSQLMigration.current), day, missing)
            } catch {
                throw StoreError(postgreSQL: error)
            }
        }
    }

    /// Tries several times, since services use the table meanwhile. Returns how many days are left without a partition.
    private static func makePartitions(_ connection: PostgreSQLConnection, days: Int64) throws -> Int {
        for attempt in 1...10 {
            guard try PostgreSQLPartitions.makeAhead(connection, days: days) == .made else {
                throw StoreError.unavailable(
                    "the role may not make partitions of attempt; run this as the role that owns the tables"
                )
            }
            let missing = try PostgreSQLPartitions.missing(connection, days: days).count
            if missing == 0 || attempt == 10 { return missing }
            Thread.sleep(forTimeInterval: 0.2)
        }
        return 0
    }
}
