import Logging
import PostgreSQLClient
import StoreContracts
import StoreSupport
import Synchronization

/// Knows how old the oldest snapshot is that keeps dead rows of ours from being removed: of a transaction, of a prepared
/// one, of a replica (`hot_standby_feedback`) or of a replication slot.
///
/// Everybody may see which transaction each of them holds, and few may see since when. So this remembers when which
/// transaction was the next one: how long ago a held one was that tells at least how old the snapshot is.
final class PostgreSQLSnapshots: Sendable {
    private struct State {
        var samples: [(time: ContinuousClock.Instant, next: Int64)] = []
        var hasLogged = false
    }

    private let logger: Logger
    private let state = Mutex(State())

    /// The time between two samples.
    private static let interval = Duration.seconds(60)
    /// Samples that are kept: those of a week.
    private static let samples = 10_080

    init(logger: Logger) {
        self.logger = logger
    }

    /// Vacuum's own transactions keep nothing. A slot's `catalog_xmin` keeps only rows of the catalogs.
    static let statement = """
        WITH held (age, began) AS (
            SELECT greatest(age(backend_xid), age(backend_xmin)), xact_start FROM pg_stat_activity a
            WHERE pid <> pg_backend_pid()
                AND (datid IS NULL OR datid = (SELECT oid FROM pg_database WHERE datname = current_database()))
                AND NOT EXISTS (SELECT 1 FROM pg_stat_progress_vacuum v WHERE v.pid = a.pid)
            UNION ALL SELECT age(transaction), prepared FROM pg_prepared_xacts WHERE database = current_database()
            UNION ALL SELECT age(xmin), NULL FROM pg_replication_slots
        )
        SELECT pg_snapshot_xmax(pg_current_snapshot())::text::int8, coalesce(max(age), 0)::int8,
            (coalesce(extract(epoch FROM max(clock_timestamp() - began)), 0) * 1000)::int8,
            pg_has_role('pg_read_all_stats', 'USAGE')
        FROM held WHERE age IS NOT NULL
        """

    func measurements(_ connection: PostgreSQLConnection) throws -> [StoreMeasurement] {
        let row = try connection.run(Self.statement)[0]
        let (next, age) = (try row.int(0), try row.int(1))
        let seen = observe(next: next, oldest: next - age, at: .now)
        if try !row.bool(3) { logOnce() }
        return [
            StoreMeasurement(.oldestSnapshotTransactions, Double(age)),
            StoreMeasurement(.oldestSnapshotAge, max(Double(try row.int(2)) / 1000, seen / .seconds(1))),
        ]
    }

    /// Notes which transaction is the next one. Returns for how long at least `oldest` has been an earlier one, to the
    /// minute.
    func observe(next: Int64, oldest: Int64, at now: ContinuousClock.Instant) -> Duration {
        state.withLock { state in
            // Another server, which counts its own.
            if let last = state.samples.last, last.next > next { state.samples = [] }
            if state.samples.last.map({ $0.time.duration(to: now) >= Self.interval }) ?? true {
                state.samples.append((now, next))
            }
            if state.samples.count > Self.samples { state.samples.removeFirst() }
            return state.samples.first { $0.next > oldest }.map { $0.time.duration(to: now) } ?? .zero
        }
    }

    private func logOnce() {
        let isFirst = state.withLock { state in
            defer { state.hasLogged = true }
            return !state.hasLogged
        }
        guard isFirst else { return }
        logger.notice(
            """
            the metric of the oldest snapshot's age counts from this process's start on: grant the role pg_monitor to see \
            since when other roles' transactions are open
            """
        )
    }
}
