package import FoundationEssentials

/// What has still to be delivered, and the record of what came of it.
///
/// A delivery is worked on by whoever holds its lease: a claim moves its due time to the lease's end and raises its
/// fence; a result counts only with the fence of the last claim, so that a holder that came too late changes nothing.
/// Each call is atomic and throws ``StoreError``.
package protocol DeliveryQueue: Sendable {
    /// Leases up to `limit` deliveries that are due at `now`, those due first first.
    func claim(
        limit: Int,
        owner: UUID,
        now: Timestamp,
        lease: Duration
    ) async throws(StoreError) -> [ClaimedDelivery]

    /// Records results. Returns for each whether it counted.
    @discardableResult
    func record(_ results: [DeliveryResult]) async throws(StoreError) -> [Bool]

    /// Gives up all leases of `owner`: what it had claimed is due at `now`.
    func release(owner: UUID, now: Timestamp) async throws(StoreError)

    /// When the next pending delivery is due or its lease ends; nil when none is pending.
    func nextDue() async throws(StoreError) -> Timestamp?

    /// Deletes events taken in before `cutoff` that no delivery refers to, at most `limit`. Returns how many.
    func pruneEvents(before cutoff: Timestamp, limit: Int) async throws(StoreError) -> Int

    /// How many deliveries are in each state.
    func counts() async throws(StoreError) -> DeliveryCounts

    /// Signals, at most once for several events, that deliveries may have become due. For the only engine of a process.
    var arrivals: AsyncStream<Void> { get }
}

/// One event for one webhook.
package struct DeliveryID: Sendable, Hashable {
    /// The store's number of the event.
    package var event: Int64
    package var webhook: Int32

    package init(event: Int64, webhook: Int32) {
        self.event = event
        self.webhook = webhook
    }
}

/// A delivery whose lease the caller holds, with the webhook's target, headers and secret as they are now.
package struct ClaimedDelivery: Sendable, Hashable {
    package var id: DeliveryID
    package var fence: Int64
    /// Attempts made before.
    package var attempts: Int
    package var eventID: UUID
    package var event: String
    package var body: [UInt8]
    package var url: String
    package var headers: StringDictionary?
    package var secret: String?

    package init(
        id: DeliveryID,
        fence: Int64,
        attempts: Int,
        eventID: UUID,
        event: String,
        body: [UInt8],
        url: String,
        headers: StringDictionary?,
        secret: String?
    ) {
        self.id = id
        self.fence = fence
        self.attempts = attempts
        self.eventID = eventID
        self.event = event
        self.body = body
        self.url = url
        self.headers = headers
        self.secret = secret
    }
}

/// What came of one attempt, and what is to be done next.
package struct DeliveryResult: Sendable, Hashable {
    /// What happens to the delivery.
    package enum Disposition: Sendable, Hashable {
        /// It arrived: it leaves the queue.
        case delivered
        /// It failed and is tried again at that time.
        case retry(at: Timestamp, error: String)
        /// It failed for good: it stays on record with its reason.
        case failed(error: String)
    }

    package var id: DeliveryID
    package var fence: Int64
    package var disposition: Disposition

    package init(id: DeliveryID, fence: Int64, disposition: Disposition) {
        self.id = id
        self.fence = fence
        self.disposition = disposition
    }
}

/// Deliveries by state; those delivered are no longer counted.
package struct DeliveryCounts: Sendable, Hashable {
    package var pending: Int
    package var failed: Int

    package init(pending: Int, failed: Int) {
        self.pending = pending
        self.failed = failed
    }
}
