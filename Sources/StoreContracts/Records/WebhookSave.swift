package import WebhookModel

/// A webhook that is to replace the stored one that has its id.
package struct WebhookSave: Sendable, Hashable {
    /// The webhook as its sender wants it.
    package var webhook: Webhook
    /// What ``EventBody`` makes of the webhook.
    package var bodySuffix: [UInt8]
    /// What the event is made of that tells of a change of state.
    package var stateEvent: StateEvent.Seed
    /// When the webhook was last updated that may be replaced; nil where any may be.
    package var version: Timestamp?

    /// Creates a save of `webhook`.
    package init(
        _ webhook: Webhook,
        bodySuffix: [UInt8],
        stateEvent: StateEvent.Seed = StateEvent.Seed(),
        version: Timestamp? = nil
    ) {
        (self.webhook, self.bodySuffix) = (webhook, bodySuffix)
        (self.stateEvent, self.version) = (stateEvent, version)
    }
}
