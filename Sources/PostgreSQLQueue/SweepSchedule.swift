import Synchronization

/// When sweeps are made: without pauses where hints may have been lost, else so that they take a small share of the time.
package final class SweepSchedule: Sendable {
    private struct State {
        var next = ContinuousClock.now
        /// The same for a sweep that was asked for: half of the time at most is taken, however often hints are lost.
        var nextUrgent = ContinuousClock.now
        var isRunning = false
        var isUrgent = true
    }

    private let state = Mutex(State())

    private static let interval = Duration.seconds(1)

    /// Asks for a sweep without pauses.
    func request() {
        state.withLock { $0.isUrgent = true }
    }

    /// Whether a sweep is to be made now, and how; ``end(began:owed:)`` has to follow.
    package func begin() -> (isDue: Bool, isUrgent: Bool) {
        state.withLock { state in
            let isUrgent = state.isUrgent && state.nextUrgent <= .now
            guard !state.isRunning, isUrgent || state.next <= .now else { return (false, false) }
            state.isRunning = true
            if isUrgent { state.isUrgent = false }
            return (true, isUrgent)
        }
    }

    /// - Parameter owed: The pauses that were not made.
    package func end(began: ContinuousClock.Instant, owed: Duration = .zero) {
        state.withLock { state in
            state.isRunning = false
            state.next = max(began.advanced(by: Self.interval), .now.advanced(by: owed))
            state.nextUrgent = .now.advanced(by: began.duration(to: .now))
        }
    }
}
