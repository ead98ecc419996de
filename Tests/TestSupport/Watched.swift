import Synchronization

/// A value that a test waited for and that had not come when the test's time was over.
package struct StillWaiting: Error, CustomStringConvertible {
    /// Where the test waits, and the value that it has.
    package let description: String
}

/// A value that tests wait on, without polling and without sleeping.
package final class Watched<Value: Sendable>: Sendable {
    private struct Waiter {
        let isMet: @Sendable (Value) -> Bool
        let continuation: CheckedContinuation<Value, any Error>
    }

    private struct State {
        var value: Value
        var waiters: [Int: Waiter] = [:]
        var lastID = 0
    }

    private let state: Mutex<State>

    /// Creates it with what it is at first.
    package init(_ value: Value) {
        state = Mutex(State(value: value))
    }

    /// What it is now.
    package var value: Value { state.withLock { $0.value } }

    /// Changes the value and resumes whoever waited for what it is now.
    @discardableResult
    package func update<Result: Sendable>(_ change: (inout Value) -> Result) -> Result {
        let (result, value, met): (Result, Value, [Waiter]) = state.withLock { state in
            let result = change(&state.value)
            let value = state.value
            let ids = state.waiters.filter { $0.value.isMet(value) }.keys.sorted()
            return (result, value, ids.compactMap { state.waiters.removeValue(forKey: $0) })
        }
        for waiter in met { waiter.continuation.resume(returning: value) }
        return result
    }

    /// Returns once the value is as wanted.
    ///
    /// Throws ``StillWaiting`` when the task is cancelled, as it is when the test's time is over.
    @discardableResult
    package func wait(
        file: String = #fileID,
        line: Int = #line,
        until isMet: @escaping @Sendable (Value) -> Bool
    ) async throws -> Value {
        let id: Int = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let known: Result<Value, any Error>? = state.withLock { state in
                    if isMet(state.value) { return .success(state.value) }
                    if Task.isCancelled { return .failure(Self.cancellation(file, line, state.value)) }
                    state.waiters[id] = Waiter(isMet: isMet, continuation: continuation)
                    return nil
                }
                if let known { continuation.resume(with: known) }
            }
        } onCancel: {
            let (waiter, value) = state.withLock { ($0.waiters.removeValue(forKey: id), $0.value) }
            waiter?.continuation.resume(throwing: Self.cancellation(file, line, value))
        }
    }

    private static func cancellation(_ file: String, _ line: Int, _ value: Value) -> StillWaiting {
        StillWaiting(description: "\(file):\(line) waits, and the value is \("\(value)".prefix(1000))")
    }
}
