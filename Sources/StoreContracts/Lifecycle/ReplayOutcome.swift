import WebhookModel

/// What came of asking for a delivery again.
package enum ReplayOutcome: String, Sendable, Hashable {
    /// It is in the queue now.
    case queued
    /// Its webhook is not Active. The delivery is sent once the webhook is Active.
    case parked
    /// It is in the queue already.
    case alreadyQueued
    /// Its webhook was deleted, or is of a type that is not delivered.
    case impossible
    /// There is no record of it.
    case unknown

    /// What comes of asking for a delivery again.
    ///
    /// - Parameters:
    ///   - isKnown: Whether what was or would have been sent is on record.
    ///   - row: The state of its row; nil for none.
    ///   - webhook: Reads its webhook where the outcome depends on it; nil when it was deleted.
    package init(
        isKnown: Bool,
        row: DeliveryRowState?,
        webhook: () throws -> WebhookStanding?
    ) rethrows {
        if !isKnown {
            self = .unknown
        } else if let row, !DeliveryRowState.onRecord.contains(row) {
            self = .alreadyQueued
        } else if let webhook = try webhook(), webhook.isDeliverable {
            self = webhook.state == .active ? .queued : .parked
        } else {
            self = .impossible
        }
    }

    /// The state of the row that the delivery gets; nil where it stays as it is.
    package var rowState: DeliveryRowState? {
        switch self {
        case .queued: .pending
        case .parked: .parked
        case .alreadyQueued, .impossible, .unknown: nil
        }
    }
}
