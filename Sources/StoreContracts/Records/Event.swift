package import FoundationEssentials
package import WebhookModel

/// An event as it is taken in. Its body is complete but for what each webhook adds: head + webhook's suffix + tail.
package struct Event: Sendable, Hashable {
    /// `EventId`.
    package var id: UUID
    /// The tenant whose webhooks get it.
    package var tenant: String
    /// `X-SuperOffice-Event`, and what webhooks are matched by.
    package var name: String
    /// What stands before a webhook's part.
    package var bodyHead: [UInt8]
    /// What stands after a webhook's part.
    package var bodyTail: [UInt8]
    /// When it was signalled; its deliveries are due from then on.
    package var time: Timestamp
    /// Another name that webhooks are matched by.
    package var otherName: String?
    /// A webhook that does not get it although it listens.
    package var excludedWebhook: Int32?
    /// The delivery that webhooks with the state TooManyErrors get of the event: recorded as missed, parked, or none.
    package var missed = MissedEvents.record

    /// Creates an event that webhooks are matched to by its name alone.
    package init(id: UUID, tenant: String, name: String, bodyHead: [UInt8], bodyTail: [UInt8], time: Timestamp) {
        (self.id, self.tenant, self.name) = (id, tenant, name)
        (self.bodyHead, self.bodyTail, self.time) = (bodyHead, bodyTail, time)
    }
}
