import AgentCore
import Synchronization

/// Sends so many notifications at a time and no more; others wait for their turn. Test events go through it: each takes
/// descriptors, and there are as many as calls that save or test.
final class BoundedSender: NotificationSender {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// How many of `waiting` have had their turn.
        var served = 0
    }

    private let sender: any NotificationSender
    private let state: Mutex<State>

    /// Creates a sender that has at most `limit` notifications in flight.
    init(_ sender: any NotificationSender, limit: Int) {
        self.sender = sender
        state = Mutex(State(free: limit))
    }

    func send(_ notification: WebhookNotification) async -> SendOutcome {
        await enter()
        defer { leave() }
        return await sender.send(notification)
    }

    private func enter() async {
        await withCheckedContinuation { continuation in
            let hasTurn = state.withLock { state in
                guard state.free == 0 else {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if hasTurn { continuation.resume() }
        }
    }

    private func leave() {
        let next: CheckedContinuation<Void, Never>? = state.withLock { state in
            guard state.served < state.waiting.count else {
                state.free += 1
                return nil
            }
            defer {
                state.served += 1
                if state.served == state.waiting.count { (state.waiting, state.served) = ([], 0) }
            }
            return state.waiting[state.served]
        }
        next?.resume()
    }
}
