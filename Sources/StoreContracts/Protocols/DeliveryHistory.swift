package import WebhookModel

/// Tells operators what became of deliveries and of their webhooks, of every tenant and application.
/// Every call is as ``AgentStore`` says.
package protocol DeliveryHistory: Sendable {
    /// One page of a list of deliveries.
    func deliveries(_ query: DeliveryQuery) async throws(StoreError) -> [DeliveryRecord]

    /// One delivery with its attempts and its body, nil when there is no record of it.
    func delivery(_ id: DeliveryID) async throws(StoreError) -> DeliveryDetail?

    /// Queues a delivery again that was delivered, missed or has failed, with the same event and body. Where its webhook is
    /// not Active it waits until it is.
    func replay(_ id: DeliveryID, now: Timestamp) async throws(StoreError) -> ReplayOutcome

    /// Counters of a webhook, nil when there is none, whoever registered it.
    func usage(of webhook: Int32) async throws(StoreError) -> WebhookUsage?

    /// The webhooks whose ids follow `id`, whoever registered them, by id, `limit` at most.
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
