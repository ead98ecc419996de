package import AgentCore
package import Logging

/// Keeps everything in one PostgreSQL database, for any number of processes (design.md, "Storage").
///
/// Its connections are those of ``PostgreSQLLanes``, and one that listens.
package final class PostgreSQLStore: AgentStore {
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
    private let listener: PostgreSQLListener

    /// How long opening waits for the database.
    private static let patience = Duration.seconds(10)
    /// How long opening waits for the watch to have seen whether everything works. Afterwards the store is open and unready.
    private static let watchPatience = Duration.seconds(5)

    /// Opens every connection, and makes or migrates the schema. Throws when the database cannot be reached, cannot be
    /// used as it is set up, or is newer than this version knows.
    ///
    /// - Parameter leaseClock: What tells when a lease ends.
    package convenience init(
        _ location: PostgreSQLLocation,
        leaseClock: LeaseClock = .database,
        logger: Logger
    ) async throws(StoreError) {
        try await self.init(location, leaseClock: leaseClock, watched: .init(), logger: logger)
    }

    /// - Parameter watched: How closely its health is watched.
    init(
        _ location: PostgreSQLLocation,
        leaseClock: LeaseClock = .database,
        watched: PostgreSQLWatch.Settings,
        logger: Logger
    ) async throws(StoreError) {
        let opening = try await onOwnThread { () throws(StoreError) in
            try PostgreSQLOpening(location, patience: Self.patience)
        }
        let log = PostgreSQLConnectionLog(logger: logger)
        lanes = PostgreSQLLanes(location, log: log, opened: opening.connections)
        partitionLog = PostgreSQLPartitionLog(logger: logger)
        partitionLog.note(opening.partitions)
        snapshots = PostgreSQLSnapshots(logger: logger)
        due = PostgreSQLDue(lane: lanes.calls)
        signals = PostgreSQLSignals(lanes.signals, due: due)
        settling = PostgreSQLSettling(lane: lanes.upkeep, due: due)
        results = PostgreSQLResults(lanes.results, due: due, settling: settling)
        self.leaseClock = PostgreSQLLeaseClock(leaseClock)
        sweeps = due.sweeps
        listener = PostgreSQLListener(location, opened: opening.listening, due: due, log: log)
        let settling = settling
        Task.detached {
            do {
                try await settling.searchNowAndThen()
            } catch {
                let metadata: Logger.Metadata = ["error": "\(error)"]
                logger.warning(
                    "what a former process left was not looked for; it is within a minute",
                    metadata: metadata
                )
            }
        }
        watch = PostgreSQLWatch(lanes, settings: watched, logger: logger)
        await watch.waitForFirstRound(atMost: Self.watchPatience)
    }

    package var arrivals: AsyncStream<Void> { due.arrivals.stream }
    package var commitCounts: CommitCounts { signals.commitCounts }

    package func checkHealth() async throws(StoreError) { try watch.check() }
}
