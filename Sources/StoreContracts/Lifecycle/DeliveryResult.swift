package import WebhookModel

/// One attempt that was made, and all that the decision on it needs beside what stands in the store.
package struct DeliveryResult: Sendable, Hashable {
    /// Which delivery.
    package var id: DeliveryID
    /// The fence of the claim that the attempt was made under.
    package var fence: Int64
    /// The attempt, as the log keeps it.
    package var attempt: Attempt
    /// What came of sending.
    package var outcome: SendOutcome
    /// What the clock showed when the attempt was over.
    package var decided: Timestamp
    /// What decides.
    package var policy: DeliveryPolicy
    /// From 0 up to but not including 1; the only chance in the decision.
    package var random: Double
    /// Since when nothing could be sent to the target for reasons that are not the target's; nil for a first failure of
    /// that kind.
    package var ownFailureSince: Timestamp?
    /// The seed of the event that the store signals when the result changes the webhook's state.
    package var stateEvent: StateEvent.Seed

    /// Creates the result of an attempt.
    package init(
        id: DeliveryID,
        fence: Int64,
        attempt: Attempt,
        outcome: SendOutcome,
        decided: Timestamp,
        policy: DeliveryPolicy,
        random: Double,
        ownFailureSince: Timestamp? = nil,
        stateEvent: StateEvent.Seed = StateEvent.Seed()
    ) {
        self.id = id
        self.fence = fence
        self.attempt = attempt
        self.outcome = outcome
        self.decided = decided
        self.policy = policy
        self.random = random
        self.ownFailureSince = ownFailureSince
        self.stateEvent = stateEvent
    }

    /// Whether the attempt delivered. That follows from the attempt alone, whatever stands in the store.
    package var isDelivered: Bool { policy.success.includes(outcome) }
}
