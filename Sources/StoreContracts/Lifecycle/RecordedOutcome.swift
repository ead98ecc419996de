package import WebhookModel

/// What a result changes: what a store writes.
package struct RecordedOutcome: Sendable, Hashable {
    /// What becomes of the pause of the webhook's target. It is the same for every webhook that leads there.
    package enum Pause: Sendable, Hashable {
        /// Nothing is sent to the target until then.
        case until(Timestamp)
        /// It is over.
        case over
    }

    /// What becomes of the delivery.
    package var fate: DeliveryFate
    /// The delivery as nobody holds it any more; nil where it has left the queue.
    package var row: DeliveryRow?
    /// The webhook's counters; nil where they stay as they are.
    package var counters: WebhookCounters?
    /// What becomes of the target's pause; nil where it stays as it is.
    package var pause: Pause?
    /// The change of the webhook's state; nil where it stays.
    package var stateChange: WebhookStateChange?

    /// What follows from `result` where the delivery and its webhook are as in `snapshot` (docs/contract.md#section-7).
    package init(of result: DeliveryResult, on snapshot: DeliverySnapshot) {
        let decision = result.policy.decide(
            on: result.outcome,
            snapshot,
            began: result.attempt.started,
            now: result.decided,
            random: result.random,
            ownFailureSince: result.ownFailureSince
        )
        fate = decision.fate
        row = DeliveryRow(following: decision, snapshot, ended: result.attempt.ended)
        if decision.isCounted, !snapshot.isReplay {
            counters = snapshot.counters
            counters?.count(decision)
            if let end = decision.pauseUntil {
                pause = .until(end)
            } else if decision.error == nil, snapshot.isPaused {
                pause = .over
            }
        }
        if let state = decision.webhookState {
            stateChange = WebhookStateChange(
                of: result.id.webhook,
                from: snapshot.webhookState,
                to: state,
                time: result.attempt.ended,
                seed: result.stateEvent
            )
        }
    }
}

extension DeliveryRow {
    /// The row of a delivery after an attempt that was over at `ended`; nil where it leaves the queue.
    fileprivate init?(following decision: DeliveryDecision, _ snapshot: DeliverySnapshot, ended: Timestamp) {
        let attempts = snapshot.attempts + (decision.isCounted ? 1 : 0)
        self.init(attempts: attempts, due: snapshot.due, reason: decision.error)
        switch decision.fate {
        case .delivered: return nil
        case .retry(let time): due = time
        case .postponed(let time):
            due = time
            if snapshot.webhookState != .active { state = .parked }
        case .parked(let used):
            self.attempts = used
            state = .parked
        case .failed:
            state = .failed
            due = ended
        }
    }
}
