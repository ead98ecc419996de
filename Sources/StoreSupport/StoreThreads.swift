import Foundation
import Synchronization

/// Threads that a store starts, whose ends it can wait for.
package final class StoreThreads: Sendable {
    private struct State {
        var running = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// How many threads have not ended.
    package var count: Int { state.withLock { $0.running } }

    /// Starts a thread that ends with `body`.
    package func start(name: String, _ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.running += 1 }
        let thread = Thread {
            body()
            self.end()
        }
        thread.name = name
        thread.start()
    }

    /// Returns when all threads have ended.
    package func finish() async {
        await withCheckedContinuation { continuation in
            let isRunning = state.withLock { state in
                if state.running > 0 { state.waiting.append(continuation) }
                return state.running > 0
            }
            if !isRunning { continuation.resume() }
        }
    }

    private func end() {
        let waiting = state.withLock { state in
            state.running -= 1
            guard state.running == 0 else { return [] as [CheckedContinuation<Void, Never>] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
