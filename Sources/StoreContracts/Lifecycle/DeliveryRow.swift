package import WebhookModel

/// What a store keeps of a delivery that changes in the course of its life.
package struct DeliveryRow: Sendable, Hashable {
    /// Where the delivery stands.
    package var state: DeliveryRowState
    /// Attempts made in its present set.
    package var attempts: Int
    /// When a pending delivery is next tried, or its lease ends; since when one on record has failed or was missed.
    package var due: Timestamp
    /// Why the last attempt failed, or why the delivery was not sent; nil for neither.
    package var reason: String?

    /// Creates a row; by default of a delivery that is pending and has not been tried.
    package init(state: DeliveryRowState = .pending, attempts: Int = 0, due: Timestamp, reason: String? = nil) {
        (self.state, self.attempts, self.due, self.reason) = (state, attempts, due, reason)
    }

    /// The row that an event makes for a webhook that listens to it; nil for none (docs/contract.md#section-7).
    ///
    /// - Parameters:
    ///   - time: When the event was signalled.
    ///   - missed: What becomes of the event where the webhook is TooManyErrors.
    package init?(signalledAt time: Timestamp, for webhook: WebhookStanding, missed: MissedEvents) {
        let state: DeliveryRowState
        switch webhook.state {
        case .active: state = .pending
        case .tooManyErrors:
            guard let missedState = missed.rowState else { return nil }
            state = missedState
        case .stopped, .unknown: return nil
        }
        self.init(state: webhook.isDeliverable ? state : .failed, due: time, reason: webhook.undeliverableReason)
    }
}
