package import AgentCore
import Foundation
import GRDB
import Synchronization

/// Keeps everything in one SQLite file, for one process (design.md, "Storage").
///
/// SQLite's calls block, so they run on GRDB's own queues: reads on its pool of readers, writes through ``GroupCommit``.
package final class SQLiteStore: AgentStore {
    let pool: DatabasePool
    let commits: GroupCommit
    let arrivalSignal = Arrivals()
    let settling: DeliverySettling
    /// The attempts up to this id that pruning has left are dated in the future; 0 when it begins from the front.
    let prunedUpTo = Mutex<Int64>(0)
    private let lock: FileLock

    /// Opens or makes the file at `path`. Throws when another process serves it, when it is newer than this version
    /// knows, or when it cannot be opened.
    package init(path: String) throws(StoreError) {
        lock = try FileLock(path: path + "-lock")
        // SQLite gives its other files the database's permissions; webhooks' secrets are in all of them.
        close(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600))
        do {
            var configuration = Configuration()
            configuration.label = "sqlite"
            configuration.busyMode = .timeout(5)
            configuration.maximumReaderCount = 4
            pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { database in
                // GRDB sets NORMAL when it opens a pool, which loses commits when the machine loses power.
                try database.execute(sql: "PRAGMA synchronous = FULL")
            }
            let migrator = Schema.migrator
            if try pool.read(migrator.hasBeenSuperseded) {
                let unknown = try pool.read { try migrator.appliedIdentifiers($0) }.subtracting(migrator.migrations)
                throw StoreError.newerSchema(found: unknown.sorted().joined(separator: ", "))
            }
            try migrator.migrate(pool)
            commits = GroupCommit(writer: pool)
            settling = DeliverySettling(arrivals: arrivalSignal)
            // Nobody else holds the file, so whoever claimed these is gone.
            try pool.write { database in
                try database.execute(
                    sql: """
                        UPDATE delivery SET owner = NULL, due = (SELECT created FROM event WHERE id = event_id)
                        WHERE state IN (0, 2) AND owner IS NOT NULL
                        """
                )
            }
            // A former process may have ended between a webhook's change and the last step of its deliveries.
            beginSettling(try pool.read { try Self.unsettled(now: Timestamp(Date()), $0) })
        } catch {
            throw StoreError(error)
        }
    }

    package var arrivals: AsyncStream<Void> { arrivalSignal.stream }

    package func checkHealth() async throws(StoreError) {
        try await commits.write { database in
            // A number that nobody reads: what counts is that it can be written.
            try database.execute(sql: "PRAGMA user_version = \(Int32.random(in: 1 ... .max))")
        }
    }

    /// Reads one consistent state.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            return try await pool.read(body)
        } catch {
            throw StoreError(error)
        }
    }
}
