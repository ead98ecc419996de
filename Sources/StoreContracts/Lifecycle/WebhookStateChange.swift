package import WebhookModel

/// A webhook that is put in another state, with what follows from that beside its deliveries (``DeliveryChange``).
package struct WebhookStateChange: Sendable, Hashable {
    /// The webhook.
    package let webhook: Int32
    /// The state that it had.
    package let from: WebhookState
    /// The state that it is put in.
    package let to: WebhookState
    /// The associate who changes it; 0 for the service itself.
    package let associateID: Int32
    /// When it is changed.
    package let time: Timestamp
    /// The seed of the event that tells of the change.
    package let seed: StateEvent.Seed

    /// Creates a change; nil where the webhook is in that state.
    package init?(
        of webhook: Int32,
        from: WebhookState,
        to: WebhookState,
        by associateID: Int32 = 0,
        time: Timestamp,
        seed: StateEvent.Seed
    ) {
        guard from != to else { return nil }
        (self.webhook, self.from, self.to) = (webhook, from, to)
        (self.associateID, self.time, self.seed) = (associateID, time, seed)
    }

    /// Whether the webhook's pause is over, although that of its target may go on for others.
    package var endsPause: Bool { to == .active }
}
