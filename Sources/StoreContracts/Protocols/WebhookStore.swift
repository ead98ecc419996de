package import WebhookModel

/// Keeps webhooks. Every call is as ``AgentStore`` says.
package protocol WebhookStore: Sendable {
    /// The webhook, nil when there is none in `scope`.
    func webhook(id: Int32, in scope: WebhookScope) async throws(StoreError) -> Webhook?

    /// The webhook where the store has it in memory, as it is committed; nil where the store must be asked.
    func heldWebhook(id: Int32, in scope: WebhookScope) -> HeldWebhook?

    /// One page of the list of the webhooks in `scope`. What changes while a list is read page by page is in it as it was or
    /// as it is.
    func webhooks(_ query: WebhookQuery, in scope: WebhookScope) async throws(StoreError) -> [Webhook]

    /// Stores a new webhook and returns it with its id. `bodySuffix` is what ``EventBody`` makes of it.
    func insert(
        _ webhook: Webhook,
        bodySuffix: [UInt8],
        in scope: WebhookScope
    ) async throws(StoreError) -> Webhook

    /// Replaces a webhook. `Unknown` leaves its state as it is, `Active` resets its consecutive errors; who registered
    /// it and when stay, and so does what its sender's contract lacks (``Webhook/replacing(_:)``). A webhook that is not
    /// Active has its pending deliveries parked; one that becomes Active has its parked ones due again. A change of state
    /// signals ``StateEvent``. One of a type that is not delivered has all that is not sent end as failed.
    func update(_ save: WebhookSave, in scope: WebhookScope) async throws(StoreError) -> WebhookUpdate

    /// Deletes a webhook and ends its pending, parked and missed deliveries as failed at `time`. Returns whether there was
    /// one in `scope`.
    @discardableResult
    func delete(id: Int32, in scope: WebhookScope, at time: Timestamp) async throws(StoreError) -> Bool

    /// Returns the text of the webhook's last failed delivery; nil when none has failed, or when `scope` has no such webhook.
    func lastError(id: Int32, in scope: WebhookScope) async throws(StoreError) -> String?

    /// Returns the counters of the webhooks in `scope` whose ids are in `ids`, by id: those of the `limit` lowest ids.
    func usages(
        of ids: ClosedRange<Int32>,
        in scope: WebhookScope,
        limit: Int
    ) async throws(StoreError) -> [Int32: WebhookUsage]
}

extension WebhookStore {
    /// Returns nil, for a store that has no webhooks in memory.
    package func heldWebhook(id: Int32, in scope: WebhookScope) -> HeldWebhook? { nil }
}
