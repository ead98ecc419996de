package import FoundationEssentials

/// What became of deliveries, for operators. Throws ``StoreError``.
package protocol DeliveryLog: Sendable {
    /// Deliveries that pass the filter, in an order, after `cursor`.
    func deliveries(
        matching filter: DeliveryFilter,
        in order: DeliveryOrder,
        after cursor: DeliveryID?,
        limit: Int
    ) async throws(StoreError) -> [DeliveryRecord]

    /// One delivery with its attempts and its body, nil when there is no record of it.
    func delivery(_ id: DeliveryID) async throws(StoreError) -> DeliveryDetail?

    /// Queues a delivery again that was delivered, missed or has failed, with the same event and body. Where its webhook is
    /// not Active it waits until it is.
    func replay(_ id: DeliveryID, now: Timestamp) async throws(StoreError) -> ReplayOutcome

    /// Counters of a webhook, nil when there is none, whoever registered it.
    func usage(of webhook: Int32) async throws(StoreError) -> WebhookUsage?

    /// The webhooks whose ids follow `id`, whoever registered them, by id, `limit` at most.
    func allWebhooks(after id: Int32, limit: Int) async throws(StoreError) -> [(tenant: String, webhook: Webhook)]

    /// How many deliveries are in each state, and since when the oldest pending one has been due.
    func counts() async throws(StoreError) -> DeliveryCounts

    /// Removes what `limits` does not keep, and the events that nothing refers to then, in one small step. Returns whether
    /// there may be more.
    func prune(_ limits: LogLimits) async throws(StoreError) -> Bool

    /// Commits so far that took events in, and how many events shared them.
    var commitCounts: CommitCounts { get }

    /// What the store has to tell about itself to who watches it.
    func figures() async throws(StoreError) -> [StoreFigure]

    /// Removes everything. For trials.
    func reset() async throws(StoreError)
}

extension DeliveryLog {
    /// Deliveries that pass the filter, those of the newest events first, after `cursor`.
    package func deliveries(
        matching filter: DeliveryFilter,
        after cursor: DeliveryID?,
        limit: Int
    ) async throws(StoreError) -> [DeliveryRecord] {
        try await deliveries(matching: filter, in: .newestFirst, after: cursor, limit: limit)
    }

    /// Nothing.
    package func figures() async throws(StoreError) -> [StoreFigure] { [] }
}

/// A figure of a store's own, as `/metrics` shows it.
package struct StoreFigure: Sendable, Hashable {
    /// The metric, with its unit.
    package var name: String
    /// What tells it from others of its name.
    package var labels: [String: String]
    /// What it is now.
    package var value: Double

    /// Creates a figure.
    package init(name: String, labels: [String: String] = [:], value: Double) {
        self.name = name
        self.labels = labels
        self.value = value
    }
}

/// What is kept on record.
package struct LogLimits: Sendable, Hashable {
    /// Attempts that began before it are removed,
    package var attemptsBefore: Timestamp
    /// and so are those beyond this many, oldest first.
    package var attempts: Int
    /// Deliveries that failed before it are removed, and so are those that were missed before it.
    package var failedBefore: Timestamp
    /// Rows of each kind that one step removes.
    package var rowsPerStep: Int
    /// What is dated later was recorded while the clock was ahead, and says nothing about the age of what follows it.
    package var now: Timestamp

    /// Creates limits.
    package init(
        attemptsBefore: Timestamp,
        attempts: Int,
        failedBefore: Timestamp,
        rowsPerStep: Int,
        now: Timestamp
    ) {
        self.now = now
        self.attemptsBefore = attemptsBefore
        self.attempts = attempts
        self.failedBefore = failedBefore
        self.rowsPerStep = rowsPerStep
    }
}

/// Where a delivery stands.
package enum DeliveryState: String, Sendable, CaseIterable {
    /// In the queue: it is being sent, or will be.
    case pending
    /// Given up after its last attempt; it can be replayed.
    case failed
    /// Its webhook is not Active: it waits until it is.
    case parked
    /// It arrived.
    case delivered
    /// Its webhook was TooManyErrors when the event was signalled. It can be replayed.
    case missed
}

/// In which order deliveries are listed: that in which their events were taken in, or the other way.
package enum DeliveryOrder: Sendable, Hashable {
    /// Those of the last events first.
    case newestFirst
    /// Those of the first events first.
    case oldestFirst
}

/// Which deliveries to list; nil does not restrict.
package struct DeliveryFilter: Sendable, Hashable {
    /// Those of one webhook.
    package var webhook: Int32?
    /// The whole event name, without regard to case.
    package var event: String?
    /// Those in one state.
    package var state: DeliveryState?
    /// Those of events that were signalled then or later.
    package var since: Timestamp?
    /// Those of events that were signalled before.
    package var until: Timestamp?

    /// Creates a filter from what it restricts.
    package init(
        webhook: Int32? = nil,
        event: String? = nil,
        state: DeliveryState? = nil,
        since: Timestamp? = nil,
        until: Timestamp? = nil
    ) {
        self.webhook = webhook
        self.event = event
        self.state = state
        self.since = since
        self.until = until
    }
}

/// One delivery, in a list.
package struct DeliveryRecord: Sendable, Hashable {
    /// Which delivery.
    package var id: DeliveryID
    /// `X-SuperOffice-EventId`.
    package var eventID: UUID
    /// `X-SuperOffice-Event`.
    package var event: String
    /// Whose it is.
    package var tenant: String
    /// When the event was signalled.
    package var signalled: Timestamp
    /// Where it stands.
    package var state: DeliveryState
    /// Attempts made in its present set.
    package var attempts: Int
    /// When a pending one is next tried, or its lease ends.
    package var due: Timestamp?
    /// Why one has failed.
    package var reason: String?

    /// With these members.
    package init(
        id: DeliveryID,
        eventID: UUID,
        event: String,
        tenant: String,
        signalled: Timestamp,
        state: DeliveryState,
        attempts: Int,
        due: Timestamp?,
        reason: String?
    ) {
        self.id = id
        self.eventID = eventID
        self.event = event
        self.tenant = tenant
        self.signalled = signalled
        self.state = state
        self.attempts = attempts
        self.due = due
        self.reason = reason
    }
}

/// One delivery with all that is known of it.
package struct DeliveryDetail: Sendable, Hashable {
    /// As in a list.
    package var record: DeliveryRecord
    /// The bytes that every attempt sent.
    package var body: [UInt8]
    /// Oldest first.
    package var attempts: [Attempt]

    /// With these members.
    package init(record: DeliveryRecord, body: [UInt8], attempts: [Attempt]) {
        self.record = record
        self.body = body
        self.attempts = attempts
    }
}

/// Counters of a webhook (contract, section 7).
package struct WebhookUsage: Sendable, Hashable {
    /// Attempts, replays not counted.
    package var totalCalls: Int
    /// Failed ones among them.
    package var totalErrors: Int
    /// Failed ones since the last that did not fail, those side by side counted as one (``FailureRow``).
    package var consecutiveErrors: Int
    /// The text of the last failed one.
    package var lastError: String?

    /// With these members.
    package init(totalCalls: Int = 0, totalErrors: Int = 0, consecutiveErrors: Int = 0, lastError: String? = nil) {
        self.totalCalls = totalCalls
        self.totalErrors = totalErrors
        self.consecutiveErrors = consecutiveErrors
        self.lastError = lastError
    }
}

/// How well events share commits.
package struct CommitCounts: Sendable, Hashable {
    /// Commits that took events in.
    package var commits: Int
    /// Events that they took in.
    package var signals: Int

    /// With these members.
    package init(commits: Int = 0, signals: Int = 0) {
        self.commits = commits
        self.signals = signals
    }
}

/// Deliveries by state; those delivered are not counted.
package struct DeliveryCounts: Sendable, Hashable {
    /// Due, or waiting to be tried again.
    package var pending: Int
    /// On record with their reason.
    package var failed: Int
    /// Waiting for their webhook to be Active.
    package var parked: Int
    /// On record, since their webhook was TooManyErrors.
    package var missed: Int
    /// The earliest due time of a pending delivery.
    package var oldestDue: Timestamp?

    /// With these members.
    package init(pending: Int = 0, failed: Int = 0, parked: Int = 0, missed: Int = 0, oldestDue: Timestamp? = nil) {
        self.pending = pending
        self.failed = failed
        self.parked = parked
        self.missed = missed
        self.oldestDue = oldestDue
    }
}
