package import Logging
import Synchronization

/// Tells of something that fails again and again when it begins, each minute while it lasts, and when it is over.
///
/// Thousands of equal lines hide everything else; and a line that says that it is over, with how often it failed, is what
/// one looks for in the morning.
package final class OutageLog: Sendable {
    private struct Outage {
        let begun: Duration
        var logged: Duration
        var last: Duration
        var failures = 1
        var leftOut = 0
    }

    private let reminder: Duration
    private let quiet: Duration
    private let elapsed: @Sendable () -> Duration
    private let outages = Mutex<[String: Outage]>([:])
    /// How many there are, for those that ask often.
    private let count = Atomic(0)

    /// Of more kinds than this at once, those that come last are told of once a time-span, as one kind.
    private static let kinds = 64

    /// Creates a log that knows of no outage yet.
    ///
    /// - Parameters:
    ///   - reminder: How long after a line the next one tells that it goes on.
    ///   - quiet: An outage is over when something has worked, and nothing has failed for so long.
    ///   - elapsed: A clock that never goes back.
    package init(
        reminder: Duration = .seconds(60),
        quiet: Duration = .seconds(10),
        elapsed: @escaping @Sendable () -> Duration = { ContinuousClock.elapsed }
    ) {
        (self.reminder, self.quiet, self.elapsed) = (reminder, quiet, elapsed)
    }

    /// Takes note of a failure.
    ///
    /// - Parameters:
    ///   - kind: Tells outages apart.
    ///   - metadata: Asked for only when the line is logged. `leftOut` is added when failures were left out before.
    /// - Returns: Whether a line was logged.
    @discardableResult
    package func failed(
        _ level: Logger.Level,
        _ message: StaticString,
        kind: String,
        metadata: @autoclosure () -> Logger.Metadata,
        to logger: Logger
    ) -> Bool {
        let now = elapsed()
        let leftOut = outages.withLock { outages -> Int? in
            let kind = outages[kind] != nil || outages.count < Self.kinds ? kind : ""
            guard var outage = outages[kind] else {
                outages[kind] = Outage(begun: now, logged: now, last: now)
                count.store(outages.count, ordering: .relaxed)
                return 0
            }
            defer { outages[kind] = outage }
            outage.last = now
            outage.failures += 1
            guard now - outage.logged >= reminder else {
                outage.leftOut += 1
                return nil
            }
            defer { outage.leftOut = 0 }
            outage.logged = now
            return outage.leftOut
        }
        guard let leftOut else { return false }
        logger.log(level, message, metadata: metadata(), leftOut: leftOut)
        return true
    }

    /// Takes note that something works. Tells of the outages that are over.
    package func worked(_ message: StaticString, to logger: Logger) {
        guard count.load(ordering: .relaxed) > 0 else { return }
        let now = elapsed()
        let over = outages.withLock { outages in
            let over = outages.filter { now - $0.value.last >= quiet }
            for kind in over.keys { outages[kind] = nil }
            count.store(outages.count, ordering: .relaxed)
            return over
        }
        for (kind, outage) in over.sorted(by: { $0.value.begun < $1.value.begun }) {
            let seconds = (outage.last - outage.begun).components.seconds
            logger.notice(
                "\(message)",
                metadata: ["failures": "\(outage.failures)", "seconds": "\(seconds)", "was": "\(kind)"]
            )
        }
    }
}
