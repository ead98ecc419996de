import ServiceLifecycle
import Synchronization

/// The direct calls that go on in tasks. Their connections may end before them, so the service waits for them when it stops.
/// ``CallTasks`` needs no such wait: Hummingbird waits for the calls of its connections.
final class DirectCallTasks: Service, CustomStringConvertible {
    /// Services are logged as they describe themselves.
    var description: String { "DirectCallTasks" }

    fileprivate struct State {
        var count = 0
        var waiter: CheckedContinuation<Void, Never>?
        var isCancelled = false
    }

    private let state = Mutex(State())

    /// Starts a call.
    func start(_ call: @escaping @Sendable () async -> Void) {
        state.withLock { $0.count += 1 }
        Task {
            await call()
            let waiter = state.withLock { state in
                state.count -= 1
                return state.count == 0 ? state.takeWaiter() : nil
            }
            waiter?.resume()
        }
    }

    /// Waits until the service is told to stop, and then until no call goes on. No more may begin then.
    func run() async {
        try? await gracefulShutdown()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    guard state.count > 0, !state.isCancelled else { return true }
                    state.waiter = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { state in
                state.isCancelled = true
                return state.takeWaiter()
            }?.resume()
        }
    }
}

extension DirectCallTasks.State {
    fileprivate mutating func takeWaiter() -> CheckedContinuation<Void, Never>? {
        defer { waiter = nil }
        return waiter
    }
}
