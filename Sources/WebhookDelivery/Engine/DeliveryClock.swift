package import AgentCore
import Foundation

/// The engine's time, so that tests can move it.
package struct DeliveryClock: Sendable {
    /// What the clock shows.
    package var now: @Sendable () -> Timestamp
    /// Returns after that much of this clock's time; throws when the task is cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void

    /// A clock made of its two readings.
    package init(
        now: @escaping @Sendable () -> Timestamp,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }

    /// The machine's clock.
    package static let system = DeliveryClock(
        now: { Timestamp(Date()) },
        sleep: { try await Task.sleep(for: $0) }
    )
}
