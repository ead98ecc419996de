import GRDB
import StoreContracts
import StoreSupport
import Synchronization

/// Lets concurrent calls share one commit: a commit to disk costs far more than the rows in it.
///
/// A call completes once its transaction is durable. When one of several calls in a transaction fails, GroupCommit undoes
/// all of them and carries each out in a transaction of its own, so that no call fails because of another.
final class GroupCommit: Sendable {
    private struct Job: Sendable {
        let isSignal: Bool
        let run: @Sendable (Database) throws -> Void
    }

    private let writer: any DatabaseWriter
    private let health: DatabaseHealth?
    private let jobs = Batcher<Job, Void>(callsPerBatch: 512)
    private let counted = Mutex(CommitCounts())

    var counts: CommitCounts { counted.withLock { $0 } }

    /// Commits to what `writer` writes.
    ///
    /// - Parameter health: Is asked before each commit, and learns how that ended; nil where there is no file.
    init(writer: any DatabaseWriter, health: DatabaseHealth? = nil) {
        (self.writer, self.health) = (writer, health)
    }

    /// Carries `body` out in a transaction that it may share, and tells `completion` what it returned, on the writer's
    /// thread. `body` may run twice, and only its last run counts.
    ///
    /// - Parameter isSignal: Whether it takes an event in; how well those share commits is counted.
    func write<Value: Sendable>(
        isSignal: Bool = false,
        _ body: @escaping @Sendable (Database) throws -> Value,
        completion: @escaping @Sendable (Result<Value, StoreError>) -> Void
    ) {
        let result = Box<Value>()
        let job = Job(isSignal: isSignal) { database in
            let value = try body(database)
            result.value.withLock { $0 = value }
        }
        jobs.call(job) {
            writer.asyncWriteWithoutTransaction { database in self.jobs.drain { self.carryOut($0, database) } }
        } completion: { outcome in
            completion(
                outcome.flatMap {
                    guard let value = result.value.withLock({ $0 }) else { return .failure(.noResult) }
                    return .success(value)
                }
            )
        }
    }

    /// Carries `body` out in a transaction that it may share. `body` may run twice, and only its last run counts.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let result = await withCheckedContinuation { continuation in
            write(body) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    private final class Box<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
    }

    private func carryOut(_ batch: Batcher<Job, Void>.Batch, _ database: Database) -> Batcher<Job, Void>.Outcome {
        do {
            try commit(batch, database)
            return .done(Array(repeating: (), count: batch.count))
        } catch {
            return batch.count > 1 ? .divided : .failed(health?.note(error) ?? StoreError(sqlite: error))
        }
    }

    private func commit(_ batch: Batcher<Job, Void>.Batch, _ database: Database) throws {
        try health?.checkCommit(database)
        var signals = 0
        try database.inTransaction(.immediate) {
            try batch.forEachInput { job in
                try job.run(database)
                if job.isSignal { signals += 1 }
            }
            return .commit
        }
        // The file may have gone while it was written.
        try health?.check()
        health?.noteCommit()
        guard signals > 0 else { return }
        counted.withLock { counts in
            counts.commits += 1
            counts.signals += signals
        }
    }
}
