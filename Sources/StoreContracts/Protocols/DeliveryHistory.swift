package import WebhookModel

/// Tells operators what became of deliveries and of their webhooks, of every tenant and application.
/// Every call is as ``AgentStore`` says.
package protocol DeliveryHistory: Sendable {
    /// One page of a list of deliveries.
    func deliveries(_ query: DeliveryQuery) async throws(StoreError) -> [DeliveryRecord]

    /// Returns a delivery with its attempts and its body; nil when there is no record of it.
    func delivery(_ id: DeliveryID) async throws(StoreError) -> DeliveryDetail?

    /// Queues a delivered, missed or failed delivery again, with the same event and body. A delivery whose webhook is not
    /// Active waits until the webhook is Active.
    func replay(_ id: DeliveryID, now: Timestamp) async throws(StoreError) -> ReplayOutcome

    /// Returns the counters of a webhook of any tenant and application; nil when there is no such webhook.
    func usage(of webhook: Int32) async throws(StoreError) -> WebhookUsage?

    /// Returns up to `limit` webhooks of all tenants and applications whose ids follow `id`, by id.
    func allWebhooks(after id: Int32, limit: Int) async throws(StoreError) -> [(tenant: String, webhook: Webhook)]
}

extension DeliveryHistory {
    /// Deliveries that pass the filter, in an order, after `cursor`.
    package func deliveries(
        matching filter: DeliveryFilter,
        in order: DeliveryOrder = .newestFirst,
        after cursor: DeliveryID?,
        limit: Int
    ) async throws(StoreError) -> [DeliveryRecord] {
        try await deliveries(DeliveryQuery(filter, in: order, after: cursor, limit: limit))
    }
}
