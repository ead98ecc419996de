package import StoreContracts
import Synchronization

/// Gathers concurrent calls into batches, and lets one batch be carried out at a time.
///
/// The call that finds the batcher at rest starts an executor. The executor calls `drain`, which hands it batch after
/// batch until no call waits. A batch holds the calls that wait then, in the order in which they came.
///
/// A batcher completes each call exactly once, also when an executor returns too few outputs.
package final class Batcher<Input: Sendable, Output: Sendable>: Sendable {
    /// What is told what came of a call: once, on the executor's thread, or on the caller's when the call is refused.
    package typealias Completion = @Sendable (Result<Output, StoreError>) -> Void

    fileprivate struct Call: Sendable {
        let input: Input
        let weight: Int
        let arrived = ContinuousClock.now
        let complete: Completion
    }

    /// The calls that are carried out together.
    package struct Batch: Sendable {
        fileprivate let calls: [Call]

        package var count: Int { calls.count }
        package var inputs: [Input] { calls.map(\.input) }

        /// How long the first call has waited.
        package var waited: Duration { calls.first.map { $0.arrived.duration(to: .now) } ?? .zero }

        package func forEachInput(_ body: (Input) throws -> Void) rethrows {
            for call in calls { try body(call.input) }
        }
    }

    /// What came of a batch.
    package enum Outcome: Sendable {
        /// All calls are done. There is an output for each, in the order of the inputs.
        case done([Output])
        /// No call is done, for a reason that concerns all of them.
        case failed(StoreError)
        /// No call is done, and one of them may be at fault. The batcher has each call carried out by itself.
        case divided
    }

    private struct State {
        var waiting: [Call] = []
        var isRunning = false
        var isClosed = false
        var closing: [CheckedContinuation<Void, Never>] = []
    }

    private let callsPerBatch: Int
    private let weightPerBatch: Int
    private let waitingCalls: Int
    private let state = Mutex(State())

    /// Creates a batcher at rest.
    ///
    /// - Parameters:
    ///   - callsPerBatch: The calls that one batch may hold, so that the first of them does not wait for too many others.
    ///   - weightPerBatch: What the calls of one batch may weigh together, unless the batch is one call.
    ///   - waitingCalls: The calls that may wait. The batcher refuses the next one.
    package init(callsPerBatch: Int, weightPerBatch: Int = .max, waitingCalls: Int = 16_384) {
        (self.callsPerBatch, self.weightPerBatch, self.waitingCalls) = (callsPerBatch, weightPerBatch, waitingCalls)
    }

    /// How many calls wait.
    package var waiting: Int { state.withLock { $0.waiting.count } }

    /// Whether all further calls are refused.
    package var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Carries a call out in a batch, and tells `completion` what the executor returned for it.
    ///
    /// The call fails with ``StoreError/overloaded(waiting:)`` when too many calls wait, and with
    /// ``StoreError/unavailable(_:)`` when the batcher is closed.
    ///
    /// - Parameter start: Starts the executor, which is not a child of this call: it carries out others' calls too.
    package func call(
        _ input: Input,
        weight: Int = 1,
        startingBy start: () -> Void,
        completion: @escaping Completion
    ) {
        switch append(Call(input: input, weight: weight, complete: completion)) {
        case .start: start()
        case .wait: break
        case .refuse(let error): completion(.failure(error))
        }
    }

    /// Carries a call out in a batch, and returns what the executor returned for it. Throws as the other form fails.
    package func call(_ input: Input, weight: Int = 1, startingBy start: () -> Void) async throws(StoreError) -> Output
    {
        let result = await withCheckedContinuation { continuation in
            call(input, weight: weight, startingBy: start) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    private enum Next { case start, wait, refuse(StoreError) }

    private func append(_ call: Call) -> Next {
        state.withLock { state in
            guard !state.isClosed else { return .refuse(.closed) }
            guard state.waiting.count < waitingCalls else { return .refuse(.overloaded(waiting: state.waiting.count)) }
            state.waiting.append(call)
            defer { state.isRunning = true }
            return state.isRunning ? .wait : .start
        }
    }

    /// Carries batches out until no call waits.
    package func drain(_ carryOut: (Batch) -> Outcome) {
        while let batch = next() {
            for single in finish(batch, carryOut(batch)) { _ = finish(single, carryOut(single)) }
        }
    }

    /// Carries batches out until no call waits.
    package func drain(_ carryOut: (Batch) async -> Outcome) async {
        while let batch = next() {
            for single in finish(batch, await carryOut(batch)) { _ = finish(single, await carryOut(single)) }
        }
    }

    /// Refuses all further calls, and returns when the calls that wait have been carried out.
    package func close() async {
        await withCheckedContinuation { continuation in
            let isAtRest = state.withLock { state in
                state.isClosed = true
                if state.isRunning { state.closing.append(continuation) }
                return !state.isRunning
            }
            if isAtRest { continuation.resume() }
        }
    }

    private func next() -> Batch? {
        let (calls, closing) = state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isRunning = false
                defer { state.closing = [] }
                return (nil as [Call]?, state.closing)
            }
            var weight = 0
            let count = state.waiting.prefix(callsPerBatch).prefix { call in
                // A weight that no sum can hold is beyond every limit.
                let (sum, isTooMuch) = weight.addingReportingOverflow(call.weight)
                weight = isTooMuch ? .max : sum
                return weight <= weightPerBatch
            }.count
            let calls = Array(state.waiting.prefix(max(1, count)))
            state.waiting.removeFirst(calls.count)
            return (calls, [])
        }
        for continuation in closing { continuation.resume() }
        return calls.map(Batch.init)
    }

    /// Completes the calls of a batch. Returns the calls that have to be carried out by themselves.
    private func finish(_ batch: Batch, _ outcome: Outcome) -> [Batch] {
        switch outcome {
        case .done(let outputs):
            for (call, output) in zip(batch.calls, outputs) { call.complete(.success(output)) }
            if outputs.count < batch.count { fail(batch.calls.dropFirst(outputs.count), .noResult) }
        case .failed(let error): fail(batch.calls[...], error)
        case .divided where batch.count > 1: return batch.calls.map { Batch(calls: [$0]) }
        case .divided: fail(batch.calls[...], .noResult)
        }
        return []
    }

    private func fail(_ calls: ArraySlice<Call>, _ error: StoreError) {
        for call in calls { call.complete(.failure(error)) }
    }
}

extension StoreError {
    /// The error of a call that comes after its store was closed.
    package static let closed = unavailable("the store is closed")
    /// The error of a call that was committed and whose result is missing.
    package static let noResult = unavailable("a committed call left no result")
}
