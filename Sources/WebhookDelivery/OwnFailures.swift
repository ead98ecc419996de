import Synchronization
import WebhookModel

/// Since when nothing could be sent to targets for reasons that are not theirs, and whether that is so for all of them.
///
/// Where that lasts, the target is held for a while, however many deliveries wait for it, and is then probed by a few.
final class OwnFailures: Sendable {
    private struct Failing {
        let since: Duration
        var last: Duration
        /// Until when nothing is sent to it.
        var until: Duration
    }

    private struct State {
        var targets: [String: Failing] = [:]
        /// Failures of this machine without any other outcome in between.
        var localInRow = 0
        /// Two of the targets of these failures, or the only one.
        var targetsInRow: Set<String> = []
    }

    private let state = Mutex(State())

    /// How many targets are kept. A further target that fails counts as failing for the first time.
    private static let targets = 16_384
    /// Longer than the wait between two attempts, so that a failure after that long is a first one again.
    private static let memory = Duration.seconds(120)
    /// How many failures in a row, of more than one target, are this machine's and not a target's.
    private static let machineWide = 32
    /// A target is held for half as long as nothing could be sent to it, within these bounds, and not before the lower.
    private static let holds: ClosedRange<Duration> = .seconds(1) ... .seconds(30)

    /// Whether this machine can send nothing at all, as far as is known.
    var isMachineWide: Bool {
        state.withLock { $0.localInRow >= Self.machineWide && $0.targetsInRow.count > 1 }
    }

    /// Whether nothing could be sent to a target lately for reasons that are not its own.
    func hold(_ target: String) -> Bool {
        isMachineWide || state.withLock { $0.targets[target] != nil }
    }

    /// What is in flight to each target, where the targets that nothing can be sent to count as having more: while they
    /// are held as many as a target may have, and after that all but a failing target's share.
    func occupying(
        _ inFlight: [String: Int],
        perTarget: Int,
        perFailingTarget: Int,
        at now: Duration
    ) -> [String: Int] {
        state.withLock { state in
            state.targets.reduce(into: inFlight) { inFlight, target in
                let (since, last) = (target.value.since, target.value.last)
                guard now - last < Self.memory, last - since >= Self.holds.lowerBound else { return }
                inFlight[target.key, default: 0] +=
                    target.value.until > now ? perTarget : max(0, perTarget - perFailingTarget)
            }
        }
    }

    /// How long it takes until a target is held no more, nil when none is.
    func nextRelease(at now: Duration) -> Duration? {
        state.withLock { state in
            state.targets.values.lazy.map(\.until).filter { $0 > now }.min().map { $0 - now }
        }
    }

    /// Takes an outcome at a time of the elapsed time. Returns how long nothing could be sent to the target for reasons
    /// that are not its own; nil when the outcome says something about the target.
    func note(_ outcome: SendOutcome, target: String, at now: Duration) -> Duration? {
        state.withLock { state in
            guard case .failed(let failure) = outcome, !failure.kind.isTargets else {
                (state.localInRow, state.targetsInRow) = (0, [])
                state.targets[target] = nil
                return nil
            }
            if failure.kind == .local {
                state.localInRow += 1
                if state.targetsInRow.count < 2 { state.targetsInRow.insert(target) }
            } else {
                (state.localInRow, state.targetsInRow) = (0, [])
            }
            if let failing = state.targets[target], now - failing.last < Self.memory {
                let lasted = now - failing.since
                state.targets[target]?.last = now
                if lasted >= Self.holds.lowerBound {
                    state.targets[target]?.until = now + min(lasted, Self.holds.upperBound) / 2
                }
                return lasted
            }
            if state.targets.count >= Self.targets {
                state.targets = state.targets.filter { now - $0.value.last < Self.memory }
                // Nothing is forgotten while everything fails; then the brake of `isMachineWide` holds.
                guard state.targets.count < Self.targets else { return .zero }
            }
            state.targets[target] = Failing(since: now, last: now, until: now)
            return .zero
        }
    }
}
