import FoundationEssentials
import StoreContracts
import StoreSupport
import Text
import WebhookModel

/// What ``MemoryStore`` keeps, and how it changes.
struct MemoryState {
    struct StoredWebhook {
        var webhook: Webhook
        var scope: WebhookScope
        var bodySuffix: [UInt8]
        var counters = WebhookCounters()
        var pausedUntil = Self.noPause

        /// The end of a pause that is over.
        static let noPause = Timestamp(ticks: .min)

        var target: String { Webhook.target(of: webhook.targetURL ?? "") }
    }

    struct Delivery {
        var suffix: [UInt8]
        var row: DeliveryRow
        var fence: Int64 = 0
        /// The process that holds it; nil when none does.
        var owner: UUID?
        var isReplay = false
    }

    struct LoggedAttempt {
        var id: DeliveryID
        var attempt: Attempt
        /// Set on the attempt that delivered.
        var deliveredSuffix: [UInt8]?
    }

    var webhooks: [Int32: StoredWebhook] = [:]
    var lastWebhookID: Int32 = 0
    var events: [Int64: Event] = [:]
    var lastEventID: Int64 = 0
    var deliveries = DeliveryTable()
    /// The webhooks whose deliveries have still to follow a change that was made at that time.
    var unsettled: [Int32: Timestamp] = [:]
    /// Oldest first.
    var attempts: [LoggedAttempt] = []
    var sessions: [SessionKey: Session] = [:]

    func webhook(_ id: Int32, in scope: WebhookScope) -> StoredWebhook? {
        webhooks[id].flatMap { scope.holds($0.scope) ? $0 : nil }
    }

    /// The first `limit` with one of these ids that pass, by id.
    func webhooks(
        in ids: ClosedRange<Int32>,
        limit: Int,
        where isMeant: (StoredWebhook) -> Bool = { _ in true }
    ) -> [StoredWebhook] {
        var found: [StoredWebhook] = []
        for id in ids.clamped(to: 0...lastWebhookID) {
            guard ids.contains(id), let webhook = webhooks[id], isMeant(webhook) else { continue }
            found.append(webhook)
            if found.count == limit { break }
        }
        return found
    }

    /// Those used last first.
    func sessions(matching filter: SessionFilter) -> [Session] {
        sessions.values.filter(filter.matches).sorted { ($0.used, $0.created) > ($1.used, $1.created) }
    }

    mutating func signal(_ event: Event) -> Int {
        let keys = [event.name, event.otherName].compactMap { $0.map(EventName.key) }
        let listeners = webhooks.values.filter { stored in
            stored.scope.tenant.isSame(as: event.tenant) && stored.webhook.id != event.excludedWebhook
                && stored.webhook.eventKeys.contains(where: keys.contains)
        }
        let rows = listeners.compactMap { listener in
            DeliveryRow(signalledAt: event.time, for: WebhookStanding(listener.webhook), missed: event.missed)
                .map { (listener, $0) }
        }
        guard !rows.isEmpty else { return 0 }
        lastEventID += 1
        events[lastEventID] = event
        for (listener, row) in rows {
            let id = DeliveryID(event: lastEventID, webhook: listener.webhook.id)
            deliveries[id] = Delivery(suffix: listener.bodySuffix, row: row)
        }
        return rows.count
    }

    /// Replaces a stored webhook, with what follows from that for its deliveries and its listeners.
    mutating func replace(_ replacement: WebhookReplacement, bodySuffix: [UInt8]) {
        let id = replacement.webhook.id
        webhooks[id]?.webhook = replacement.webhook
        webhooks[id]?.bodySuffix = bodySuffix
        if replacement.resetsFailures {
            webhooks[id]?.counters.failures = FailureRow()
            webhooks[id]?.pausedUntil = StoredWebhook.noPause
        }
        if let change = replacement.stateChange {
            carryOut(change)
        } else if replacement.changesDeliveries {
            settleFirst(id, at: replacement.webhook.updated)
        }
    }

    /// Puts a webhook in a state, with what follows from that for its deliveries and its listeners.
    mutating func carryOut(_ change: WebhookStateChange) {
        webhooks[change.webhook]?.webhook.state = change.to
        if change.endsPause { webhooks[change.webhook]?.pausedUntil = StoredWebhook.noPause }
        settleFirst(change.webhook, at: change.time)
        guard let stored = webhooks[change.webhook] else { return }
        let event = change.event(in: stored.scope.tenant) {
            StateEvent.Fields(webhook: stored.webhook, calls: stored.counters.totalCalls)
        }
        if let event { _ = signal(event) }
    }

    /// Has the first deliveries of a webhook follow what it has become, and notes where there are more.
    mutating func settleFirst(_ webhook: Int32, at time: Timestamp) {
        if settle(webhook, at: time, limit: DeliverySettling.rowsAtOnce) { unsettled[webhook] = time }
    }

    /// Has deliveries of a webhook follow what it has become (``DeliveryChange``), at most `limit`. Returns whether there
    /// may be more.
    mutating func settle(_ webhook: Int32, at time: Timestamp, limit: Int) -> Bool {
        let change = DeliveryChange(following: webhooks[webhook].map { WebhookStanding($0.webhook) })
        let ids = deliveries.pop(change.states, of: webhook, limit: limit)
        for id in ids {
            guard var delivery = deliveries[id] else { continue }
            change.apply(to: &delivery.row, at: time, isHeld: delivery.owner != nil)
            if change.endsLeases { delivery.owner = nil }
            deliveries[id] = delivery
        }
        return ids.count == limit
    }

    func record(of id: DeliveryID) -> DeliveryRecord? {
        guard let event = events[id.event] else { return nil }
        let delivery = deliveries[id]
        let last = attempts.last { $0.id == id && $0.deliveredSuffix != nil }
        guard delivery != nil || last != nil else { return nil }
        return DeliveryRecord(
            id: id,
            eventID: event.id,
            event: event.name,
            tenant: event.tenant,
            signalled: event.time,
            state: delivery?.row.state.deliveryState ?? .delivered,
            attempts: delivery?.row.attempts ?? (last?.attempt.retry ?? 0) + 1,
            due: delivery?.row.state == .pending ? delivery?.row.due : nil,
            reason: delivery?.row.reason
        )
    }

    /// All that a list of deliveries holds after the query's cursor, in any order.
    func records(_ query: DeliveryQuery) -> [DeliveryRecord] {
        let filter = query.filter
        let ids = Set(deliveries.keys).union(attempts.filter { $0.deliveredSuffix != nil }.map(\.id))
        return ids.filter { id in query.cursor.map { query.order.areOrdered($0, id) } ?? true }
            .compactMap(record(of:))
            .filter { record in
                (filter.webhook == nil || filter.webhook == record.id.webhook)
                    && (filter.state == nil || filter.state == record.state)
                    && (filter.since.map { record.signalled >= $0 } ?? true)
                    && (filter.until.map { record.signalled < $0 } ?? true)
                    && (filter.event.map { EventName.key($0) == EventName.key(record.event) } ?? true)
            }
    }

    mutating func prune(_ limits: LogLimits) -> Bool {
        let excess = attempts.count - limits.attempts
        var old: Set<Int> = []
        for (index, logged) in attempts.enumerated() {
            guard old.count < limits.rowsPerStep else { break }
            if index < excess || logged.attempt.started < limits.attemptsBefore {
                old.insert(index)
            } else if logged.attempt.started <= limits.now {
                break
            }
        }
        let failed = deliveries.filter { _, delivery in
            DeliveryRowState.onRecord.contains(delivery.row.state) && delivery.row.due < limits.failedBefore
        }.map(\.key).prefix(limits.rowsPerStep)
        var touched = Set(old.map { attempts[$0].id.event }).union(failed.map(\.event))
        attempts = attempts.enumerated().filter { !old.contains($0.offset) }.map(\.element)
        for id in failed { deliveries[id] = nil }
        touched.subtract(deliveries.keys.map(\.event))
        touched.subtract(attempts.map(\.id.event))
        for event in touched { events[event] = nil }
        return old.count == limits.rowsPerStep || failed.count == limits.rowsPerStep
    }
}
