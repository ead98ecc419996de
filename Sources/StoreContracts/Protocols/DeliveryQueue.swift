package import FoundationEssentials
package import WebhookModel

/// Keeps the deliveries that are still to be made, and the record of what came of them.
///
/// The holder of a delivery's lease works on the delivery. A claim moves the due time to the end of the lease and raises
/// the fence. A result counts only with the fence of the last claim, so that a holder that comes too late changes nothing.
/// Each call is atomic and throws ``StoreError``.
package protocol DeliveryQueue: Sendable {
    /// Leases deliveries that are due when the lease begins: within the limits, of the webhooks that have waited longest
    /// first.
    func claim(_ limits: ClaimLimits, for lease: Lease) async throws(StoreError) -> [ClaimedDelivery]

    /// Records results: works out what follows from each result and from what the store holds (``RecordedOutcome``), and
    /// writes that. Returns what became of the delivery of each result; nil for a result that did not count.
    @discardableResult
    func record(_ results: [DeliveryResult]) async throws(StoreError) -> [DeliveryFate?]

    /// Gives up the leases of those of the deliveries that `owner` still holds. They are due at `now`.
    func release(_ deliveries: [DeliveryID], owner: UUID, now: Timestamp) async throws(StoreError)

    /// Brings back what a clock that was ahead has put off: pending deliveries that are due later than `limits` allow, at
    /// most as many as one step takes, and the pauses of webhooks that have something pending.
    func recall(_ limits: RecallLimits) async throws(StoreError) -> Recalled

    /// Returns when the next pending delivery is due or its lease ends, of the webhooks that have room within the limits;
    /// nil when these webhooks have no pending delivery.
    func nextDue(_ limits: ClaimLimits) async throws(StoreError) -> Timestamp?

    /// Hands deliveries over to a receiver as soon as they are committed, instead of having them claimed; nil ends that. A store
    /// need not do it.
    func handOver(to receiver: (any DeliveryReceiver)?)

    /// Signals, at most once for several events, that deliveries may have become due. The one engine of a process reads it.
    var arrivals: AsyncStream<Void> { get }
}

extension DeliveryQueue {
    /// Does nothing, for a store whose deliveries are all claimed.
    package func handOver(to receiver: (any DeliveryReceiver)?) {}

    /// Returns when the next pending delivery is due or its lease ends; nil when none is pending.
    package func nextDue() async throws(StoreError) -> Timestamp? {
        try await nextDue(ClaimLimits(total: .max))
    }
}
