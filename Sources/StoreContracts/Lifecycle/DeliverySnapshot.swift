package import WebhookModel

/// A delivery that somebody holds and its webhook, as they stand when the result of an attempt is recorded.
package struct DeliverySnapshot: Sendable, Hashable {
    /// Attempts made before, in the delivery's present set.
    package var attempts: Int
    /// When the delivery's lease ends.
    package var due: Timestamp
    /// Whether an operator asked for the delivery again; then it says nothing about the webhook's health.
    package var isReplay: Bool
    /// The webhook's state.
    package var webhookState: WebhookState
    /// The webhook's counters.
    package var counters: WebhookCounters
    /// Whether nothing is sent to the webhook's target for a while.
    package var isPaused: Bool

    /// Creates a snapshot; by default of an Active webhook that has not been called.
    package init(
        attempts: Int,
        due: Timestamp = .unset,
        isReplay: Bool = false,
        webhookState: WebhookState = .active,
        counters: WebhookCounters = WebhookCounters(),
        isPaused: Bool = false
    ) {
        (self.attempts, self.due, self.isReplay) = (attempts, due, isReplay)
        (self.webhookState, self.counters, self.isPaused) = (webhookState, counters, isPaused)
    }

    /// Creates a snapshot of a webhook of which nothing but its failures counts.
    package init(
        attempts: Int,
        isReplay: Bool = false,
        webhookState: WebhookState = .active,
        failures: FailureRow
    ) {
        self.init(
            attempts: attempts,
            isReplay: isReplay,
            webhookState: webhookState,
            counters: WebhookCounters(failures: failures)
        )
    }

    /// The webhook's failed attempts since its last success.
    package var failures: FailureRow { counters.failures }
}
