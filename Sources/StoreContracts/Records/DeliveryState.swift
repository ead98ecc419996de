/// Where a delivery stands.
package enum DeliveryState: String, Sendable, CaseIterable {
    /// In the queue: it is being sent, or will be.
    case pending
    /// Given up after its last attempt; it can be replayed.
    case failed
    /// Its webhook is not Active. The delivery waits until the webhook is Active.
    case parked
    /// Its target has accepted it.
    case delivered
    /// Its webhook was TooManyErrors when the event was signalled. It can be replayed.
    case missed
}
