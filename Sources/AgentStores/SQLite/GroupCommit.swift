import AgentCore
import GRDB
import Synchronization

/// Lets concurrent calls share one commit: whoever finds the writer free starts it, and it takes all that is waiting,
/// again and again, until nothing is. A commit to disk costs far more than the rows in it.
///
/// A call returns once its transaction is durable. Where one of several calls in a transaction fails, all are undone and
/// carried out again, each in its own, so that nobody pays for another's failure.
final class GroupCommit: Sendable {
    private struct Call: Sendable {
        let isSignal: Bool
        let run: @Sendable (Database) throws -> Void
        let finish: @Sendable (StoreError?) -> Void
    }

    private struct State {
        var waiting: [Call] = []
        var isRunning = false
        var counts = CommitCounts()
    }

    private let writer: any DatabaseWriter
    private let health: DatabaseHealth?
    private let state = Mutex(State())

    /// Calls that may wait; the next one is refused.
    private static let waitingCalls = 16_384
    /// Calls that one transaction may hold, so that the first of them is not kept waiting by the last.
    private static let callsPerCommit = 512

    var counts: CommitCounts { state.withLock { $0.counts } }

    /// Commits to what `writer` writes.
    ///
    /// - Parameter health: Is asked before each commit, and learns how that ended; nil where there is no file.
    init(writer: any DatabaseWriter, health: DatabaseHealth? = nil) {
        self.writer = writer
        self.health = health
    }

    /// Carries `body` out in a transaction that it may share. `body` may run twice, and only its last run counts.
    ///
    /// - Parameter isSignal: Whether it takes an event in; how well those share commits is counted.
    func write<Value: Sendable>(
        isSignal: Bool = false,
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let result = Box<Value>()
        let failure: StoreError? = await withCheckedContinuation { continuation in
            enqueue(
                Call(
                    isSignal: isSignal,
                    run: { database in
                        let value = try body(database)
                        result.value.withLock { $0 = value }
                    },
                    finish: { continuation.resume(returning: $0) }
                )
            )
        }
        if let failure { throw failure }
        guard let value = result.value.withLock({ $0 }) else { throw .unavailable("a committed call left no result") }
        return value
    }

    private final class Box<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
    }

    private func enqueue(_ call: Call) {
        enum Next { case start, wait, refuse(Int) }
        let next: Next = state.withLock { state in
            guard state.waiting.count < Self.waitingCalls else { return .refuse(state.waiting.count) }
            state.waiting.append(call)
            defer { state.isRunning = true }
            return state.isRunning ? .wait : .start
        }
        switch next {
        case .start: writer.asyncWriteWithoutTransaction { self.run($0) }
        case .wait: break
        case .refuse(let count): call.finish(.overloaded(waiting: count))
        }
    }

    private func run(_ database: Database) {
        while let calls = takeWaiting() {
            do {
                try commit(calls, database)
                for call in calls { call.finish(nil) }
            } catch {
                guard calls.count > 1 else {
                    calls[0].finish(failure(error))
                    continue
                }
                for call in calls {
                    do {
                        try commit([call], database)
                        call.finish(nil)
                    } catch {
                        call.finish(failure(error))
                    }
                }
            }
        }
    }

    private func failure(_ error: any Error) -> StoreError {
        health?.note(error) ?? StoreError(error)
    }

    private func commit(_ calls: [Call], _ database: Database) throws {
        try health?.checkCommit(database)
        try database.inTransaction(.immediate) {
            for call in calls { try call.run(database) }
            return .commit
        }
        // The file may have gone while it was written.
        try health?.check()
        health?.noteCommit()
        let signals = calls.count(where: \.isSignal)
        guard signals > 0 else { return }
        state.withLock { state in
            state.counts.commits += 1
            state.counts.signals += signals
        }
    }

    private func takeWaiting() -> [Call]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isRunning = false
                return nil
            }
            let calls = Array(state.waiting.prefix(Self.callsPerCommit))
            state.waiting.removeFirst(calls.count)
            return calls
        }
    }
}

extension StoreError {
    /// What GRDB reports, without the values that were bound.
    init(_ error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as DatabaseError: self = .unavailable(error.description)
        default: self = .unavailable("\(error)")
        }
    }
}
