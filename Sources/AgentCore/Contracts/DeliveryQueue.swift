package import FoundationEssentials

/// What has still to be delivered, and the record of what came of it.
///
/// A delivery is worked on by whoever holds its lease: a claim moves its due time to the lease's end and raises its
/// fence; a result counts only with the fence of the last claim, so that a holder that came too late changes nothing.
/// Each call is atomic and throws ``StoreError``.
package protocol DeliveryQueue: Sendable {
    /// Leases deliveries that are due at `now`: within the limits, of the webhooks that have waited longest first.
    func claim(
        _ limits: ClaimLimits,
        owner: UUID,
        now: Timestamp,
        lease: Duration
    ) async throws(StoreError) -> [ClaimedDelivery]

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

/// How much one claim may take.
package struct ClaimLimits: Sendable, Hashable {
    /// Deliveries in all.
    package var total: Int
    /// Deliveries in flight to one target.
    package var perTarget: Int
    /// The same where the last attempt failed, so that targets that hang do not hold all there is.
    package var perFailingTarget: Int
    /// Deliveries to targets whose last attempt failed, in all.
    package var failing: Int
    /// Deliveries in flight by ``Webhook/target``.
    package var inFlight: [String: Int]

    /// With these members.
    package init(
        total: Int,
        perTarget: Int = .max,
        perFailingTarget: Int = .max,
        failing: Int = .max,
        inFlight: [String: Int] = [:]
    ) {
        self.failing = failing
        self.total = total
        self.perTarget = perTarget
        self.perFailingTarget = perFailingTarget
        self.inFlight = inFlight
    }

    /// How many more deliveries a webhook's target may have, given the webhook's consecutive errors.
    package func room(target: String, consecutiveErrors: Int) -> Int {
        let taken = inFlight[target] ?? 0
        guard consecutiveErrors > 0 else { return max(0, perTarget - taken) }
        return max(0, min(min(perTarget, perFailingTarget) - taken, failing))
    }

    /// Counts deliveries to a target as in flight.
    package mutating func take(_ count: Int, target: String, consecutiveErrors: Int) {
        total -= count
        if consecutiveErrors > 0 { failing -= count }
        inFlight[target, default: 0] += count
    }
}

/// One event for one webhook. Its text form is `EVENT-WEBHOOK`.
package struct DeliveryID: Sendable, Hashable, LosslessStringConvertible {
    /// The store's number of the event.
    package var event: Int64
    /// The webhook.
    package var webhook: Int32

    /// With these members.
    package init(event: Int64, webhook: Int32) {
        self.event = event
        self.webhook = webhook
    }

    /// Reads the text form; nil for anything else.
    package init?(_ description: String) {
        let parts = description.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let event = Int64(parts[0]), let webhook = Int32(parts[1]) else { return nil }
        self.init(event: event, webhook: webhook)
    }

    /// `EVENT-WEBHOOK`.
    package var description: String { "\(event)-\(webhook)" }
}

/// A delivery whose lease the caller holds, with the webhook's target, headers and secret as they are now.
package struct ClaimedDelivery: Sendable, Hashable {
    /// Which delivery.
    package var id: DeliveryID
    /// The fence of this claim.
    package var fence: Int64
    /// Attempts made before, in its present set.
    package var attempts: Int
    /// `X-SuperOffice-EventId`.
    package var eventID: UUID
    /// `X-SuperOffice-Event`.
    package var event: String
    /// The bytes to sign and send.
    package var body: [UInt8]
    /// The target, as it is now.
    package var url: String
    /// See ``Webhook/target``.
    package var target: String
    /// Whether its webhook's last attempt failed.
    package var isFailing = false
    /// The webhook's own headers, as they are now.
    package var headers: StringDictionary?
    /// The webhook's secret, as it is now.
    package var secret: String?

    /// With these members.
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
        target = Webhook.target(of: url)
        self.headers = headers
        self.secret = secret
    }
}
