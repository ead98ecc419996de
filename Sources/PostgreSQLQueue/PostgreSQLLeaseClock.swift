import Foundation
import Synchronization
package import WebhookModel

/// Tells when leases end, and when that is by the callers' clock.
package final class PostgreSQLLeaseClock: Sendable {
    /// The clock by which leases end. All other times are compared by the clock of the process that names them.
    package enum Source: Sendable {
        /// The database's clock, which is the same for all processes: one whose own clock is wrong neither takes another's
        /// delivery early nor holds its own too long.
        case database
        /// The times that callers tell, for tests that make them up.
        case caller
    }

    package let isDatabase: Bool
    /// Ticks by which the database's clock is ahead of the callers'.
    private let lead = Mutex<Int64?>(nil)

    /// SQL for the database's time.
    package static let databaseNow = "(extract(epoch FROM clock_timestamp()) * 10000000)::int8"

    package init(_ source: Source) {
        isDatabase = source == .database
    }

    /// Says that the database's clock showed this when a caller's showed `now`.
    package func note(_ now: Timestamp, databaseNow: Int64) {
        guard isDatabase else { return }
        lead.withLock { $0 = databaseNow &- now.ticks }
    }

    /// The same, as long as no caller has told its time.
    package func noteFirst(databaseNow: Int64) {
        guard isDatabase else { return }
        lead.withLock { $0 = $0 ?? (databaseNow &- Timestamp(Date()).ticks) }
    }

    /// Whether the database's clock is behind the callers'.
    package var isBehind: Bool { (lead.withLock { $0 } ?? 0) < 0 }

    /// When a lease ends by the callers' clock.
    package func callerTime(leaseEnd: Int64) -> Int64 {
        let (time, isOver) = leaseEnd.subtractingReportingOverflow(lead.withLock { $0 } ?? 0)
        return isOver ? leaseEnd : time
    }
}
