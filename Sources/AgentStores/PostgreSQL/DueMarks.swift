import AgentCore
import Synchronization

/// The webhooks that may have something pending, each with a time before which it has nothing.
///
/// Claims look from there on. Without it each would walk over what has been delivered since the oldest snapshot that is
/// open anywhere in the database: its rows cannot be removed until then, and stand at the front of the queue's index.
/// A mark is a bound, never a promise: what this process does lowers it at once, what others do lowers it by a hint, and
/// every second a sweep finds what neither said.
final class DueMarks: Sendable {
    private struct State {
        var marks: [Int32: Int64] = [:]
        /// What has been heard since the marks were last read.
        var lowered: [Int32: Int64] = [:]
        var sweepAt = ContinuousClock.now
    }

    private let state = Mutex(State())

    private static let sweepInterval = Duration.seconds(1)
    /// A sweep may take one part in so many of the time.
    private static let sweepShare = 20

    /// Says that these webhooks may have something that is due from these times on.
    func lower(_ dues: [Int32: Int64]) {
        state.withLock { $0.lowered.merge(dues, uniquingKeysWith: min) }
    }

    /// Asks for a sweep at the next look.
    func requestSweep() {
        state.withLock { $0.sweepAt = min($0.sweepAt, .now) }
    }

    /// The marks to look from. Only one may look at a time.
    ///
    /// - Parameter sweep: Finds every webhook that has something pending, with its earliest due time; called when it is
    ///   time for that.
    func look(sweep: () throws -> [Int32: Int64]) rethrows -> [Int32: Int64] {
        let isTime = state.withLock { $0.sweepAt <= .now }
        if isTime {
            let start = ContinuousClock.now
            let found = try sweep()
            let end = ContinuousClock.now
            state.withLock { state in
                state.marks.merge(found, uniquingKeysWith: min)
                state.sweepAt = end.advanced(by: max(Self.sweepInterval, start.duration(to: end) * Self.sweepShare))
            }
        }
        return state.withLock { state in
            state.marks.merge(state.lowered, uniquingKeysWith: min)
            state.lowered = [:]
            return state.marks
        }
    }

    /// Says what was found: the earliest due time of each webhook that has something pending.
    func found(_ dues: [Int32: Int64]) {
        state.withLock { $0.marks = dues }
    }
}
