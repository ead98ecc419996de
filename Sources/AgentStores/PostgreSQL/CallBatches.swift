import AgentCore
import Synchronization

/// Lets concurrent calls share one round trip and one commit: whoever finds the batches at rest sets them going, and each
/// batch takes all that is waiting, until nothing is.
///
/// Where the database refuses a batch of several calls they are carried out again one by one, so that nobody pays for
/// another's failure.
final class CallBatches<Input: Sendable, Output: Sendable>: Sendable {
    private struct Call: Sendable {
        let input: Input
        let weight: Int
        let arrived = ContinuousClock.now
        let finish: @Sendable (Result<Output, StoreError>) -> Void
    }

    private struct State {
        var waiting: [Call] = []
        var isRunning = false
    }

    private let state = Mutex(State())
    private let weightLimit: Int
    private let carryOut: @Sendable ([Input], Duration) async -> Result<[Output], any Error>

    /// Calls that may wait; the next one is refused.
    private static var waitingCalls: Int { 16_384 }
    /// Calls that one batch may hold, so that the first of them is not kept waiting by the last.
    private static var callsPerBatch: Int { 256 }

    /// - Parameters:
    ///   - weightLimit: What the calls of one batch may weigh together, unless it is one call.
    ///   - carryOut: Carries a batch out as one: all of it is done, with an output for each input, or nothing is. It is
    ///     told how long the first of its calls has been waiting.
    init(weightLimit: Int, carryOut: @escaping @Sendable ([Input], Duration) async -> Result<[Output], any Error>) {
        self.weightLimit = weightLimit
        self.carryOut = carryOut
    }

    func call(_ input: Input, weight: Int) async throws(StoreError) -> Output {
        let result: Result<Output, StoreError> = await withCheckedContinuation { continuation in
            enqueue(Call(input: input, weight: weight) { continuation.resume(returning: $0) })
        }
        return try result.get()
    }

    private enum Next { case start, wait, refuse(Int) }

    private func enqueue(_ call: Call) {
        let next: Next = state.withLock { state in
            guard state.waiting.count < Self.waitingCalls else { return .refuse(state.waiting.count) }
            state.waiting.append(call)
            defer { state.isRunning = true }
            return state.isRunning ? .wait : .start
        }
        switch next {
        // Not a child of the caller, whose end must not end others' calls.
        case .start: Task.detached { await self.run() }
        case .wait: break
        case .refuse(let count): call.finish(.failure(.overloaded(waiting: count)))
        }
    }

    private func run() async {
        while let calls = takeWaiting() {
            let result = await carryOut(calls)
            guard calls.count > 1, case .failure(let error) = result, Self.isOfOneCall(error) else { continue }
            for call in calls { _ = await carryOut([call]) }
        }
    }

    /// Finishes the calls, unless they are to be carried out again.
    private func carryOut(_ calls: [Call]) async -> Result<Void, any Error> {
        let waited = calls.first.map { $0.arrived.duration(to: .now) } ?? .zero
        switch await carryOut(calls.map(\.input), waited) {
        case .success(let outputs):
            for (call, output) in zip(calls, outputs) { call.finish(.success(output)) }
            return .success(())
        case .failure(let error):
            if calls.count == 1 || !Self.isOfOneCall(error) {
                for call in calls { call.finish(.failure(StoreError(postgreSQL: error))) }
            }
            return .failure(error)
        }
    }

    /// Whether it may be one call's own failure: the server did not like what was in it.
    private static func isOfOneCall(_ error: any Error) -> Bool {
        (error as? PostgreSQLFailure).map { $0.kind == .statement } ?? true
    }

    private func takeWaiting() -> [Call]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isRunning = false
                return nil
            }
            var weight = 0
            let count = state.waiting.prefix(Self.callsPerBatch).prefix { call in
                weight += call.weight
                return weight <= weightLimit
            }.count
            let calls = Array(state.waiting.prefix(max(1, count)))
            state.waiting.removeFirst(calls.count)
            return calls
        }
    }
}
