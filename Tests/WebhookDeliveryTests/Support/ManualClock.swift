import AgentCore
import WebhookDelivery

/// Time that stands still until a test moves it.
final class ManualClock: Sendable {
    struct State: Sendable {
        var now: Timestamp
        /// Who sleeps, and until when; only those who still have to wait.
        var sleepers: [Int: Timestamp] = [:]
        var lastID = 0
    }

    static let start = Timestamp(ticks: 17_400_000_001_234_567)

    let state = Watched(State(now: ManualClock.start))

    var now: Timestamp { state.value.now }

    /// The time since ``start``.
    var elapsed: Duration { now.since(Self.start) }

    var deliveryClock: DeliveryClock {
        DeliveryClock(now: { self.now }, sleep: { try await self.sleep($0) })
    }

    private func sleep(_ duration: Duration) async throws {
        let (id, wake): (Int, Timestamp) = state.update { state in
            state.lastID += 1
            let wake = state.now.advanced(by: duration)
            if wake > state.now { state.sleepers[state.lastID] = wake }
            return (state.lastID, wake)
        }
        defer { state.update { $0.sleepers[id] = nil } }
        try await state.wait { $0.now >= wake }
    }

    /// Moves to `offset` after ``start``.
    func advance(to offset: Duration) {
        let now = Self.start.advanced(by: offset)
        state.update { state in
            state.now = now
            state.sleepers = state.sleepers.filter { $0.value > now }
        }
    }

    /// Returns once somebody sleeps until exactly `offset` after ``start``.
    func sleeper(until offset: Duration) async throws {
        let wake = Self.start.advanced(by: offset)
        try await state.wait { $0.sleepers.values.contains(wake) }
    }

    /// Waits until somebody sleeps for at most `limit`. Returns when the first of them wakes, as time since ``start``.
    func nextWake(within limit: Duration) async throws -> Duration {
        let state = try await state.wait { state in
            state.sleepers.values.contains { $0.since(state.now) <= limit }
        }
        return (state.sleepers.values.min() ?? state.now).since(Self.start)
    }
}
