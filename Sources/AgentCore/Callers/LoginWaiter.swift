import Synchronization

/// One attempt to log in that waits for others, until it is resumed or its task is cancelled.
final class LoginWaiter: Sendable {
    private enum State {
        case created
        case suspended(CheckedContinuation<Void, Never>)
        case resumed
    }

    private let state = Mutex(State.created)

    /// Returns when ``resume()`` has been called, or when the task is cancelled. Call it once.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isResumed = state.withLock { state in
                    if case .resumed = state { return true }
                    state = .suspended(continuation)
                    return false
                }
                if isResumed { continuation.resume() }
            }
        } onCancel: {
            resume()
        }
    }

    func resume() {
        let continuation = state.withLock { state -> CheckedContinuation<Void, Never>? in
            defer { state = .resumed }
            if case .suspended(let continuation) = state { return continuation }
            return nil
        }
        continuation?.resume()
    }
}
