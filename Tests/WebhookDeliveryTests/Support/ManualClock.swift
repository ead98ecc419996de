import StoreContracts
import TestSupport
import WebhookDelivery
import WebhookModel

/// Time that stands still until a test moves it.
final class ManualClock: Sendable {
    struct State: Sendable {
        var elapsed = Duration.zero
        /// By how much the machine's clock is ahead.
        var skew = Duration.zero
        /// Who sleeps, and until when; only those who still have to wait.
        var sleepers: [Int: Duration] = [:]
        var lastID = 0
    }

    static let start = Timestamp(ticks: 17_400_000_001_234_567)

    let state = Watched(State())

    /// What the machine's clock shows.
    var now: Timestamp {
        let state = state.value
        return Self.start.advanced(by: state.elapsed + state.skew)
    }

    /// The time since the test began.
    var elapsed: Duration { state.value.elapsed }

    var deliveryClock: DeliveryClock {
        DeliveryClock(now: { self.now }, elapsed: { self.elapsed }, sleep: { try await self.sleep($0) })
    }

    /// Sets the machine's clock ahead of what it showed in the beginning, without any time going by.
    func set(ahead skew: Duration) {
        state.update { $0.skew = skew }
    }

    private func sleep(_ duration: Duration) async throws {
        let (id, wake): (Int, Duration) = state.update { state in
            state.lastID += 1
            let wake = state.elapsed + duration
            if wake > state.elapsed { state.sleepers[state.lastID] = wake }
            return (state.lastID, wake)
        }
        defer { state.update { $0.sleepers[id] = nil } }
        try await state.wait { $0.elapsed >= wake }
    }

    /// Moves to `offset` after the beginning.
    func advance(to offset: Duration) {
        state.update { state in
            state.elapsed = offset
            state.sleepers = state.sleepers.filter { $0.value > offset }
        }
    }

    /// Returns once somebody sleeps until exactly `offset` after the beginning.
    func sleeper(until offset: Duration) async throws {
        try await state.wait { $0.sleepers.values.contains(offset) }
    }

    /// Waits until somebody sleeps for at most `limit`. Returns when the first of them wakes, as time since the beginning.
    func nextWake(within limit: Duration) async throws -> Duration {
        let state = try await state.wait { state in
            state.sleepers.values.contains { $0 - state.elapsed <= limit }
        }
        return state.sleepers.values.min() ?? state.elapsed
    }
}
