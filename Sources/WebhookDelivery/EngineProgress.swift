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
        /// Those that the store has handed over and that have not begun.
        var handedOver: [ClaimedDelivery] = []
        /// Whether something that is due may wait in the store, whatever its target.
        var isBehind = true
        /// The targets for which something that is due may wait in the store.
        var targetsBehind: Set<String> = []
        /// Whether something that is due waits for room, as far as the last claim has shown.
        var waitsForRoom = false
        /// Whether something may have become due since the last claim.
        var hasNews = true
        var isStopping = false

        mutating func end(_ target: String) {
            inFlight -= 1
            let left = (byTarget[target] ?? 1) - 1
            byTarget[target] = left > 0 ? left : nil
        }
    }

    let wakes: AsyncStream<Void>
    /// Tells that deliveries have been handed over.
    let handOvers: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    private let handOver: AsyncStream<Void>.Continuation
    private let state = Mutex(State())

    init() {
        (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (handOvers, handOver) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
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

    /// Says that something may have become due.
    func arrive() {
        state.withLock { $0.hasNews = true }
        wake()
    }

    /// Whether a claim may find something: there is news since this was asked last, or something waits for room.
    func mayFindSomething() -> Bool {
        state.withLock { state in
            defer { state.hasNews = false }
            return state.hasNews || state.isBehind || state.waitsForRoom || !state.targetsBehind.isEmpty
        }
    }

    /// Says that something that is due may wait in the store, whatever its target.
    func fallBehind() { state.withLock { $0.isBehind = true } }

    func hold(_ deliveries: [ClaimedDelivery]) {
        state.withLock { $0.leases.formUnion(deliveries.map(\.id)) }
    }

    /// Counts a delivery to a target as in flight, if there is room and nothing that is due is known to wait for a claim. What is
    /// newer would overtake that. Returns whether it does.
    func reserve(target: String, concurrency: Int, perTarget: Int) -> Bool {
        state.withLock { state in
            if state.inFlight >= concurrency { state.isBehind = true }
            if state.byTarget[target, default: 0] >= perTarget { state.targetsBehind.insert(target) }
            guard !state.isStopping, !state.isBehind, !state.targetsBehind.contains(target) else { return false }
            state.inFlight += 1
            state.byTarget[target, default: 0] += 1
            return true
        }
    }

    /// Says that a delivery to a target waits in the store.
    func refuse(target: String) {
        state.withLock { state in _ = state.targetsBehind.insert(target) }
    }

    /// Takes over deliveries that are counted already.
    func take(_ deliveries: [ClaimedDelivery]) {
        state.withLock { state in
            state.leases.formUnion(deliveries.map(\.id))
            state.handedOver += deliveries
        }
        handOver.yield()
    }

    /// Counts a delivery to each of the targets as in flight no longer.
    func giveBack(_ targets: [String]) {
        state.withLock { state in
            for target in targets { state.end(target) }
        }
        wake()
    }

    /// The deliveries that may begin; none once the service stops, which gives their leases up.
    func takeHandedOver() -> [ClaimedDelivery] {
        let (deliveries, isStopping) = state.withLock { state in
            defer { state.handedOver = [] }
            if state.isStopping { for delivery in state.handedOver { state.end(delivery.target) } }
            return (state.handedOver, state.isStopping)
        }
        guard isStopping else { return deliveries }
        wake()
        return []
    }

    /// Says that a claim has found nothing that is due. Nothing waits then, but for targets that had no room.
    ///
    /// A delivery that was refused while the claim went on may still wait. It is claimed next, since its arrival is news, and
    /// few others overtake it. Otherwise an engine that is behind would stay behind for as long as events keep coming.
    ///
    /// - Parameter waitsForRoom: Whether something is due all the same, for which there is no room within the limits.
    func catchUp(_ limits: ClaimLimits, waitsForRoom: Bool) {
        state.withLock { state in
            state.isBehind = false
            state.waitsForRoom = waitsForRoom
            state.targetsBehind = Set(limits.inFlight.lazy.filter { $0.value >= limits.perTarget }.map(\.key))
        }
    }

    /// Counts claimed deliveries as in flight, unless the service stops. Returns those that may begin, and those for which the room
    /// has gone to what was handed over since the claim.
    func begin(
        _ deliveries: [ClaimedDelivery],
        concurrency: Int,
        perTarget: Int
    ) -> (begun: [ClaimedDelivery], surplus: [ClaimedDelivery]) {
        state.withLock { state in
            guard !state.isStopping else { return ([], []) }
            var (begun, surplus): ([ClaimedDelivery], [ClaimedDelivery]) = ([], [])
            for delivery in deliveries {
                guard state.inFlight < concurrency, state.byTarget[delivery.target, default: 0] < perTarget else {
                    state.targetsBehind.insert(delivery.target)
                    surplus.append(delivery)
                    continue
                }
                state.inFlight += 1
                state.failing += delivery.isFailing ? 1 : 0
                state.byTarget[delivery.target, default: 0] += 1
                begun.append(delivery)
            }
            return (begun, surplus)
        }
    }

    /// Says that leases were given up.
    func letGo(_ deliveries: [ClaimedDelivery]) {
        state.withLock { $0.leases.subtract(deliveries.map(\.id)) }
    }

    /// Counts deliveries as in flight no longer.
    ///
    /// - Parameters:
    ///   - areRecorded: Whether their leases have ended with their results.
    ///   - isNews: Whether something may be due because of their results.
    func end(_ deliveries: [ClaimedDelivery], areRecorded: Bool, isNews: Bool) {
        state.withLock { state in
            if isNews { state.hasNews = true }
            for delivery in deliveries {
                if areRecorded { state.leases.remove(delivery.id) }
                state.failing -= delivery.isFailing ? 1 : 0
                state.end(delivery.target)
            }
        }
        wake()
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        wake()
    }
}
