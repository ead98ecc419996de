import Synchronization

/// Tells the threads of a lane until when they may wait for the server, once the lane is being closed.
package final class PostgreSQLStop: Sendable {
    private let deadline = Mutex<ContinuousClock.Instant?>(nil)

    /// Whether the time is over. False as long as nothing is being closed.
    var isOver: Bool { deadline.withLock { $0.map { $0 <= .now } ?? false } }

    /// Lets what is under way go on for `grace`, and no longer than an earlier call has said.
    func begin(within grace: Duration) {
        deadline.withLock { deadline in
            let end = ContinuousClock.now.advanced(by: grace)
            deadline = min(deadline ?? end, end)
        }
    }
}
