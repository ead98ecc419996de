import Synchronization

/// Tells threads until when they may wait for the server: those of a lane that is being closed, or one that opens a store.
package final class PostgreSQLStop: Sendable {
    private let deadline = Mutex<ContinuousClock.Instant?>(nil)

    /// Creates a stop that has not begun.
    package init() {}

    /// Whether the time is over. False as long as ``begin(within:)`` has not been called.
    package var isOver: Bool { deadline.withLock { $0.map { $0 <= .now } ?? false } }

    /// Lets what is under way go on for `grace`, and no longer than an earlier call has said.
    package func begin(within grace: Duration) {
        deadline.withLock { deadline in
            let end = ContinuousClock.now.advanced(by: grace)
            deadline = min(deadline ?? end, end)
        }
    }
}
