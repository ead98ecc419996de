import Logging
import StoreContracts
import Synchronization

/// Logs when the store stops being ready, and when it is ready again, however often readiness is asked for.
///
/// The first reason is not always the one that lasts: a database that begins to refuse writes may also have cut its
/// connections. A later reason is therefore logged too, once in ``pause`` at most.
final class ReadinessLog: Sendable {
    /// What is to be logged.
    enum Line: Equatable {
        case notReady(String)
        case otherReason(String)
        case readyAgain
    }

    private struct Outage {
        var reason: String
        var logged: ContinuousClock.Instant
    }

    /// The time between two lines of one outage.
    static let pause = Duration.seconds(30)

    private let outage = Mutex<Outage?>(nil)

    /// Takes what a check found: why the store is not ready, nil when it is.
    func note(_ problem: StoreError?, to logger: Logger) {
        switch line(for: problem.map { "\($0)" }, at: .now) {
        case .notReady(let reason): logger.error("not ready", metadata: ["error": "\(reason)"])
        case .otherReason(let reason): logger.error("unready for another reason", metadata: ["error": "\(reason)"])
        case .readyAgain: logger.notice("ready again")
        case nil: break
        }
    }

    /// The line that a check at `now` is worth; nil when it brings no news.
    func line(for reason: String?, at now: ContinuousClock.Instant) -> Line? {
        outage.withLock { outage in
            guard let reason else {
                defer { outage = nil }
                return outage == nil ? nil : .readyAgain
            }
            guard let last = outage else {
                outage = Outage(reason: reason, logged: now)
                return .notReady(reason)
            }
            guard last.reason != reason, last.logged.duration(to: now) >= Self.pause else { return nil }
            outage = Outage(reason: reason, logged: now)
            return .otherReason(reason)
        }
    }
}
