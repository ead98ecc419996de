import AgentCore
import Foundation
import Synchronization

/// The webhooks that may have something pending, each with a time before which it has nothing.
///
/// Claims look from there on. Without it each would walk over what has been delivered since the oldest snapshot that is
/// open anywhere in the database: its rows cannot be removed until then, and stand at the front of the queue's index.
/// A mark is a bound, never a promise: what this process does lowers it at once, what others do lowers it by a hint, and
/// every second a sweep finds what neither said.
final class DueMarks: Sendable {
    enum Sweep: Sendable {
        /// Of all that is pending.
        case full
        /// Of what has been due since then.
        case since(Timestamp)
    }

    private struct State {
        var marks: [Int32: Int64] = [:]
        /// What has been heard since the marks were last read.
        var lowered: [Int32: Int64] = [:]
        var next = ContinuousClock.now
        /// Before which no full sweep is made; nil while one is under way beside the claims.
        var nextFull: ContinuousClock.Instant? = .now
        var isFullSlow = false
        var last = Timestamp(Date())
    }

    private let state = Mutex(State())

    private static let interval = Duration.seconds(1)
    /// A slow sweep may take one part in so many of the time.
    private static let slowShare = 20
    /// How far a sweep that is not full reaches back beyond the one before: for clocks that differ, and for commits that
    /// take their time.
    private static let margin = Duration.seconds(2)

    /// Says that these webhooks may have something that is due from these times on.
    func lower(_ dues: [Int32: Int64]) {
        state.withLock { $0.lowered.merge(dues, uniquingKeysWith: min) }
    }

    /// Asks for a sweep at the next look.
    func requestSweep() {
        state.withLock { $0.next = min($0.next, .now) }
    }

    /// The sweep that is to be made now, nil for none. One that is full is to be given up when it takes long.
    func sweep() -> Sweep? {
        state.withLock { state in
            guard state.next <= .now else { return nil }
            state.next = .now.advanced(by: Self.interval)
            let last = state.last
            state.last = Timestamp(Date())
            let mayBeFull = !state.isFullSlow && state.nextFull.map { $0 <= .now } ?? false
            return mayBeFull ? .full : .since(last.advanced(by: .zero - Self.margin))
        }
    }

    /// Says that full sweeps take long. From then on they are made beside the claims.
    func sweepIsSlow() {
        state.withLock { $0.isFullSlow = true }
    }

    /// Whether a full sweep is to be made now beside the claims; ``endSlowSweep(_:isSlow:)`` has to follow.
    func beginSlowSweep() -> Bool {
        state.withLock { state in
            guard state.isFullSlow, let next = state.nextFull, next <= .now else { return false }
            state.nextFull = nil
            return true
        }
    }

    func endSlowSweep(_ time: Duration, isSlow: Bool) {
        state.withLock { state in
            state.isFullSlow = isSlow
            state.nextFull = .now.advanced(by: max(Self.interval, time * Self.slowShare))
        }
    }

    /// The marks to look from. Only one may look at a time.
    func look() -> [Int32: Int64] {
        state.withLock { state in
            state.marks.merge(state.lowered, uniquingKeysWith: min)
            state.lowered = [:]
            return state.marks
        }
    }

    /// Says what was found: the earliest due time of each webhook that has something pending.
    func found(_ dues: [Int32: Int64]) {
        state.withLock { $0.marks = dues }
    }
}
