package import WebhookModel

/// How the deliveries of a webhook follow what it has become (docs/contract.md#section-6 and
/// docs/contract.md#section-7).
package enum DeliveryChange: Sendable, Hashable {
    /// Pending deliveries are parked until the webhook is Active. A process that holds a delivery keeps its lease.
    case park
    /// Parked deliveries become due. A process that holds a delivery keeps its lease.
    case resume
    /// Deliveries that have not been sent end as failed, for a reason.
    case end(reason: String)

    /// The change that deliveries need; `webhook` is nil when it was deleted.
    package init(following webhook: WebhookStanding?) {
        if let reason = webhook.map(\.undeliverableReason) ?? UnsentReason.deleted {
            self = .end(reason: reason)
        } else {
            self = webhook?.state == .active ? .resume : .park
        }
    }

    /// The states of the deliveries that change.
    package var states: [DeliveryRowState] {
        switch self {
        case .park: [.pending]
        case .resume: [.parked]
        case .end: DeliveryRowState.unsent
        }
    }

    /// Whether it takes their leases from those who hold deliveries.
    package var endsLeases: Bool {
        if case .end = self { true } else { false }
    }

    /// Changes the row of a delivery in one of ``states``.
    ///
    /// - Parameters:
    ///   - time: When what was parked is due, or since when what ends has failed.
    ///   - isHeld: Whether somebody holds the delivery.
    package func apply(to row: inout DeliveryRow, at time: Timestamp, isHeld: Bool) {
        switch self {
        case .park: row.state = .parked
        case .resume:
            row.state = .pending
            if !isHeld { row.due = time }
        case .end(let reason):
            row.state = .failed
            row.due = time
            row.reason = reason
        }
    }
}
