package import WebhookModel

/// A stored webhook that somebody replaces, with what follows from that (docs/contract.md#section-6).
package struct WebhookReplacement: Sendable, Hashable {
    /// The webhook as it is stored from now on.
    package let webhook: Webhook
    /// The change of its state; nil where it stays. `Unknown` leaves a webhook's state as it is.
    package let stateChange: WebhookStateChange?
    /// Whether its failures in a row are forgotten and its pause is over, since its sender wants it to be Active.
    package let resetsFailures: Bool
    /// Whether its deliveries have to follow (``DeliveryChange``).
    package let changesDeliveries: Bool

    /// Creates the replacement of `stored` by what a caller has saved.
    package init(of stored: Webhook, by saved: Webhook, stateEvent: StateEvent.Seed) {
        var webhook = saved.replacing(stored)
        if saved.state != .unknown { webhook.state = saved.state }
        self.webhook = webhook
        stateChange = WebhookStateChange(
            of: stored.id,
            from: stored.state,
            to: webhook.state,
            by: webhook.updatedBy?.associateID ?? 0,
            time: webhook.updated,
            seed: stateEvent
        )
        resetsFailures = saved.state == .active
        changesDeliveries = stateChange != nil || webhook.isDeliverable != stored.isDeliverable
    }

    /// Whether all that the webhook had in the queue when it was stopped has to be parked first, so that all of it is due
    /// once it is Active.
    package var parksFirst: Bool { stateChange?.to == .active }
}
