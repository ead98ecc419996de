import Synchronization
import WebhookModel

/// Sends so many notifications at a time and no more; others wait for their turn. Test events go through it: each takes
/// descriptors, and there are as many as calls that save or test.
///
/// One target has half of the places at most, and targets take turns, so that one that hangs keeps no other waiting.
final class BoundedSender: NotificationSender {
    private struct State {
        var free: Int
        var inFlight: [String: Int] = [:]
        /// The senders that wait, by target, the one that has waited longest last.
        var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]
        /// The targets of those who wait, the next one first.
        var turns: [String] = []
    }

    private let sender: any NotificationSender
    private let share: Int
    private let state: Mutex<State>

    /// Creates a sender that has at most `limit` notifications in flight.
    init(_ sender: any NotificationSender, limit: Int) {
        self.sender = sender
        share = max(1, limit / 2)
        state = Mutex(State(free: limit))
    }

    func send(_ notification: WebhookNotification) async -> SendOutcome {
        let target = Webhook.target(of: notification.url)
        await enter(target)
        defer { leave(target) }
        return await sender.send(notification)
    }

    private func enter(_ target: String) async {
        await withCheckedContinuation { continuation in
            let hasTurn = state.withLock { state in
                guard state.free == 0 || state.inFlight[target, default: 0] >= share else {
                    state.free -= 1
                    state.inFlight[target, default: 0] += 1
                    return true
                }
                if state.waiting[target] == nil { state.turns.append(target) }
                state.waiting[target, default: []].insert(continuation, at: 0)
                return false
            }
            if hasTurn { continuation.resume() }
        }
    }

    private func leave(_ target: String) {
        let next: CheckedContinuation<Void, Never>? = state.withLock { state in
            state.free += 1
            let left = state.inFlight[target, default: 1] - 1
            state.inFlight[target] = left > 0 ? left : nil
            guard let turn = state.turns.firstIndex(where: { state.inFlight[$0, default: 0] < share }) else {
                return nil
            }
            let next = state.turns.remove(at: turn)
            let continuation = state.waiting[next]?.popLast()
            if state.waiting[next]?.isEmpty == false { state.turns.append(next) } else { state.waiting[next] = nil }
            state.free -= 1
            state.inFlight[next, default: 0] += 1
            return continuation
        }
        next?.resume()
    }
}
