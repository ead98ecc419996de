package import Logging
package import PostgreSQLClient
import PostgreSQLInstallation
package import PostgreSQLQueue
import ServiceLifecycle
package import StoreContracts
import StoreSupport

/// Keeps everything in one PostgreSQL database, for any number of processes (docs/architecture.md#stores).
///
/// Its connections are those of ``PostgreSQLLanes``, and one that listens. The store owns them, the threads that work
/// with them and all tasks, from the time it is opened until it is closed by ``run()`` or ``close()``.
package final class PostgreSQLStore: AgentStore, SettlingStore, Service, CustomStringConvertible {
    let signals: PostgreSQLSignals
    let results: PostgreSQLResults
    let lanes: PostgreSQLLanes
    let due: PostgreSQLDue
    let settling: PostgreSQLSettling
    let leaseClock: PostgreSQLLeaseClock
    let sweeps: SweepSchedule
    let orphans = OrphanSweep()
    let partitionLog: PostgreSQLPartitionLog
    let snapshots: PostgreSQLSnapshots
    let watch: PostgreSQLWatch
    let tasks = StoreTasks()
    private let listener: PostgreSQLListener

    /// Services are logged as they describe themselves.
    package var description: String { "PostgreSQLStore" }

    /// How long opening tries to reach the database.
    private static let patience = Duration.seconds(10)
    /// How long opening waits for the watch to have seen whether everything works. Afterwards the store is open and unready.
    private static let watchPatience = Duration.seconds(5)
    /// How long closing lets calls go on that are under way.
    package static let grace = Duration.seconds(5)

    /// Opens every connection, and makes or migrates the schema. Throws when the database cannot be reached, cannot be
    /// used as it is set up, or is newer than this version knows.
    ///
    /// - Parameter leaseClock: The clock by which leases end.
    package convenience init(
        _ location: PostgreSQLLocation,
        leaseClock: PostgreSQLLeaseClock.Source = .database,
        logger: Logger
    ) async throws(StoreError) {
        try await self.init(location, leaseClock: leaseClock, watched: .init(), logger: logger)
    }

    /// - Parameter watched: How closely its health is watched.
    init(
        _ location: PostgreSQLLocation,
        leaseClock: PostgreSQLLeaseClock.Source = .database,
        watched: PostgreSQLWatch.Settings,
        logger: Logger
    ) async throws(StoreError) {
        let opening = try await Self.open(location, logger: logger)
        let log = PostgreSQLConnectionLog(logger: logger)
        lanes = PostgreSQLLanes(location, log: log, opened: opening.connections)
        partitionLog = PostgreSQLPartitionLog(logger: logger)
        partitionLog.note(opening.partitions)
        snapshots = PostgreSQLSnapshots(logger: logger)
        due = PostgreSQLDue(lane: lanes.calls, tasks: tasks)
        signals = PostgreSQLSignals(lanes.signals, due: due)
        settling = PostgreSQLSettling(lane: lanes.upkeep, due: due, tasks: tasks)
        results = PostgreSQLResults(lanes.results, due: due, settling: settling)
        self.leaseClock = PostgreSQLLeaseClock(leaseClock)
        sweeps = due.sweeps
        let due = due
        listener = PostgreSQLListener(
            location,
            opened: opening.listening,
            onOpen: PostgreSQLLock.shareServing,
            channel: PostgreSQLDue.channel,
            log: log,
            begin: { due.resynchronize() },
            receive: { due.receive($0) }
        )
        let settling = settling
        tasks.start {
            do {
                try await settling.searchNowAndThen()
            } catch {
                guard !Task.isCancelled else { return }
                let metadata: Logger.Metadata = ["error": "\(error)"]
                logger.warning(
                    "what a former process left was not looked for; it is within a minute",
                    metadata: metadata
                )
            }
        }
        watch = PostgreSQLWatch(lanes, settings: watched, tasks: tasks, logger: logger)
        await watch.waitForFirstRound(atMost: Self.watchPatience)
    }

    /// Opens the connections, and makes or migrates the schema. Cancellation and graceful shutdown end the wait for another
    /// process that migrates.
    private static func open(
        _ location: PostgreSQLLocation,
        logger: Logger
    ) async throws(StoreError) -> PostgreSQLOpening {
        let stop = PostgreSQLStop()
        let result: Result<PostgreSQLOpening, StoreError> = await withTaskCancellationOrGracefulShutdownHandler {
            do throws(StoreError) {
                return .success(
                    try await onOwnThread { () throws(StoreError) in
                        try PostgreSQLOpening(location, patience: patience, stop: stop, logger: logger)
                    }
                )
            } catch {
                return .failure(error)
            }
        } onCancelOrGracefulShutdown: {
            stop.begin(within: .zero)
        }
        return try result.get()
    }

    /// Keeps the store open until graceful shutdown or cancellation, and closes it then.
    ///
    /// Services that work with the store must have ended before. A group of services cancels all of them at once when one
    /// fails; an application whose services write at their end closes the store with ``close(within:)`` after the group.
    package func run() async throws {
        try? await gracefulShutdown()
        await close()
    }

    /// Closes the store: refuses all further calls, and returns when its tasks and threads have ended and its connections
    /// are closed.
    ///
    /// Events and results that wait are still written, as long as the server answers in time. Sweeps and other upkeep are
    /// broken off; the next process goes on with them.
    ///
    /// - Parameter grace: How long the server's answers are waited for.
    package func close(within grace: Duration = grace) async {
        tasks.cancel()
        listener.stopListening()
        lanes.limit(within: grace)
        await lanes.upkeep.close(within: .zero)
        await signals.close()
        await results.close()
        await tasks.close()
        await lanes.close(within: grace)
        await listener.close()
    }

    package var arrivals: AsyncStream<Void> { due.arrivals.stream }

    package func finishSettling() async { await settling.finish() }
    package var commitCounts: CommitCounts { signals.commitCounts }

    package func signal(_ event: Event, completion: @escaping @Sendable (Result<Int, StoreError>) -> Void) {
        signals.signal(event, completion: completion)
    }

    package func record(_ results: [DeliveryResult]) async throws(StoreError) -> [DeliveryFate?] {
        try await self.results.record(results)
    }

    package func checkHealth() async throws(StoreError) { try watch.check() }
}
