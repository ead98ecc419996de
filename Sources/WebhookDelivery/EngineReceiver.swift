import Foundation
import StoreContracts

/// Takes deliveries over from the store for an engine that has room for them.
struct EngineReceiver: DeliveryReceiver {
    let progress: EngineProgress
    let ownFailures: OwnFailures
    let settings: DeliveryEngine.Settings
    let clock: DeliveryClock
    let owner: UUID

    func reserve(target: String) -> Lease? {
        guard !ownFailures.hold(target) else {
            progress.refuse(target: target)
            return nil
        }
        guard progress.reserve(target: target, concurrency: settings.concurrency, perTarget: settings.perTarget) else {
            return nil
        }
        return Lease(owner: owner, start: clock.now(), duration: settings.lease)
    }

    func take(_ deliveries: [ClaimedDelivery]) { progress.take(deliveries) }
    func giveBack(_ targets: [String]) { progress.giveBack(targets) }
}
