package import StoreContracts
import Testing
package import WebhookModel

extension WebhookStore {
    /// Inserts a webhook with the body suffix that the service makes of it.
    package func add(_ webhook: Webhook, in scope: WebhookScope = Sample.scope) async throws -> Webhook {
        try await insert(webhook, bodySuffix: EventBody.suffix(of: webhook), in: scope)
    }

    package func replace(
        _ webhook: Webhook,
        stateEvent: StateEvent.Seed = StateEvent.Seed(),
        in scope: WebhookScope = Sample.scope
    ) async throws -> Webhook? {
        let updated = try await replace(webhook, stateEvent: stateEvent, version: nil, in: scope)
        return if case .stored(let webhook) = updated { webhook } else { nil }
    }

    /// Replaces a webhook if it is still the one that was updated then.
    package func replace(
        _ webhook: Webhook,
        stateEvent: StateEvent.Seed = StateEvent.Seed(),
        version: Timestamp?,
        in scope: WebhookScope = Sample.scope
    ) async throws -> WebhookUpdate {
        let suffix = EventBody.suffix(of: webhook)
        return try await update(
            WebhookSave(webhook, bodySuffix: suffix, stateEvent: stateEvent, version: version),
            in: scope
        )
    }

    /// Saves `webhook` in a state, as somebody does at `time`.
    package func put(
        _ webhook: Webhook,
        _ state: WebhookState,
        at time: Timestamp = Sample.start,
        by associate: Int32 = 7,
        stateEvent: StateEvent.Seed = StateEvent.Seed()
    ) async throws {
        var webhook = webhook
        webhook.state = state
        webhook.updated = time
        webhook.updatedBy = Sample.associate(associate, "somebody")
        let saved = try #require(try await replace(webhook, stateEvent: stateEvent))
        if state != .unknown { #expect(saved.state == state) }
    }

    /// The state that a webhook is in.
    package func state(of webhook: Webhook) async throws -> WebhookState? {
        try await self.webhook(id: webhook.id, in: Sample.scope)?.state
    }

    /// The names that `filter` lets through, in the order they are listed in.
    package func names(_ filter: WebhookFilter = WebhookFilter(), in scope: WebhookScope = Sample.scope) async throws
        -> [String?]
    {
        try await webhooks(in: scope, matching: filter).map(\.name)
    }

    /// All that pass the filter.
    package func webhooks(in scope: WebhookScope, matching filter: WebhookFilter) async throws(StoreError) -> [Webhook]
    {
        try await webhooks(WebhookQuery(filter), in: scope)
    }

    /// All counters.
    func usages(in scope: WebhookScope) async throws(StoreError) -> [Int32: WebhookUsage] {
        try await usages(of: 0...(.max), in: scope, limit: .max)
    }

    /// Deletes at ``Sample/start``.
    @discardableResult
    package func delete(id: Int32, in scope: WebhookScope) async throws(StoreError) -> Bool {
        try await delete(id: id, in: scope, at: Sample.start)
    }
}
