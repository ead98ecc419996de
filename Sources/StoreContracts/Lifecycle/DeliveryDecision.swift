package import WebhookModel

/// The decision of a ``DeliveryPolicy`` on an attempt.
package struct DeliveryDecision: Sendable, Hashable {
    /// What becomes of the delivery.
    package var fate: DeliveryFate
    /// Why the attempt failed, in a line; nil when it did not.
    package var error: String?
    /// What GetLastError tells of the failure; nil when there was none.
    package var lastError: String?
    /// The webhook's failed attempts since its last success, this one included.
    package var failures: FailureRow
    /// The state that the webhook is put in; nil to leave it.
    package var webhookState: WebhookState?
    /// Until when nothing is sent to the webhook; nil for no pause.
    package var pauseUntil: Timestamp?

    /// Creates a decision.
    ///
    /// - Parameter lastError: By default the same as `error`.
    package init(
        _ fate: DeliveryFate,
        error: String? = nil,
        lastError: String? = nil,
        failures: FailureRow = FailureRow(),
        webhookState: WebhookState? = nil,
        pauseUntil: Timestamp? = nil
    ) {
        self.fate = fate
        self.error = error
        self.lastError = lastError ?? error
        self.failures = failures
        self.webhookState = webhookState
        self.pauseUntil = pauseUntil
    }

    /// Whether the attempt says something about its webhook, whose usage then counts it.
    package var isCounted: Bool {
        if case .postponed = fate { false } else { true }
    }
}
