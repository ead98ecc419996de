package import FoundationEssentials
package import WebhookModel

/// The right of one process to send what it has claimed, for a time.
package struct Lease: Sendable, Hashable {
    /// The process that holds the lease.
    package var owner: UUID
    /// When the lease begins: the time of the claim, by which deliveries have to be due.
    package var start: Timestamp
    /// How long the lease lasts.
    package var duration: Duration

    /// Creates a lease.
    package init(owner: UUID, start: Timestamp, duration: Duration) {
        (self.owner, self.start, self.duration) = (owner, start, duration)
    }

    /// When the lease ends.
    package var end: Timestamp { start.advanced(by: duration) }
}
