package import AgentCore
package import FoundationEssentials
import Synchronization

/// Keeps everything in the process's memory, under one lock. It is what the conformance suite is easiest to read
/// against, and what `--store memory:` runs on.
package final class MemoryStore: AgentStore {
    private struct StoredWebhook {
        var webhook: Webhook
        var scope: WebhookScope
        var bodySuffix: [UInt8]
        var consecutiveErrors = 0
        var totalCalls = 0
        var totalErrors = 0
        var lastError: String?

        mutating func count(error: String?) {
            totalCalls += 1
            guard let error else {
                consecutiveErrors = 0
                return
            }
            totalErrors += 1
            consecutiveErrors += 1
            lastError = error
        }
    }

    private struct Delivery {
        var suffix: [UInt8]
        var due: Timestamp
        var attempts = 0
        var fence: Int64 = 0
        var owner: UUID?
        var failure: String?
    }

    private struct State {
        var webhooks: [Int32: StoredWebhook] = [:]
        var lastWebhookID: Int32 = 0
        var events: [Int64: Event] = [:]
        var lastEventID: Int64 = 0
        var deliveries: [DeliveryID: Delivery] = [:]
    }

    private let state = Mutex(State())
    private let arrivalSignal = Arrivals()

    package init() {}

    package var arrivals: AsyncStream<Void> { arrivalSignal.stream }

    // MARK: Webhooks

    package func webhook(id: Int32, in scope: WebhookScope) async throws(StoreError) -> Webhook? {
        state.withLock { $0.webhooks[id].flatMap { scope.holds($0.scope) ? $0.webhook : nil } }
    }

    package func webhooks(
        in scope: WebhookScope,
        matching filter: WebhookFilter
    ) async throws(StoreError) -> [Webhook] {
        state.withLock { state in
            state.webhooks.values.filter { scope.holds($0.scope) && filter.matches($0.webhook) }.map(\.webhook)
                .sorted { $0.id < $1.id }
        }
    }

    package func insert(
        _ webhook: Webhook,
        bodySuffix: [UInt8],
        in scope: WebhookScope
    ) async throws(StoreError) -> Webhook {
        state.withLock { state in
            state.lastWebhookID += 1
            var webhook = webhook
            webhook.id = state.lastWebhookID
            state.webhooks[webhook.id] = StoredWebhook(webhook: webhook, scope: scope, bodySuffix: bodySuffix)
            return webhook
        }
    }

    package func update(
        _ webhook: Webhook,
        bodySuffix: [UInt8],
        in scope: WebhookScope
    ) async throws(StoreError) -> Webhook? {
        state.withLock { state in
            guard var stored = state.webhooks[webhook.id], scope.holds(stored.scope) else { return nil }
            var webhook = webhook
            if webhook.state == .unknown { webhook.state = stored.webhook.state }
            if webhook.state == .active { stored.consecutiveErrors = 0 }
            webhook.registered = stored.webhook.registered
            webhook.registeredBy = stored.webhook.registeredBy
            stored.webhook = webhook
            stored.bodySuffix = bodySuffix
            state.webhooks[webhook.id] = stored
            return webhook
        }
    }

    package func delete(id: Int32, in scope: WebhookScope) async throws(StoreError) -> Bool {
        state.withLock { state in
            guard let stored = state.webhooks[id], scope.holds(stored.scope) else { return false }
            state.webhooks[id] = nil
            for (delivery, value) in state.deliveries where delivery.webhook == id && value.failure == nil {
                state.deliveries[delivery]?.failure = Reason.deleted
            }
            return true
        }
    }

    package func lastError(id: Int32, in scope: WebhookScope) async throws(StoreError) -> String? {
        state.withLock { $0.webhooks[id].flatMap { scope.holds($0.scope) ? $0.lastError : nil } }
    }

    package func checkHealth() async throws(StoreError) {}

    // MARK: Events and deliveries

    package func signal(_ event: Event) async throws(StoreError) -> Int {
        let key = EventName.key(event.name)
        let count = state.withLock { state in
            let listeners = state.webhooks.values.filter {
                $0.scope.tenant == event.tenant && $0.webhook.state == .active && $0.webhook.eventKeys.contains(key)
            }
            guard !listeners.isEmpty else { return 0 }
            state.lastEventID += 1
            state.events[state.lastEventID] = event
            for listener in listeners {
                var delivery = Delivery(suffix: listener.bodySuffix, due: event.time)
                if !listener.webhook.isDeliverable {
                    delivery.failure = Reason.undeliverable(type: listener.webhook.type ?? "")
                }
                state.deliveries[DeliveryID(event: state.lastEventID, webhook: listener.webhook.id)] = delivery
            }
            return listeners.count
        }
        if count > 0 { arrivalSignal.raise() }
        return count
    }

    package func claim(
        limit: Int,
        owner: UUID,
        now: Timestamp,
        lease: Duration
    ) async throws(StoreError) -> [ClaimedDelivery] {
        state.withLock { state in
            let due = state.deliveries.filter { $0.value.failure == nil && $0.value.due <= now }
                .sorted { ($0.value.due, $0.key.event, $0.key.webhook) < ($1.value.due, $1.key.event, $1.key.webhook) }
            return due.prefix(limit).compactMap { id, found in
                guard let event = state.events[id.event], let stored = state.webhooks[id.webhook] else { return nil }
                var delivery = found
                delivery.fence += 1
                delivery.owner = owner
                delivery.due = now.advanced(by: lease)
                state.deliveries[id] = delivery
                return ClaimedDelivery(
                    id: id,
                    fence: delivery.fence,
                    attempts: delivery.attempts,
                    eventID: event.id,
                    event: event.name,
                    body: event.bodyHead + delivery.suffix + event.bodyTail,
                    url: stored.webhook.targetURL ?? "",
                    headers: stored.webhook.headers,
                    secret: stored.webhook.secret
                )
            }
        }
    }

    package func record(_ results: [DeliveryResult]) async throws(StoreError) -> [Bool] {
        state.withLock { state in
            results.map { result in
                guard var delivery = state.deliveries[result.id], delivery.failure == nil,
                    delivery.fence == result.fence, delivery.owner != nil
                else { return false }
                delivery.attempts += 1
                delivery.owner = nil
                var error: String?
                switch result.disposition {
                case .delivered:
                    state.deliveries[result.id] = nil
                case .retry(let time, let text):
                    error = text
                    delivery.due = time
                    state.deliveries[result.id] = delivery
                case .failed(let text):
                    error = text
                    delivery.failure = text
                    state.deliveries[result.id] = delivery
                }
                state.webhooks[result.id.webhook]?.count(error: error)
                return true
            }
        }
    }

    package func release(owner: UUID, now: Timestamp) async throws(StoreError) {
        state.withLock { state in
            for (id, delivery) in state.deliveries where delivery.owner == owner && delivery.failure == nil {
                state.deliveries[id]?.owner = nil
                state.deliveries[id]?.due = now
            }
        }
        arrivalSignal.raise()
    }

    package func nextDue() async throws(StoreError) -> Timestamp? {
        state.withLock { $0.deliveries.values.filter { $0.failure == nil }.map(\.due).min() }
    }

    package func pruneEvents(before cutoff: Timestamp, limit: Int) async throws(StoreError) -> Int {
        state.withLock { state in
            let inUse = Set(state.deliveries.keys.map(\.event))
            let ended = state.events.filter { $0.value.time < cutoff && !inUse.contains($0.key) }.keys.sorted()
            for id in ended.prefix(limit) { state.events[id] = nil }
            return min(ended.count, limit)
        }
    }

    package func counts() async throws(StoreError) -> DeliveryCounts {
        state.withLock { state in
            let failed = state.deliveries.values.count { $0.failure != nil }
            return DeliveryCounts(pending: state.deliveries.count - failed, failed: failed)
        }
    }
}

extension WebhookScope {
    /// Whether what belongs to `owner` is in this scope.
    fileprivate func holds(_ owner: WebhookScope) -> Bool {
        tenant == owner.tenant && (application == nil || application == owner.application)
    }
}
