import AgentCore
import FoundationEssentials
import Text

/// What ``MemoryStore`` keeps, and how it changes.
struct MemoryState {
    struct StoredWebhook {
        var webhook: Webhook
        var scope: WebhookScope
        var bodySuffix: [UInt8]
        var usage = WebhookUsage()
        var failures = FailureRow()
        var pausedUntil = Timestamp(ticks: .min)
    }

    struct Delivery {
        var suffix: [UInt8]
        /// When it is next tried or its lease ends; of a failed one, since when it has failed.
        var due: Timestamp
        var state = RowState.pending
        var attempts = 0
        var fence: Int64 = 0
        var owner: UUID?
        var reason: String?
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
        let missed = event.missed.rowState
        let listeners = webhooks.values.filter { stored in
            stored.scope.tenant.isSame(as: event.tenant)
                && (stored.webhook.state == .active || stored.webhook.state == .tooManyErrors && missed != nil)
                && stored.webhook.id != event.excludedWebhook && stored.webhook.eventKeys.contains(where: keys.contains)
        }
        guard !listeners.isEmpty else { return 0 }
        lastEventID += 1
        events[lastEventID] = event
        for listener in listeners {
            var delivery = Delivery(suffix: listener.bodySuffix, due: event.time)
            if !listener.webhook.isDeliverable {
                delivery.state = .failed
                delivery.reason = Reason.undeliverable(type: listener.webhook.type ?? "")
            } else if listener.webhook.state != .active, let missed {
                delivery.state = missed
            }
            deliveries[DeliveryID(event: lastEventID, webhook: listener.webhook.id)] = delivery
        }
        return listeners.count
    }

    /// Replaces a stored webhook and puts it in a state.
    mutating func update(
        _ webhook: Webhook,
        to newState: WebhookState,
        bodySuffix: [UInt8],
        stateEvent: StateEvent.Seed
    ) {
        guard let stored = webhooks[webhook.id]?.webhook else { return }
        let isActivated = webhook.state == .active
        let webhook = webhook.replacing(stored)
        webhooks[webhook.id]?.webhook = webhook
        webhooks[webhook.id]?.bodySuffix = bodySuffix
        if isActivated {
            webhooks[webhook.id]?.usage.consecutiveErrors = 0
            webhooks[webhook.id]?.failures = FailureRow()
            webhooks[webhook.id]?.pausedUntil = Timestamp(ticks: .min)
        }
        setState(
            newState,
            of: webhook.id,
            seed: stateEvent,
            changedBy: webhook.updatedBy?.associateID ?? 0,
            time: webhook.updated
        )
        if !webhook.isDeliverable, settle(webhook.id, at: webhook.updated, limit: DeliverySettling.rowsAtOnce) {
            unsettled[webhook.id] = webhook.updated
        }
    }

    /// Puts a webhook in a state, with what follows from that for its deliveries and its listeners.
    mutating func setState(
        _ new: WebhookState,
        of id: Int32,
        seed: StateEvent.Seed,
        changedBy associateID: Int32,
        time: Timestamp
    ) {
        guard let stored = webhooks[id], stored.webhook.state != new else { return }
        webhooks[id]?.webhook.state = new
        if new == .active { webhooks[id]?.pausedUntil = Timestamp(ticks: .min) }
        if settle(id, at: time, limit: DeliverySettling.rowsAtOnce) { unsettled[id] = time }
        let event = StateEvent.event(
            webhook: id,
            from: stored.webhook.state,
            to: new,
            seed: seed,
            tenant: stored.scope.tenant,
            changedBy: associateID,
            time: time
        ) {
            StateEvent.Fields(webhook: stored.webhook, calls: stored.usage.totalCalls)
        }
        if let event { _ = signal(event) }
    }

    /// Brings deliveries of a webhook in line with what it is now, at most `limit`. Returns whether there may be more.
    ///
    /// - Parameter time: When what was parked is due, or since when what belonged to a webhook that was deleted, or is no
    ///   longer delivered, has failed.
    mutating func settle(_ webhook: Int32, at time: Timestamp, limit: Int) -> Bool {
        let stored = webhooks[webhook]?.webhook
        let state = stored.flatMap { $0.isDeliverable ? $0.state : nil }
        let from: [RowState] =
            switch state {
            case nil: RowState.unsent
            case .active?: [.parked]
            default: [.pending]
            }
        let ids = deliveries.pop(from, of: webhook, limit: limit)
        for id in ids {
            guard var delivery = deliveries[id] else { continue }
            switch state {
            case nil:
                delivery.state = .failed
                delivery.owner = nil
                delivery.due = time
                delivery.reason = stored.map { Reason.undeliverable(type: $0.type ?? "") } ?? Reason.deleted
            case .active?:
                delivery.state = .pending
                // Whoever holds a delivery keeps its lease.
                if delivery.owner == nil { delivery.due = time }
            default: delivery.state = .parked
            }
            deliveries[id] = delivery
        }
        return ids.count == limit
    }

    mutating func claim(_ limits: ClaimLimits, owner: UUID, now: Timestamp, lease: Duration) -> [ClaimedDelivery] {
        let waiting = waiting().filter { $0.due <= now }.sorted { ($0.due, $0.webhook) < ($1.due, $1.webhook) }
        var claimed: [ClaimedDelivery] = []
        var left = limits
        let share = Swift.max(1, limits.total / Swift.max(1, waiting.count))
        for (webhook, _) in waiting {
            guard let stored = webhooks[webhook] else { continue }
            let target = Webhook.target(of: stored.webhook.targetURL ?? "")
            let room = left.room(target: target, consecutiveErrors: stored.usage.consecutiveErrors)
            let taken = deliveries.popPending(
                of: webhook,
                dueBy: now,
                limit: Swift.min(share, room, left.total)
            )
            left.take(taken.count, target: target, consecutiveErrors: stored.usage.consecutiveErrors)
            for key in taken {
                guard let event = events[key.event], var delivery = deliveries[key] else { continue }
                delivery.fence += 1
                delivery.owner = owner
                delivery.due = now.advanced(by: lease)
                deliveries[key] = delivery
                var claim = ClaimedDelivery(
                    id: key,
                    fence: delivery.fence,
                    attempts: delivery.attempts,
                    eventID: event.id,
                    event: event.name,
                    body: event.bodyHead + delivery.suffix + event.bodyTail,
                    url: stored.webhook.targetURL ?? "",
                    headers: stored.webhook.headers,
                    secret: stored.webhook.secret
                )
                claim.isFailing = stored.usage.consecutiveErrors > 0
                claimed.append(claim)
            }
        }
        return claimed
    }

    /// The Active webhooks that have something pending, each with the time from which on it may be claimed.
    mutating func waiting() -> [(webhook: Int32, due: Timestamp)] {
        var waiting: [(webhook: Int32, due: Timestamp)] = []
        for id in Array(deliveries.webhooks) {
            guard let stored = webhooks[id], stored.webhook.state == .active, stored.webhook.isDeliverable,
                let due = deliveries.firstDue(of: id)
            else { continue }
            waiting.append((id, max(due, stored.pausedUntil)))
        }
        return waiting
    }

    mutating func recall(_ limits: RecallLimits) -> Recalled {
        let late = deliveries.filter { $0.value.state == .pending && $0.value.due > limits.latest }
            .prefix(limits.rowsPerStep)
        for (id, delivery) in late { deliveries[id]?.due = delivery.owner == nil ? limits.now : limits.leaseEnd }
        let paused = webhooks.filter { $0.value.pausedUntil > limits.latest }.keys
        for id in paused { webhooks[id]?.pausedUntil = Timestamp(ticks: .min) }
        return Recalled(deliveries: late.count, pauses: paused.count)
    }

    mutating func record(_ result: DeliveryResult) -> Bool {
        guard var delivery = deliveries[result.id], delivery.state != .failed, delivery.fence == result.fence,
            delivery.owner != nil, let stored = webhooks[result.id.webhook]
        else { return false }
        let decision = result.decide(
            DeliverySnapshot(
                attempts: delivery.attempts,
                isReplay: delivery.isReplay,
                webhookState: stored.webhook.state,
                failures: stored.failures
            )
        )
        delivery.owner = nil
        delivery.attempts += decision.isCounted ? 1 : 0
        delivery.reason = decision.error
        var logged = LoggedAttempt(id: result.id, attempt: result.attempt)
        switch decision.fate {
        case .delivered: logged.deliveredSuffix = delivery.suffix
        case .retry(let time):
            delivery.due = time
            delivery.state = .pending
        case .postponed(let time):
            delivery.due = time
            delivery.state = stored.webhook.state == .active ? .pending : .parked
        case .parked(let attempts):
            delivery.attempts = attempts
            delivery.state = .parked
        case .failed:
            delivery.state = .failed
            delivery.due = result.attempt.started.advanced(by: result.attempt.duration)
        }
        deliveries[result.id] = decision.fate == .delivered ? nil : delivery
        attempts.append(logged)
        guard decision.isCounted else { return true }
        if !delivery.isReplay {
            webhooks[result.id.webhook]?.usage.count(decision)
            webhooks[result.id.webhook]?.failures = decision.failures
        }
        if !delivery.isReplay, let pause = decision.pauseUntil ?? (decision.error == nil ? Timestamp(ticks: .min) : nil)
        {
            let target = Webhook.target(of: stored.webhook.targetURL ?? "")
            for (id, other) in webhooks where Webhook.target(of: other.webhook.targetURL ?? "").isSame(as: target) {
                webhooks[id]?.pausedUntil = pause
            }
        }
        if let state = decision.webhookState {
            let time = result.attempt.started.advanced(by: result.attempt.duration)
            setState(state, of: result.id.webhook, seed: result.stateEvent, changedBy: 0, time: time)
        }
        return true
    }

    mutating func replay(_ id: DeliveryID, now: Timestamp) -> ReplayOutcome {
        let suffix =
            deliveries[id]?.suffix ?? attempts.last { $0.id == id && $0.deliveredSuffix != nil }?.deliveredSuffix
        guard let suffix, events[id.event] != nil else { return .unknown }
        if let delivery = deliveries[id], !RowState.onRecord.contains(delivery.state) { return .alreadyQueued }
        guard let stored = webhooks[id.webhook], stored.webhook.isDeliverable else { return .impossible }
        var delivery = Delivery(suffix: suffix, due: now)
        // Higher than any fence that its former row had, so that who held that cannot record.
        delivery.fence = deliveries[id]?.fence ?? now.ticks
        delivery.isReplay = true
        delivery.state = stored.webhook.state == .active ? .pending : .parked
        deliveries[id] = delivery
        return delivery.state == .pending ? .queued : .parked
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
            state: delivery?.state.deliveryState ?? .delivered,
            attempts: delivery?.attempts ?? (last?.attempt.retry ?? 0) + 1,
            due: delivery?.state == .pending ? delivery?.due : nil,
            reason: delivery?.reason
        )
    }

    func records(
        matching filter: DeliveryFilter,
        in order: DeliveryOrder,
        after cursor: DeliveryID?
    ) -> [DeliveryRecord] {
        let ids = Set(deliveries.keys).union(attempts.filter { $0.deliveredSuffix != nil }.map(\.id))
        return ids.filter { id in cursor.map { order.areOrdered($0, id) } ?? true }
            .sorted(by: order.areOrdered)
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
            RowState.onRecord.contains(delivery.state) && delivery.due < limits.failedBefore
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
