/// The states of a delivery that has a row. The raw values are the numbers that stand in databases.
package enum DeliveryRowState: Int, Sendable, Hashable, CaseIterable {
    /// In the queue: it is being sent, or will be.
    case pending = 0
    /// Given up after its last attempt.
    case failed = 1
    /// It waits until its webhook is Active.
    case parked = 2
    /// Its webhook was TooManyErrors when the event was signalled.
    case missed = 3

    /// The states of deliveries that are on record, and are not sent unless somebody replays them.
    package static let onRecord = [failed, missed]
    /// The states of the deliveries that end when their webhook is deleted, or is no longer delivered.
    package static let unsent = [pending, parked, missed]

    /// The state as operators see it.
    package var deliveryState: DeliveryState {
        switch self {
        case .pending: .pending
        case .failed: .failed
        case .parked: .parked
        case .missed: .missed
        }
    }
}

extension MissedEvents {
    /// The state of the delivery that is made for a webhook that is TooManyErrors; nil for no delivery.
    package var rowState: DeliveryRowState? {
        switch self {
        case .record: .missed
        case .park: .parked
        case .drop: nil
        }
    }
}
