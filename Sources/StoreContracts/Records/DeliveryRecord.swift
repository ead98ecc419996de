package import FoundationEssentials
package import WebhookModel

/// One delivery, in a list.
package struct DeliveryRecord: Sendable, Hashable {
    /// Which delivery.
    package var id: DeliveryID
    /// `X-SuperOffice-EventId`.
    package var eventID: UUID
    /// `X-SuperOffice-Event`.
    package var event: String
    /// Whose it is.
    package var tenant: String
    /// When the event was signalled.
    package var signalled: Timestamp
    /// Where it stands.
    package var state: DeliveryState
    /// Attempts made in its present set.
    package var attempts: Int
    /// When a pending one is next tried, or its lease ends.
    package var due: Timestamp?
    /// Why one has failed.
    package var reason: String?

    /// Creates a record.
    package init(
        id: DeliveryID,
        eventID: UUID,
        event: String,
        tenant: String,
        signalled: Timestamp,
        state: DeliveryState,
        attempts: Int,
        due: Timestamp?,
        reason: String?
    ) {
        (self.id, self.eventID, self.event, self.tenant, self.signalled) = (id, eventID, event, tenant, signalled)
        (self.state, self.attempts, self.due, self.reason) = (state, attempts, due, reason)
    }
}

/// One delivery with all that is known of it.
package struct DeliveryDetail: Sendable, Hashable {
    /// What a list shows of the delivery.
    package var record: DeliveryRecord
    /// The bytes that every attempt sent.
    package var body: [UInt8]
    /// Oldest first.
    package var attempts: [Attempt]

    /// Creates a detail.
    package init(record: DeliveryRecord, body: [UInt8], attempts: [Attempt]) {
        (self.record, self.body, self.attempts) = (record, body, attempts)
    }
}
