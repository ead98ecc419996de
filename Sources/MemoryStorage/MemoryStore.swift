package import FoundationEssentials
package import StoreContracts
import StoreSupport
import Synchronization
package import WebhookModel

/// Keeps everything in the process's memory, under one lock. It is what the conformance suite is easiest to read
/// against, and what `--store memory:` runs on.
package final class MemoryStore: AgentStore, SettlingStore {
    private let state = Mutex(MemoryState())
    private let arrivalSignal = Arrivals()
    let settling: DeliverySettling

    /// An empty store.
    package init() {
        settling = DeliverySettling(arrivals: arrivalSignal)
    }

    package var arrivals: AsyncStream<Void> { arrivalSignal.stream }

    package func finishSettling() async { await settling.finish() }

    /// Carries `body` out under the lock; raises the arrivals when it says that something may be due.
    private func change<Value: Sendable>(_ body: (inout MemoryState) -> (value: Value, arrived: Bool)) -> Value {
        let (result, unsettled) = state.withLock { state in
            let result = body(&state)
            defer { state.unsettled = [:] }
            return (result, state.unsettled)
        }
        if result.arrived { arrivalSignal.raise() }
        settling.begin(unsettled) { [weak self] webhook, time in self?.settle(webhook, at: time) ?? false }
        return result.value
    }

    /// Returns whether there may be more.
    private func settle(_ webhook: Int32, at time: Timestamp) -> Bool {
        state.withLock { $0.settle(webhook, at: time, limit: DeliverySettling.rowsPerStep) }
    }

    // MARK: WebhookStore and EventIntake

    package func heldWebhook(id: Int32, in scope: WebhookScope) -> HeldWebhook? {
        state.withLock { $0.webhook(id, in: scope) }.map { HeldWebhook($0.webhook, registeredIn: $0.scope) }
    }

    package func webhook(id: Int32, in scope: WebhookScope) async throws(StoreError) -> Webhook? {
        heldWebhook(id: id, in: scope)?.webhook
    }

    package func webhooks(_ query: WebhookQuery, in scope: WebhookScope) async throws(StoreError) -> [Webhook] {
        state.withLock { state in
            state.webhooks(in: query.cursor...(.max), limit: query.limit) { stored in
                stored.webhook.id > query.cursor && scope.holds(stored.scope) && query.filter.matches(stored.webhook)
            }.map(\.webhook)
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
            state.webhooks[webhook.id] = .init(webhook: webhook, scope: scope, bodySuffix: bodySuffix)
            return webhook
        }
    }

    package func update(_ save: WebhookSave, in scope: WebhookScope) async throws(StoreError) -> WebhookUpdate {
        let webhook = save.webhook
        while true {
            let updated: WebhookUpdate? = change { state in
                guard let stored = state.webhook(webhook.id, in: scope) else { return (.absent, false) }
                guard save.version == nil || save.version == stored.webhook.updated else { return (.changed, false) }
                let replacement = WebhookReplacement(of: stored.webhook, by: webhook, stateEvent: save.stateEvent)
                if replacement.parksFirst,
                    state.settle(webhook.id, at: webhook.updated, limit: DeliverySettling.rowsPerStep)
                {
                    return (nil, false)
                }
                state.replace(replacement, bodySuffix: save.bodySuffix)
                return (.stored(replacement.webhook), true)
            }
            if let updated { return updated }
            // What it had when it was stopped is parked before it is Active again, so that all of it is due then.
            await Task.yield()
        }
    }

    package func delete(id: Int32, in scope: WebhookScope, at time: Timestamp) async throws(StoreError) -> Bool {
        change { state in
            guard state.webhook(id, in: scope) != nil else { return (false, false) }
            state.webhooks[id] = nil
            state.settleFirst(id, at: time)
            return (true, false)
        }
    }

    package func lastError(id: Int32, in scope: WebhookScope) async throws(StoreError) -> String? {
        state.withLock { $0.webhook(id, in: scope)?.counters.lastError }
    }

    package func usages(
        of ids: ClosedRange<Int32>,
        in scope: WebhookScope,
        limit: Int
    ) async throws(StoreError) -> [Int32: WebhookUsage] {
        state.withLock { state in
            state.webhooks(in: ids, limit: limit) { scope.holds($0.scope) }
                .reduce(into: [:]) { $0[$1.webhook.id] = $1.counters.usage }
        }
    }

    package func signal(_ event: Event, completion: @escaping @Sendable (Result<Int, StoreError>) -> Void) {
        let count = change { state in
            let count = state.signal(event)
            return (count, count > 0)
        }
        completion(.success(count))
    }

    package func checkHealth() async throws(StoreError) {}

    // MARK: DeliveryQueue

    package func claim(_ limits: ClaimLimits, for lease: Lease) async throws(StoreError) -> [ClaimedDelivery] {
        state.withLock { $0.claim(limits, for: lease) }
    }

    package func record(_ results: [DeliveryResult]) async throws(StoreError) -> [DeliveryFate?] {
        change { state in (results.map { state.record($0) }, false) }
    }

    package func release(
        _ deliveries: [DeliveryID],
        owner: UUID,
        now: Timestamp
    ) async throws(StoreError) {
        change { state in
            for id in deliveries where state.deliveries[id]?.owner == owner {
                state.deliveries[id]?.owner = nil
                state.deliveries[id]?.row.due = now
            }
            return ((), true)
        }
    }

    package func recall(_ limits: RecallLimits) async throws(StoreError) -> Recalled {
        change { state in
            let recalled = state.recall(limits)
            return (recalled, recalled != Recalled())
        }
    }

    package func nextDue(_ limits: ClaimLimits) async throws(StoreError) -> Timestamp? {
        state.withLock { limits.firstDue(of: $0.waiting()) }
    }

    // MARK: DeliveryHistory, StoreMaintenance and StoreHealth

    package func deliveries(_ query: DeliveryQuery) async throws(StoreError) -> [DeliveryRecord] {
        state.withLock { query.page(of: $0.records(query)) }
    }

    package func delivery(_ id: DeliveryID) async throws(StoreError) -> DeliveryDetail? {
        state.withLock { state in
            guard let record = state.record(of: id), let event = state.events[id.event] else { return nil }
            let log = state.attempts.filter { $0.id == id }
            let suffix = state.deliveries[id]?.suffix ?? log.last { $0.deliveredSuffix != nil }?.deliveredSuffix ?? []
            return DeliveryDetail(
                record: record,
                body: event.bodyHead + suffix + event.bodyTail,
                attempts: log.map(\.attempt)
            )
        }
    }

    package func replay(_ id: DeliveryID, now: Timestamp) async throws(StoreError) -> ReplayOutcome {
        change { state in
            let outcome = state.replay(id, now: now)
            return (outcome, outcome == .queued)
        }
    }

    package func usage(of webhook: Int32) async throws(StoreError) -> WebhookUsage? {
        state.withLock { $0.webhooks[webhook]?.counters.usage }
    }

    package func allWebhooks(
        after id: Int32,
        limit: Int
    ) async throws(StoreError) -> [(tenant: String, webhook: Webhook)] {
        state.withLock { state in
            state.webhooks(in: id...(.max), limit: limit) { $0.webhook.id > id }
                .map { ($0.scope.tenant, $0.webhook) }
        }
    }

    package func counts() async throws(StoreError) -> DeliveryCounts {
        state.withLock { state in
            let states = state.deliveries.values.map(\.row.state)
            return DeliveryCounts(
                pending: states.count { $0 == .pending },
                failed: states.count { $0 == .failed },
                parked: states.count { $0 == .parked },
                missed: states.count { $0 == .missed },
                oldestDue: state.deliveries.values.filter { $0.row.state == .pending }.map(\.row.due).min()
            )
        }
    }

    package func prune(_ limits: LogLimits) async throws(StoreError) -> Bool {
        state.withLock { $0.prune(limits) }
    }

    /// Nothing is committed.
    package var commitCounts: CommitCounts { CommitCounts() }

    package func reset() async throws(StoreError) {
        state.withLock { state in
            let (webhook, event) = (state.lastWebhookID, state.lastEventID)
            let sessions = state.sessions
            state = MemoryState()
            (state.lastWebhookID, state.lastEventID) = (webhook, event)
            state.sessions = sessions
        }
    }

    // MARK: SessionStore

    package func insert(_ session: Session, limit: Int) async throws(StoreError) {
        state.withLock { state in
            state.sessions[session.key] = session
            let filter = SessionFilter(tenant: session.tenant, userName: session.userName)
            let others = state.sessions(matching: filter).filter { $0.key != session.key }
            for surplus in others.dropFirst(limit - 1) { state.sessions[surplus.key] = nil }
        }
    }

    package func session(_ key: SessionKey) async throws(StoreError) -> Session? {
        state.withLock { $0.sessions[key] }
    }

    package func useSession(_ key: SessionKey, at time: Timestamp) async throws(StoreError) {
        state.withLock { state in
            if let session = state.sessions[key] { state.sessions[key]?.used = max(session.used, time) }
        }
    }

    package func sessions(matching filter: SessionFilter, limit: Int) async throws(StoreError) -> [Session] {
        state.withLock { Array($0.sessions(matching: filter).prefix(limit)) }
    }

    package func endSessions(matching filter: SessionFilter) async throws(StoreError) -> Int {
        state.withLock { state in
            let ended = state.sessions(matching: filter)
            for session in ended { state.sessions[session.key] = nil }
            return ended.count
        }
    }

    package func pruneSessions(usedBefore time: Timestamp, limit: Int) async throws(StoreError) -> Bool {
        state.withLock { state in
            let expired = state.sessions.values.filter { $0.used < time }.prefix(limit)
            for session in expired { state.sessions[session.key] = nil }
            return expired.count == limit
        }
    }
}
