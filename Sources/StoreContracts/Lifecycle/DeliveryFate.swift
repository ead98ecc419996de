package import WebhookModel

/// What becomes of a delivery after an attempt.
package enum DeliveryFate: Sendable, Hashable {
    /// Its target has accepted it, and it leaves the queue.
    case delivered
    /// It is tried again at that time.
    case retry(at: Timestamp)
    /// It is tried again at that time, as if the attempt had not been made: its attempts stay as they are, and so do
    /// the usage, the pause and the state of its webhook. It stays parked while its webhook is not Active.
    case postponed(to: Timestamp)
    /// It waits until its webhook is Active again; `attempts` of its set are then used up.
    case parked(attempts: Int)
    /// It stays on record with its reason, and can be replayed.
    case failed
}
