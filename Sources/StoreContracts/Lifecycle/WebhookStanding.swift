package import WebhookModel

/// What a webhook's deliveries depend on.
package struct WebhookStanding: Sendable, Hashable {
    /// The webhook's state.
    package var state: WebhookState
    /// Why its events are not sent whatever its state; nil where this service delivers webhooks of its type.
    package var undeliverableReason: String?

    /// Whether this service delivers webhooks of its type.
    package var isDeliverable: Bool { undeliverableReason == nil }

    /// Creates the standing of a webhook of a type.
    package init(state: WebhookState, isDeliverable: Bool = true, type: String? = nil) {
        self.state = state
        undeliverableReason = isDeliverable ? nil : UnsentReason.undeliverable(type: type ?? "")
    }

    /// Creates the standing of `webhook`.
    package init(_ webhook: Webhook) {
        self.init(state: webhook.state, isDeliverable: webhook.isDeliverable, type: webhook.type)
    }
}
