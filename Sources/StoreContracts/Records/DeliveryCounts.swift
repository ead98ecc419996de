package import WebhookModel

/// Deliveries by state; those delivered are not counted.
package struct DeliveryCounts: Sendable, Hashable {
    /// Due, or waiting to be tried again.
    package var pending: Int
    /// On record with their reason.
    package var failed: Int
    /// Waiting for their webhook to be Active.
    package var parked: Int
    /// On record, since their webhook was TooManyErrors.
    package var missed: Int
    /// The earliest due time of a pending delivery.
    package var oldestDue: Timestamp?

    /// Creates counts; by default of an empty queue.
    package init(pending: Int = 0, failed: Int = 0, parked: Int = 0, missed: Int = 0, oldestDue: Timestamp? = nil) {
        (self.pending, self.failed, self.parked) = (pending, failed, parked)
        (self.missed, self.oldestDue) = (missed, oldestDue)
    }
}
