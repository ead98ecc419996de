package import WebhookModel

/// Which deliveries to list; nil does not restrict.
package struct DeliveryFilter: Sendable, Hashable {
    /// Those of one webhook.
    package var webhook: Int32?
    /// The whole event name, without regard to case.
    package var event: String?
    /// Those in one state.
    package var state: DeliveryState?
    /// Those of events that were signalled then or later.
    package var since: Timestamp?
    /// Those of events that were signalled before.
    package var until: Timestamp?

    /// Creates a filter from what it restricts.
    package init(
        webhook: Int32? = nil,
        event: String? = nil,
        state: DeliveryState? = nil,
        since: Timestamp? = nil,
        until: Timestamp? = nil
    ) {
        (self.webhook, self.event, self.state, self.since, self.until) = (webhook, event, state, since, until)
    }
}

/// In which order deliveries are listed: that in which their events were taken in, or the other way.
package enum DeliveryOrder: Sendable, Hashable {
    /// Those of the last events first.
    case newestFirst
    /// Those of the first events first.
    case oldestFirst
}
