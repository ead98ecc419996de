package import WebhookModel

/// What is put off too long, and what becomes of it.
package struct RecallLimits: Sendable, Hashable {
    /// No delivery is to be due later, and no pause to end later.
    package var latest: Timestamp
    /// When deliveries are due then. Pauses end.
    package var now: Timestamp
    /// When leases end then, for whoever holds one may be at work.
    package var leaseEnd: Timestamp
    /// Deliveries that one step brings back.
    package var rowsPerStep: Int

    /// Creates limits.
    package init(latest: Timestamp, now: Timestamp, leaseEnd: Timestamp, rowsPerStep: Int) {
        (self.latest, self.now, self.leaseEnd, self.rowsPerStep) = (latest, now, leaseEnd, rowsPerStep)
    }
}

/// What was brought back.
package struct Recalled: Sendable, Hashable {
    /// Deliveries that are due earlier now.
    package var deliveries: Int
    /// Webhooks whose pause has ended.
    package var pauses: Int

    /// Creates the numbers of a step.
    package init(deliveries: Int = 0, pauses: Int = 0) {
        (self.deliveries, self.pauses) = (deliveries, pauses)
    }
}
