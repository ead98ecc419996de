/// What a decision is made on: the delivery and its webhook before the attempt's result.
package struct DeliverySnapshot: Sendable, Hashable {
    /// Attempts made before, in the delivery's present set.
    package var attempts: Int
    /// Whether it was asked for again by an operator; then it says nothing about the webhook's health.
    package var isReplay: Bool
    /// The webhook's state.
    package var webhookState: WebhookState
    /// The webhook's failed attempts since its last success.
    package var failures: FailureRow

    /// Creates a snapshot; by default of an Active webhook without failures.
    package init(
        attempts: Int,
        isReplay: Bool = false,
        webhookState: WebhookState = .active,
        failures: FailureRow = FailureRow()
    ) {
        self.attempts = attempts
        self.isReplay = isReplay
        self.webhookState = webhookState
        self.failures = failures
    }
}

/// What follows from an attempt.
package struct DeliveryDecision: Sendable, Hashable {
    /// What becomes of the delivery.
    package enum Fate: Sendable, Hashable {
        /// It arrived: it leaves the queue.
        case delivered
        /// It is tried again at that time.
        case retry(at: Timestamp)
        /// It is tried again at that time, as if the attempt had not been made: its attempts stay as they are, and so do
        /// the usage, the pause and the state of its webhook. It stays parked while that is not Active.
        case postponed(to: Timestamp)
        /// It waits until its webhook is Active again; `attempts` of its set are then used up.
        case parked(attempts: Int)
        /// It stays on record with its reason, and can be replayed.
        case failed
    }

    /// What becomes of it.
    package var fate: Fate
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
        _ fate: Fate,
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
