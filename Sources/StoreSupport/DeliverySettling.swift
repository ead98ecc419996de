import Synchronization
package import WebhookModel

/// Brings deliveries in line with the states of their webhooks, in steps between which others write.
///
/// A webhook may have millions of deliveries, and a caller that signals an event must not wait for all of them. So the
/// state is stored first, and counts from then on: no delivery of a webhook that is not Active is claimed. The deliveries
/// follow. The stored rows tell what is still to be changed, so that a step that failed is repeated, and that any process can
/// go on after a crash.
package final class DeliverySettling: Sendable {
    /// Changes at most ``rowsPerStep`` deliveries of a webhook whose state has changed at that time. Returns whether there
    /// may be more.
    package typealias Step = @Sendable (_ webhook: Int32, _ time: Timestamp) async throws -> Bool

    private struct State {
        /// The webhooks whose deliveries have to follow, with the time of the change.
        var webhooks: [Int32: Timestamp] = [:]
        /// The webhook of the last step. The next one is that of another, if there is one.
        var last = Int32.min
        var isRunning = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let arrivals: Arrivals
    private let tasks: StoreTasks
    private let state = Mutex(State())

    /// Deliveries that one step changes.
    package static let rowsPerStep = 500
    /// Deliveries that change together with their webhook, so that one that has few is settled when the call returns.
    package static let rowsAtOnce = 100
    /// The wait after a step that failed.
    private static let pause = Duration.seconds(1)

    package init(arrivals: Arrivals, tasks: StoreTasks = StoreTasks()) {
        (self.arrivals, self.tasks) = (arrivals, tasks)
    }

    /// Has the deliveries of webhooks follow changes that were made at these times.
    package func begin(_ webhooks: [Int32: Timestamp], _ step: @escaping Step) {
        guard !webhooks.isEmpty else { return }
        let isFirst = state.withLock { state in
            state.webhooks.merge(webhooks) { $1 }
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard isFirst else { return }
        let isStarted = tasks.start { [weak self] in
            while !Task.isCancelled {
                guard await self?.take(step) == true else { return }
            }
            self?.end()
        }
        if !isStarted { end() }
    }

    /// Leaves what is not done to the next process: the store is being closed.
    private func end() {
        let waiting = state.withLock { state in
            defer { (state.isRunning, state.waiting) = (false, []) }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Waits until all deliveries have followed.
    package func finish() async {
        await withCheckedContinuation { continuation in
            let isRunning = state.withLock { state in
                if state.isRunning { state.waiting.append(continuation) }
                return state.isRunning
            }
            if !isRunning { continuation.resume() }
        }
    }

    /// Returns whether there is more to do.
    private func take(_ step: Step) async -> Bool {
        let (next, waiting) = state.withLock { state in
            let ids = state.webhooks.keys
            guard let next = ids.filter({ $0 > state.last }).min() ?? ids.min(), let time = state.webhooks[next] else {
                defer { state.waiting = [] }
                state.isRunning = false
                return (nil as (webhook: Int32, time: Timestamp)?, state.waiting)
            }
            state.last = next
            return ((next, time), [])
        }
        guard let (webhook, time) = next else {
            for continuation in waiting { continuation.resume() }
            return false
        }
        do {
            let isMore = try await step(webhook, time)
            arrivals.raise()
            if !isMore {
                state.withLock { state in
                    // Another change in the meantime has its deliveries follow again.
                    if state.webhooks[webhook] == time { state.webhooks[webhook] = nil }
                }
            }
        } catch {
            // Callers of the store get the same error now. The step is repeated until it succeeds.
            try? await Task.sleep(for: Self.pause)
        }
        return true
    }
}
