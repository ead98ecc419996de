import Foundation
import LogThrottling
package import WebhookModel

/// The engine's time, so that tests can move it.
package struct DeliveryClock: Sendable {
    /// What the machine's clock shows. It may be set forward or back at any moment.
    package var now: @Sendable () -> Timestamp
    /// The time since some moment in the past. It only grows, so that differences of it are durations.
    package var elapsed: @Sendable () -> Duration
    /// Returns after that much of the elapsed time; throws when the task is cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void

    /// Creates a clock from its two readings and its sleep.
    package init(
        now: @escaping @Sendable () -> Timestamp,
        elapsed: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        (self.now, self.elapsed, self.sleep) = (now, elapsed, sleep)
    }

    /// The machine's clock.
    package static let system = DeliveryClock(
        now: { Timestamp(Date()) },
        elapsed: { ContinuousClock.elapsed },
        sleep: { try await Task.sleep(for: $0) }
    )
}
