import AgentCore

/// The states of a delivery's row, as numbers that stand in databases.
enum RowState: Int {
    case pending = 0
    case failed = 1
    case parked = 2
    case missed = 3

    /// The states of what is on record, and is not sent unless it is replayed.
    static let onRecord = [failed, missed]
    /// The states of what a webhook that is deleted or no longer delivered leaves behind.
    static let unsent = [pending, parked, missed]

    var deliveryState: DeliveryState {
        switch self {
        case .pending: .pending
        case .failed: .failed
        case .parked: .parked
        case .missed: .missed
        }
    }
}

extension MissedEvents {
    /// The state of the delivery that is made for a webhook that is TooManyErrors; nil for none.
    var rowState: RowState? {
        switch self {
        case .record: .missed
        case .park: .parked
        case .drop: nil
        }
    }
}

extension [RowState] {
    /// As SQL lists them.
    var sqlList: String { map { String($0.rawValue) }.joined(separator: ", ") }
}
