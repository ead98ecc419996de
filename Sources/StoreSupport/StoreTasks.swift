import Synchronization

/// Tasks that a store starts and that no call waits for. They end with the store.
package final class StoreTasks: Sendable {
    private struct State {
        var tasks: [Int: Task<Void, Never>] = [:]
        var started = 0
        var isClosed = false
    }

    private let state = Mutex(State())

    package init() {}

    deinit { cancel() }

    package var isClosed: Bool { state.withLock { $0.isClosed } }
    /// How many tasks have not ended.
    package var count: Int { state.withLock { $0.tasks.count } }

    /// Starts a task. Returns false, and starts none, when the tasks were canceled.
    @discardableResult
    package func start(_ body: @escaping @Sendable () async -> Void) -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            let number = state.started
            state.started += 1
            state.tasks[number] = Task.detached { [weak self] in
                await body()
                self?.state.withLock { $0.tasks[number] = nil }
            }
            return true
        }
    }

    /// Cancels all tasks, and starts no more.
    package func cancel() {
        let tasks = state.withLock { state in
            state.isClosed = true
            return state.tasks.values
        }
        for task in tasks { task.cancel() }
    }

    /// Cancels all tasks, and returns when they have ended.
    package func close() async {
        cancel()
        for task in state.withLock({ Array($0.tasks.values) }) { await task.value }
    }
}
