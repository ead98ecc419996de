import StoreContracts
import Synchronization

/// What the engine's tasks tell each other.
final class EngineProgress: Sendable {
    private struct State {
        var inFlight = 0
        var failing = 0
        var byTarget: [String: Int] = [:]
        /// The deliveries that were claimed and have no recorded result.
        var leases: Set<DeliveryID> = []
        var isStopping = false
    }

    let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    private let state = Mutex(State())

    init() {
        (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var inFlight: Int { state.withLock { $0.inFlight } }
    /// In flight to targets whose last attempt failed.
    var failing: Int { state.withLock { $0.failing } }
    var inFlightByTarget: [String: Int] { state.withLock { $0.byTarget } }
    var leases: [DeliveryID] { state.withLock { Array($0.leases) } }
    var isStopping: Bool { state.withLock { $0.isStopping } }

    func wake() {
        waker.yield()
    }

    func hold(_ deliveries: [ClaimedDelivery]) {
        state.withLock { $0.leases.formUnion(deliveries.map(\.id)) }
    }

    /// Says that a delivery's lease has ended with its result.
    func letGo(_ id: DeliveryID) {
        state.withLock { state in _ = state.leases.remove(id) }
    }

    /// Counts a delivery as in flight, unless the service stops. Returns whether it may begin.
    func begin(_ delivery: ClaimedDelivery) -> Bool {
        state.withLock { state in
            guard !state.isStopping else { return false }
            state.inFlight += 1
            state.failing += delivery.isFailing ? 1 : 0
            state.byTarget[delivery.target, default: 0] += 1
            return true
        }
    }

    func end(_ delivery: ClaimedDelivery) {
        state.withLock { state in
            state.inFlight -= 1
            state.failing -= delivery.isFailing ? 1 : 0
            let left = (state.byTarget[delivery.target] ?? 1) - 1
            state.byTarget[delivery.target] = left > 0 ? left : nil
        }
        wake()
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        wake()
    }
}
