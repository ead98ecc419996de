package import StoreContracts
import StoreSupport

/// Lets concurrent calls share one round trip to PostgreSQL and one commit.
///
/// When the server refuses a batch of several calls, CallBatches carries each call out by itself, so that no call fails
/// because of another.
package final class CallBatches<Input: Sendable, Output: Sendable>: Sendable {
    private let calls: Batcher<Input, Output>
    private let executeBatch: @Sendable ([Input], Duration) async -> Result<[Output], any Error>

    /// - Parameters:
    ///   - weightLimit: What the calls of one batch may weigh together, unless it is one call.
    ///   - executeBatch: Carries a batch out as one: all of it is done, with an output for each input, or nothing is. It is
    ///     told how long the first of its calls has been waiting.
    package init(
        weightLimit: Int,
        executeBatch: @escaping @Sendable ([Input], Duration) async -> Result<[Output], any Error>
    ) {
        calls = Batcher(callsPerBatch: 256, weightPerBatch: weightLimit)
        self.executeBatch = executeBatch
    }

    /// How many calls wait for a batch.
    package var waiting: Int { calls.waiting }

    /// Carries a call out in a batch, and tells `completion` what came of it.
    package func call(
        _ input: Input,
        weight: Int,
        completion: @escaping @Sendable (Result<Output, StoreError>) -> Void
    ) {
        calls.call(input, weight: weight, startingBy: start, completion: completion)
    }

    /// Carries a call out in a batch, and returns what came of it.
    package func call(_ input: Input, weight: Int) async throws(StoreError) -> Output {
        try await calls.call(input, weight: weight, startingBy: start)
    }

    private func start() {
        // Not a child of the caller, whose end must not end others' calls. ``close()`` waits for it.
        Task.detached { await self.calls.drain { await self.executeBatch($0) } }
    }

    /// Refuses all further calls, and returns when those that wait have been carried out.
    package func close() async { await calls.close() }

    private func executeBatch(_ batch: Batcher<Input, Output>.Batch) async -> Batcher<Input, Output>.Outcome {
        switch await executeBatch(batch.inputs, batch.waited) {
        case .success(let outputs): return .done(outputs)
        case .failure(let error) where batch.count > 1 && Self.isOfOneCall(error): return .divided
        case .failure(let error): return .failed(StoreError(postgreSQL: error))
        }
    }

    /// Whether it may be one call's own failure: the server did not like what was in it.
    private static func isOfOneCall(_ error: any Error) -> Bool {
        switch error {
        case let failure as PostgreSQLError: failure.kind == .statement
        case StoreError.corrupt: true
        // The store is closed or overloaded, for all of them.
        case is StoreError: false
        default: true
        }
    }
}
