import Synchronization
package import WebhookModel

/// A clock that a test puts forward.
package final class SteppedClock: Sendable {
    private let base: @Sendable () -> Timestamp
    private let offset = Mutex(Duration.zero)

    /// Creates a clock that is put forward from what `base` returns; by default from ``Fixed/time``, so that it stands still.
    package init(base: @escaping @Sendable () -> Timestamp = { Fixed.time }) {
        self.base = base
    }

    /// The time that it shows.
    package var now: Timestamp { base().advanced(by: offset.withLock { $0 }) }

    /// Puts the clock forward.
    package func advance(by duration: Duration) {
        offset.withLock { $0 += duration }
    }
}
