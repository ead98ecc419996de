import StoreContracts
import Synchronization

/// An attempt that is over.
final class EndedAttempt: Sendable {
    let delivery: ClaimedDelivery
    /// What is to be recorded; nil when the service cut the attempt off.
    let result: DeliveryResult?

    init(of delivery: ClaimedDelivery, _ result: DeliveryResult?) {
        (self.delivery, self.result) = (delivery, result)
    }
}

/// The attempts of one task that are over. The task takes all that have ended since it took the last ones.
final class EndedAttempts: Sendable {
    private struct State {
        var ended: [EndedAttempt] = []
        /// How many have not ended yet.
        var left: Int
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state: Mutex<State>

    /// - Parameter count: How many attempts there are.
    init(count: Int) {
        state = Mutex(State(left: count))
    }

    /// Adds an attempt that has ended.
    func add(_ attempt: EndedAttempt) {
        let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
            state.ended.append(attempt)
            state.left -= 1
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Waits for attempts to end. Returns those that have ended; nil when all were returned before.
    func next() async -> [EndedAttempt]? {
        await withCheckedContinuation { continuation in
            let mustWait = state.withLock { state in
                guard state.ended.isEmpty, state.left > 0 else { return false }
                state.waiter = continuation
                return true
            }
            if !mustWait { continuation.resume() }
        }
        return state.withLock { state in
            guard !state.ended.isEmpty else { return nil }
            defer { state.ended = [] }
            return state.ended
        }
    }
}
