import FoundationEssentials
import StoreContracts
import Text
import WebhookModel

extension MemoryState {
    mutating func claim(_ limits: ClaimLimits, for lease: Lease) -> [ClaimedDelivery] {
        var plan = ClaimPlan(waiting(), limits: limits, now: lease.start)
        var claimed: [ClaimedDelivery] = []
        plan.carryOut { waiting, count in
            let taken = deliveries.popPending(of: waiting.id, dueBy: lease.start, limit: count)
            for id in taken {
                deliveries[id]?.claim(for: lease)
                if let claim = self.claimed(id, isFailing: waiting.isFailing) { claimed.append(claim) }
            }
            return taken.count
        }
        return claimed
    }

    private func claimed(_ id: DeliveryID, isFailing: Bool) -> ClaimedDelivery? {
        guard let event = events[id.event], let delivery = deliveries[id], let webhook = webhooks[id.webhook]?.webhook
        else { return nil }
        var claimed = ClaimedDelivery(
            id: id,
            fence: delivery.fence,
            attempts: delivery.row.attempts,
            eventID: event.id,
            event: event.name,
            body: event.bodyHead + delivery.suffix + event.bodyTail,
            url: webhook.targetURL ?? "",
            headers: webhook.headers,
            secret: webhook.secret
        )
        claimed.isFailing = isFailing
        return claimed
    }

    /// The Active webhooks that have something pending.
    mutating func waiting() -> [WaitingWebhook] {
        var waiting: [WaitingWebhook] = []
        for id in Array(deliveries.webhooks) {
            guard let stored = webhooks[id], stored.webhook.state == .active, stored.webhook.isDeliverable,
                let due = deliveries.firstDue(of: id)
            else { continue }
            waiting.append(
                WaitingWebhook(
                    id: id,
                    due: max(due, stored.pausedUntil),
                    target: stored.target,
                    consecutiveErrors: stored.counters.failures.count
                )
            )
        }
        return waiting
    }

    mutating func recall(_ limits: RecallLimits) -> Recalled {
        let late = deliveries.filter { $0.value.row.state == .pending && $0.value.row.due > limits.latest }
            .prefix(limits.rowsPerStep)
        for (id, delivery) in late { deliveries[id]?.row.due = delivery.owner == nil ? limits.now : limits.leaseEnd }
        let paused = webhooks.filter { $0.value.pausedUntil > limits.latest }.keys
        for id in paused { webhooks[id]?.pausedUntil = StoredWebhook.noPause }
        return Recalled(deliveries: late.count, pauses: paused.count)
    }

    /// Records a result. Returns what has become of its delivery, nil where it did not count.
    mutating func record(_ result: DeliveryResult) -> DeliveryFate? {
        guard var delivery = deliveries[result.id], delivery.row.state != .failed, delivery.fence == result.fence,
            delivery.owner != nil, let stored = webhooks[result.id.webhook]
        else { return nil }
        let outcome = RecordedOutcome(
            of: result,
            on: DeliverySnapshot(
                attempts: delivery.row.attempts,
                due: delivery.row.due,
                isReplay: delivery.isReplay,
                webhookState: stored.webhook.state,
                counters: stored.counters,
                isPaused: stored.pausedUntil > StoredWebhook.noPause
            )
        )
        attempts.append(
            LoggedAttempt(
                id: result.id,
                attempt: result.attempt,
                deliveredSuffix: outcome.fate == .delivered ? delivery.suffix : nil
            )
        )
        if let row = outcome.row {
            delivery.row = row
            delivery.owner = nil
            deliveries[result.id] = delivery
        } else {
            deliveries[result.id] = nil
        }
        if let counters = outcome.counters { webhooks[result.id.webhook]?.counters = counters }
        if let pause = outcome.pause { setPause(pause, of: stored.target) }
        if let change = outcome.stateChange { carryOut(change) }
        return outcome.fate
    }

    private mutating func setPause(_ pause: RecordedOutcome.Pause, of target: String) {
        let end = if case .until(let end) = pause { end } else { StoredWebhook.noPause }
        for (id, other) in webhooks where other.target.isSame(as: target) { webhooks[id]?.pausedUntil = end }
    }

    mutating func replay(_ id: DeliveryID, now: Timestamp) -> ReplayOutcome {
        let suffix =
            deliveries[id]?.suffix ?? attempts.last { $0.id == id && $0.deliveredSuffix != nil }?.deliveredSuffix
        let outcome = ReplayOutcome(isKnown: suffix != nil && events[id.event] != nil, row: deliveries[id]?.row.state) {
            webhooks[id.webhook].map { WebhookStanding($0.webhook) }
        }
        guard let suffix, let state = outcome.rowState else { return outcome }
        var delivery = Delivery(suffix: suffix, row: DeliveryRow(state: state, due: now))
        // Higher than any fence that its former row had, so that who held that cannot record.
        delivery.fence = deliveries[id]?.fence ?? now.ticks
        delivery.isReplay = true
        deliveries[id] = delivery
        return outcome
    }
}

extension MemoryState.Delivery {
    fileprivate mutating func claim(for lease: Lease) {
        fence += 1
        owner = lease.owner
        row.due = lease.end
    }
}
