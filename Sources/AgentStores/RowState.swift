import AgentCore

/// The states of a delivery's row, as numbers that stand in databases.
enum RowState: Int {
    case pending = 0
    case failed = 1
    case parked = 2

    var deliveryState: DeliveryState {
        switch self {
        case .pending: .pending
        case .failed: .failed
        case .parked: .parked
        }
    }
}
