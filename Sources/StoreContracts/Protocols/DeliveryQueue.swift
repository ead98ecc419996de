package import FoundationEssentials
package import WebhookModel

/// What has still to be delivered, and the record of what came of it.
///
/// A delivery is worked on by whoever holds its lease: a claim moves its due time to the lease's end and raises its
/// fence; a result counts only with the fence of the last claim, so that a holder that came too late changes nothing.
/// Each call is atomic and throws ``StoreError``.
package protocol DeliveryQueue: Sendable {
    /// Leases deliveries that are due when the lease begins: within the limits, of the webhooks that have waited longest
    /// first.
    func claim(_ limits: ClaimLimits, for lease: Lease) async throws(StoreError) -> [ClaimedDelivery]

    /// Records results: works out what follows from each by what stands in the store then (``RecordedOutcome``), and
    /// writes it. Returns for each what has become of its delivery; nil where the result did not count.
    @discardableResult
    func record(_ results: [DeliveryResult]) async throws(StoreError) -> [DeliveryFate?]

    /// Gives up leases: what `owner` still holds of these deliveries is due at `now`.
    func release(_ deliveries: [DeliveryID], owner: UUID, now: Timestamp) async throws(StoreError)

    /// Brings back what a clock that was ahead has put off: pending deliveries that are due later than `limits` allow, at
    /// most as many as one step takes, and the pauses of webhooks that have something pending.
    func recall(_ limits: RecallLimits) async throws(StoreError) -> Recalled

    /// When the next pending delivery is due or its lease ends, of the webhooks that have room within the limits; nil when
    /// none is pending there.
    func nextDue(_ limits: ClaimLimits) async throws(StoreError) -> Timestamp?

    /// Signals, at most once for several events, that deliveries may have become due. For the only engine of a process.
    var arrivals: AsyncStream<Void> { get }
}

extension DeliveryQueue {
    /// When the next pending delivery is due or its lease ends; nil when none is pending.
    package func nextDue() async throws(StoreError) -> Timestamp? {
        try await nextDue(ClaimLimits(total: .max))
    }
}
