import StoreContracts
import Synchronization

/// The deliveries of one event that are handed over to a receiver when they are committed.
final class HandOver: Sendable {
    private let receiver: any DeliveryReceiver
    /// The targets that have room, one for each delivery.
    private let reserved = Mutex<[String]>([])

    /// Creates a hand-over without deliveries.
    init(to receiver: any DeliveryReceiver) { self.receiver = receiver }

    /// Reserves room for a delivery. Returns the lease to write; nil where there is none.
    func reserve(target: String) -> Lease? {
        guard let lease = receiver.reserve(target: target) else { return nil }
        reserved.withLock { $0.append(target) }
        return lease
    }

    /// Gives up all room: what was written is undone.
    func undo() {
        let targets = reserved.withLock { targets in
            defer { targets = [] }
            return targets
        }
        if !targets.isEmpty { receiver.giveBack(targets) }
    }

    /// Hands over what is committed.
    func finish(_ deliveries: [ClaimedDelivery]) {
        reserved.withLock { $0 = [] }
        if !deliveries.isEmpty { receiver.take(deliveries) }
    }
}
