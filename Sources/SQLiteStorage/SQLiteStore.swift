import DatabaseFiles
import Foundation
import GRDB
package import Logging
package import StoreContracts
import StoreSupport
import Synchronization
package import WebhookModel

/// Keeps everything in one SQLite file, for one process (docs/architecture.md#stores).
///
/// SQLite's calls block, so they run on GRDB's own queues: reads on its pool of readers, writes through ``GroupCommit``.
package final class SQLiteStore: AgentStore, SettlingStore {
    let pool: DatabasePool
    let commits: GroupCommit
    let arrivalSignal = Arrivals()
    let settling: DeliverySettling
    /// The attempts up to this id that pruning has left are dated in the future; 0 when it begins from the front.
    let prunedUpTo = Mutex<Int64>(0)
    private let health: DatabaseHealth
    private let held = HeldWebhooks()
    let listeners = Listeners()
    /// The receiver of deliveries that have just been committed; nil when they are all claimed.
    let receiver = Mutex<(any DeliveryReceiver)?>(nil)
    private let search: BackgroundCheck?
    /// Declared last, so that it goes last: closing a descriptor of the file ends SQLite's locks.
    let file: DatabaseFile

    /// A file up to this size is searched for damage before it is served, a larger one meanwhile.
    package static let checkedBytes = 64 << 20
    /// The journal is given back down to this size once it has grown (under a backup, or another long reader).
    private static let journalBytes = 32 << 20

    /// Opens or makes the file at `path`. Throws when another process serves it, when it is another program's, damaged or
    /// newer than this version knows, or when it cannot be opened.
    ///
    /// - Parameters:
    ///   - checkedBytes: A file up to this size is searched for damage first; a larger one in the background.
    ///   - logger: Gets what that finds.
    package init(
        path: String,
        checkedBytes: Int = SQLiteStore.checkedBytes,
        logger: Logger = Logger(label: "webhook-svc")
    ) throws(StoreError) {
        let file = try DatabaseFile(path: path)
        self.file = file
        try DatabaseInspection.run(file.path, size: file.size, checkedBytes: checkedBytes)
        do {
            var configuration = Configuration()
            configuration.label = "sqlite"
            configuration.busyMode = .timeout(5)
            configuration.maximumReaderCount = 4
            pool = try DatabasePool(path: file.path, configuration: configuration)
            let migrator = Schema.migrator
            if try pool.read(migrator.hasBeenSuperseded) {
                let unknown = try pool.read { try migrator.appliedIdentifiers($0) }.subtracting(migrator.migrations)
                throw StoreError.newerSchema(found: unknown.sorted().joined(separator: ", "))
            }
            try migrator.migrate(pool)
            try pool.writeWithoutTransaction { database in
                // GRDB sets NORMAL when it opens a pool, which loses commits when the machine loses power. The first commit
                // with FULL, below, makes the commits of migrations last too.
                try database.execute(sql: "PRAGMA synchronous = FULL")
                try database.execute(sql: "PRAGMA journal_size_limit = \(Self.journalBytes)")
            }
            try pool.write { database in
                try database.execute(sql: "PRAGMA application_id = \(DatabaseInspection.applicationID)")
                // Nobody else holds the file, so whoever claimed these is gone.
                try database.execute(
                    sql: """
                        UPDATE delivery SET owner = NULL, due = (SELECT created FROM event WHERE id = event_id)
                        WHERE state IN (0, 2) AND owner IS NOT NULL
                        """
                )
            }
            pool.add(transactionObserver: held, extent: .databaseLifetime)
            pool.add(transactionObserver: listeners, extent: .databaseLifetime)
            health = DatabaseHealth(path: file.path)
            commits = GroupCommit(writer: pool, health: health)
            settling = DeliverySettling(arrivals: arrivalSignal)
            search =
                file.size > checkedBytes
                ? try BackgroundCheck(path: file.path, size: file.size, health: health, logger: logger) : nil
            // A former process may have ended between a webhook's change and the last step of its deliveries.
            beginSettling(try pool.read { try Self.unsettled(now: Timestamp(Date()), $0) })
        } catch {
            throw DatabaseInspection.explained(error, file.path)
        }
    }

    package var arrivals: AsyncStream<Void> { arrivalSignal.stream }

    package func finishSettling() async { await settling.finish() }

    package func checkHealth() async throws(StoreError) {
        try health.checkReadiness()
        try await commits.write { database in
            // A number that nobody reads: what counts is that it can be written.
            try database.execute(sql: "PRAGMA user_version = \(Int32.random(in: 1 ... .max))")
        }
    }

    /// Reads one consistent state.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        try health.check()
        do {
            return try await pool.read(body)
        } catch {
            throw health.note(error)
        }
    }

    package func heldWebhook(id: Int32, in scope: WebhookScope) -> HeldWebhook? {
        // What was held may be read for as long as the file may be.
        health.hasPassedLately() ? held.webhook(id: id, in: scope) : nil
    }

    package func webhook(id: Int32, in scope: WebhookScope) async throws(StoreError) -> Webhook? {
        let generation = held.generation
        let found = try await read { try Self.webhook(id: id, in: scope, $0) }
        if let found, found.bytes <= HeldWebhooks.mostBytes { held.hold(found.held, generation: generation) }
        return found?.held.webhook
    }
}
