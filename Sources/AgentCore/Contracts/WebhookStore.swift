package import FoundationEssentials

/// Keeps webhooks and takes events in. Implemented in memory, on SQLite and on PostgreSQL; one conformance suite holds
/// what each must do.
///
/// Every call is atomic and, once it returns, durable. Each throws ``StoreError``, after which nothing of it is stored.
/// Cancelling the calling task does not undo a call that has begun.
package protocol WebhookStore: Sendable {
    /// The webhook, nil when there is none in `scope`.
    func webhook(id: Int32, in scope: WebhookScope) async throws(StoreError) -> Webhook?

    /// The webhooks in `scope` that pass `filter` and whose ids follow `id`, by id, `limit` at most. What changes while a list
    /// is read in several calls is in it as it was or as it is.
    func webhooks(
        in scope: WebhookScope,
        matching filter: WebhookFilter,
        after id: Int32,
        limit: Int
    ) async throws(StoreError) -> [Webhook]

    /// Stores a new webhook and returns it with its id. `bodySuffix` is what ``EventBody`` makes of it.
    func insert(
        _ webhook: Webhook,
        bodySuffix: [UInt8],
        in scope: WebhookScope
    ) async throws(StoreError) -> Webhook

    /// Replaces a webhook. `Unknown` leaves its state as it is, `Active` resets its consecutive errors; who registered
    /// it and when stay, and so does what its sender's contract lacks (``Webhook/replacing(_:)``). A webhook that is not
    /// Active has its pending deliveries parked; one that becomes Active has its parked ones due again. A change of state
    /// signals ``StateEvent``. With `version` it replaces only the webhook that was last updated then. One of a type that
    /// is not delivered has all that is not sent end as failed.
    func update(
        _ webhook: Webhook,
        bodySuffix: [UInt8],
        stateEvent: StateEvent.Seed,
        version: Timestamp?,
        in scope: WebhookScope
    ) async throws(StoreError) -> WebhookUpdate

    /// Deletes a webhook and ends its pending, parked and missed deliveries as failed at `time`. Returns whether there was one in `scope`.
    @discardableResult
    func delete(id: Int32, in scope: WebhookScope, at time: Timestamp) async throws(StoreError) -> Bool

    /// The text of the webhook's last failed delivery, nil when there was none or no such webhook in `scope`.
    func lastError(id: Int32, in scope: WebhookScope) async throws(StoreError) -> String?

    /// The counters of the webhooks in `scope` with one of these ids, by id; of the `limit` lowest at most.
    func usages(
        of ids: ClosedRange<Int32>,
        in scope: WebhookScope,
        limit: Int
    ) async throws(StoreError) -> [Int32: WebhookUsage]

    /// Takes an event in with one delivery for every webhook of its tenant that is Active and listens to it, in one
    /// transaction; for those that are TooManyErrors, ``Event/missed`` says what becomes of it. Returns how many deliveries that made.
    @discardableResult
    func signal(_ event: Event) async throws(StoreError) -> Int

    /// Whether the store can be reached and written; throws when it cannot.
    func checkHealth() async throws(StoreError)
}

/// What came of an update.
package enum WebhookUpdate: Sendable, Hashable {
    /// The webhook as it is stored now.
    case stored(Webhook)
    /// There is none of that id in the scope.
    case absent
    /// It has been updated since the version that was to be replaced.
    case changed
}

/// An event as it is taken in. Its body is complete but for what each webhook adds: head + webhook's suffix + tail.
package struct Event: Sendable, Hashable {
    /// `EventId`.
    package var id: UUID
    /// Whose webhooks it is for.
    package var tenant: String
    /// `X-SuperOffice-Event`, and what webhooks are matched by.
    package var name: String
    /// What stands before a webhook's part.
    package var bodyHead: [UInt8]
    /// What stands after it.
    package var bodyTail: [UInt8]
    /// When it was signalled; its deliveries are due from then on.
    package var time: Timestamp
    /// Another name that webhooks are matched by.
    package var otherName: String?
    /// A webhook that does not get it although it listens.
    package var excludedWebhook: Int32?
    /// What becomes of it for webhooks that are TooManyErrors.
    package var missed = MissedEvents.record

    /// An event that webhooks are matched to by its name alone.
    package init(id: UUID, tenant: String, name: String, bodyHead: [UInt8], bodyTail: [UInt8], time: Timestamp) {
        self.id = id
        self.tenant = tenant
        self.name = name
        self.bodyHead = bodyHead
        self.bodyTail = bodyTail
        self.time = time
    }
}
