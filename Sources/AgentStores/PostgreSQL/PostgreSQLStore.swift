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
    private let listener: PostgreSQLListener

    /// How long opening waits for the database.
    private static let patience = Duration.seconds(10)

    /// Opens every connection, and makes or migrates the schema. Throws when the database cannot be reached, cannot be
    /// used as it is set up, or is newer than this version knows.
    ///
    /// - Parameter leaseClock: What tells when a lease ends.
    package init(
        _ location: PostgreSQLLocation,
        leaseClock: LeaseClock = .database,
        logger: Logger
    ) async throws(StoreError) {
        let opening = try await onOwnThread { () throws(StoreError) in
            try PostgreSQLOpening(location, patience: Self.patience)
        }
        let log = PostgreSQLConnectionLog(logger: logger)
        lanes = PostgreSQLLanes(location, log: log, opened: opening.connections)
        partitionLog = PostgreSQLPartitionLog(logger: logger)
        partitionLog.note(opening.partitions)
        due = PostgreSQLDue(lane: lanes.upkeep)
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
    }

    package var arrivals: AsyncStream<Void> { due.arrivals.stream }
    package var commitCounts: CommitCounts { signals.commitCounts }

    package func checkHealth() async throws(StoreError) {
        let health = await lanes.calls.attempt(isRepeatable: true, patience: .seconds(2), answeredWithin: .seconds(5)) {
            // Only a primary gives transactions a number.
            try $0.run("SELECT current_setting('transaction_read_only'), pg_current_xact_id()::text")[0].text(0)
        }
        switch health {
        case .success("off"): return
        case .success: throw StoreError.unavailable("PostgreSQL takes no writes")
        case .failure(let error): throw StoreError(postgreSQL: error)
        }
    }
}
