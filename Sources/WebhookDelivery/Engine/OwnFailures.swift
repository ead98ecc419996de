import AgentCore
import Synchronization

/// Since when nothing could be sent to targets for reasons that are not theirs, and whether that is so for all of them.
final class OwnFailures: Sendable {
    private struct Failing {
        let since: Duration
        var last: Duration
    }

    private struct State {
        var targets: [String: Failing] = [:]
        /// Failures of this machine without any other outcome in between.
        var localInRow = 0
    }

    private let state = Mutex(State())

    /// Targets that are kept. Where more fail, one that was not kept counts as failing for the first time.
    private static let targets = 16_384
    /// Longer than the wait between two attempts, so that a failure after that long is a first one again.
    private static let memory = Duration.seconds(120)
    /// So many failures in a row are this machine's, not one target's.
    private static let machineWide = 32

    /// Whether this machine can send nothing at all, as far as is known.
    var isMachineWide: Bool { state.withLock { $0.localInRow >= Self.machineWide } }

    /// Takes an outcome at a time of the elapsed time. Returns how long nothing could be sent to the target for reasons
    /// that are not its own; nil when the outcome says something about the target.
    func note(_ outcome: SendOutcome, target: String, at now: Duration) -> Duration? {
        state.withLock { state in
            guard case .failed(let failure) = outcome, !failure.kind.isTargets else {
                state.localInRow = 0
                state.targets[target] = nil
                return nil
            }
            state.localInRow = failure.kind == .local ? state.localInRow + 1 : 0
            if let failing = state.targets[target], now - failing.last < Self.memory {
                state.targets[target]?.last = now
                return now - failing.since
            }
            if state.targets.count >= Self.targets {
                state.targets = state.targets.filter { now - $0.value.last < Self.memory }
                // Nothing is forgotten while everything fails; then the brake of `isMachineWide` holds.
                guard state.targets.count < Self.targets else { return .zero }
            }
            state.targets[target] = Failing(since: now, last: now)
            return .zero
        }
    }
}
