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

    /// Records results: decides on each by what stands in the store then, and carries the decision out. Returns for each
    /// whether it counted.
    @discardableResult
    func record(_ results: [DeliveryResult]) async throws(StoreError) -> [Bool]

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

/// One attempt that was made, and how to decide what follows from it.
package struct DeliveryResult: Sendable {
    /// Which delivery.
    package var id: DeliveryID
    /// The fence of this claim.
    package var fence: Int64
    /// What was done and what came of it.
    package var attempt: Attempt
    /// The seed of the event that the store signals when the result changes the webhook's state.
    package var stateEvent: StateEvent.Seed
    /// Decides by what stands in the store when the result is recorded. May be called more than once, and on what does not
    /// stand there: whether the fate is `delivered` must follow from the attempt alone.
    package var decide: @Sendable (DeliverySnapshot) -> DeliveryDecision

    /// With these members.
    package init(
        id: DeliveryID,
        fence: Int64,
        attempt: Attempt,
        stateEvent: StateEvent.Seed = StateEvent.Seed(),
        decide: @escaping @Sendable (DeliverySnapshot) -> DeliveryDecision
    ) {
        self.id = id
        self.fence = fence
        self.attempt = attempt
        self.stateEvent = stateEvent
        self.decide = decide
    }
}

/// One attempt, as the log keeps it.
package struct Attempt: Sendable, Hashable {
    /// Where it went, without the credentials that the URL may hold.
    package var url: String
    /// The names of the webhook's own headers that were sent; their values may be secret.
    package var ownHeaders: [String]
    /// When it began.
    package var started: Timestamp
    /// How long it took.
    package var duration: Duration
    /// `X-SuperOffice-Retry` of it.
    package var retry: Int
    /// nil when there was no answer.
    package var status: Int?
    /// The kind of the failure when there was no answer.
    package var errorClass: String?
    /// The status line of the answer, or why there was none.
    package var summary: String
    /// `X-SuperOffice-Signature` of it.
    package var signature: String?
    /// The first bytes of the answer's body, at most ``answerBytes``.
    package var answer: [UInt8]

    /// How much of an answer is kept.
    package static let answerBytes = 4096

    /// With these members.
    package init(
        url: String = "",
        ownHeaders: [String] = [],
        started: Timestamp,
        duration: Duration,
        retry: Int,
        outcome: SendOutcome,
        signature: String? = nil
    ) {
        self.url = url
        self.ownHeaders = ownHeaders
        self.started = started
        self.duration = duration
        self.retry = retry
        self.signature = signature
        summary = outcome.summary
        switch outcome {
        case .answered(let target):
            status = target.status
            answer = Array(target.body.prefix(Self.answerBytes))
        case .failed(let failure):
            errorClass = failure.kind.rawValue
            answer = []
        }
    }

    /// An attempt as it was stored.
    package init(
        url: String,
        ownHeaders: [String],
        started: Timestamp,
        duration: Duration,
        retry: Int,
        status: Int?,
        errorClass: String?,
        summary: String,
        signature: String?,
        answer: [UInt8]
    ) {
        self.url = url
        self.ownHeaders = ownHeaders
        self.started = started
        self.duration = duration
        self.retry = retry
        self.status = status
        self.errorClass = errorClass
        self.summary = summary
        self.signature = signature
        self.answer = answer
    }
}
