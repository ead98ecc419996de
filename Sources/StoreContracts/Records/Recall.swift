package import WebhookModel

/// Says which deliveries and pauses are put off for too long, and what they are set to instead.
package struct RecallLimits: Sendable, Hashable {
    /// The latest time at which a delivery may be due and a pause may end.
    package var latest: Timestamp
    /// When the deliveries are due instead. The pauses end at once.
    package var now: Timestamp
    /// When the leases end instead: their holders may still be at work.
    package var leaseEnd: Timestamp
    /// Deliveries that one step brings back.
    package var rowsPerStep: Int

    /// Creates limits.
    package init(latest: Timestamp, now: Timestamp, leaseEnd: Timestamp, rowsPerStep: Int) {
        (self.latest, self.now, self.leaseEnd, self.rowsPerStep) = (latest, now, leaseEnd, rowsPerStep)
    }
}

/// How much was brought back.
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
