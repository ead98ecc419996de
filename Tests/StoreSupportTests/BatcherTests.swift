import StoreConformance
import StoreContracts
import Synchronization
import TestSupport
import Testing
import WebhookModel

@testable import StoreSupport

@Suite("Batcher", .timeLimit(.minutes(5)))
struct BatcherTests {
    private typealias Numbers = Batcher<Int, Int>

    /// Puts calls into a batcher, whose executor the test drives itself.
    private final class Bench: Sendable {
        let batcher: Numbers
        private let started = Mutex(0)

        init(callsPerBatch: Int = 100, weightPerBatch: Int = .max, waitingCalls: Int = 100) {
            batcher = Batcher(
                callsPerBatch: callsPerBatch,
                weightPerBatch: weightPerBatch,
                waitingCalls: waitingCalls
            )
        }

        /// How often a call has started an executor.
        var starts: Int { started.withLock { $0 } }

        /// Adds a call, and returns when it waits.
        func add(_ input: Int, weight: Int = 1) async throws -> Task<Int, any Error> {
            let before = batcher.waiting
            let call = Task {
                try await self.batcher.call(input, weight: weight) { self.started.withLock { $0 += 1 } }
            }
            try await eventually("The call \(input) waits") { batcher.waiting > before }
            return call
        }

        func add(_ inputs: Range<Int>) async throws -> [Task<Int, any Error>] {
            var calls: [Task<Int, any Error>] = []
            for input in inputs { calls.append(try await add(input)) }
            return calls
        }

        /// Doubles every input. Returns the batches.
        func drain() -> [[Int]] {
            var batches: [[Int]] = []
            batcher.drain { batch in
                batches.append(batch.inputs)
                return .done(batch.inputs.map { $0 * 2 })
            }
            return batches
        }
    }

    /// The value of a call, or the text of its error.
    private func outcome(_ call: Task<Int, any Error>) async -> String {
        do { return "\(try await call.value)" } catch { return "\(error)" }
    }

    @Test("A batch holds all calls that wait, in the order in which they came, and each gets its own output")
    func batches() async throws {
        let bench = Bench()
        let calls = try await bench.add(0..<5)
        #expect(bench.starts == 1)
        #expect(bench.drain() == [[0, 1, 2, 3, 4]])
        for (index, call) in calls.enumerated() { #expect(try await call.value == index * 2) }
    }

    @Test("A batch holds at most as many calls as the limit says")
    func callLimit() async throws {
        let bench = Bench(callsPerBatch: 2)
        _ = try await bench.add(0..<5)
        #expect(bench.drain() == [[0, 1], [2, 3], [4]])
    }

    @Test("A batch weighs at most as much as the limit says, unless it is one call")
    func weightLimit() async throws {
        let bench = Bench(weightPerBatch: 10)
        for (input, weight) in [6, 4, 1, 11, 9, .max, .max].enumerated() {
            _ = try await bench.add(input, weight: weight)
        }
        #expect(bench.drain() == [[0, 1], [2], [3], [4], [5], [6]])
    }

    @Test("The first call after a rest starts an executor again")
    func startsAgain() async throws {
        let bench = Bench()
        for round in 1...3 {
            let call = try await bench.add(round)
            #expect(bench.starts == round)
            #expect(bench.drain() == [[round]])
            #expect(try await call.value == round * 2)
        }
    }

    @Test("A call that comes while a batch is carried out is in the next batch of the same executor")
    func comesMeanwhile() async throws {
        let bench = Bench()
        let first = try await bench.add(1)
        let second = Mutex<Task<Int, any Error>?>(nil)
        var batches: [[Int]] = []
        await bench.batcher.drain { batch in
            batches.append(batch.inputs)
            if batches.count == 1 {
                do {
                    let call = try await bench.add(2)
                    second.withLock { $0 = call }
                } catch {
                    Issue.record(error)
                }
            }
            return .done(batch.inputs)
        }
        #expect(batches == [[1], [2]])
        #expect(bench.starts == 1)
        #expect(try await first.value == 1)
        #expect(try await second.withLock { $0 }?.value == 2)
    }

    @Test("A call is refused when as many wait as may, and those that wait are carried out")
    func overload() async throws {
        let bench = Bench(waitingCalls: 3)
        let calls = try await bench.add(0..<3)
        let refused = Task { try await bench.batcher.call(3) { Issue.record("a refused call started an executor") } }
        #expect(await outcome(refused) == "\(StoreError.overloaded(waiting: 3))")
        #expect(bench.drain() == [[0, 1, 2]])
        for (index, call) in calls.enumerated() { #expect(await outcome(call) == "\(index * 2)") }
    }

    @Test("Calls for which a batch has no output fail, and the others succeed")
    func tooFewOutputs() async throws {
        let bench = Bench()
        let calls = try await bench.add(0..<3)
        bench.batcher.drain { _ in .done([7]) }
        #expect(await outcome(calls[0]) == "7")
        for call in calls[1...] { #expect(await outcome(call).contains("left no result")) }
    }

    @Test("Outputs for which there is no call are dropped")
    func tooManyOutputs() async throws {
        let bench = Bench()
        let call = try await bench.add(1)
        bench.batcher.drain { _ in .done([7, 8, 9]) }
        #expect(await outcome(call) == "7")
    }

    @Test("A failure of a whole batch fails each of its calls, and not the calls after them")
    func failure() async throws {
        let bench = Bench(callsPerBatch: 2)
        let calls = try await bench.add(0..<3)
        bench.batcher.drain { batch in
            batch.count == 2 ? .failed(.unavailable("gone")) : .done(batch.inputs)
        }
        for call in calls[..<2] { #expect(await outcome(call) == "\(StoreError.unavailable("gone"))") }
        #expect(await outcome(calls[2]) == "2")
    }

    @Test("The calls of a divided batch are carried out one by one, and one that fails then fails alone")
    func divided() async throws {
        let bench = Bench()
        let calls = try await bench.add(0..<4)
        var batches: [[Int]] = []
        bench.batcher.drain { batch in
            batches.append(batch.inputs)
            guard batch.count == 1 else { return .divided }
            return batch.inputs == [2] ? .failed(.corrupt("two")) : .done(batch.inputs)
        }
        #expect(batches == [[0, 1, 2, 3], [0], [1], [2], [3]])
        for (index, call) in calls.enumerated() {
            #expect(await outcome(call) == (index == 2 ? "\(StoreError.corrupt("two"))" : "\(index)"))
        }
    }

    @Test("One call that is divided fails")
    func dividedCall() async throws {
        let bench = Bench()
        let call = try await bench.add(1)
        bench.batcher.drain { _ in .divided }
        #expect(await outcome(call).contains("left no result"))
    }

    @Test("A closed batcher refuses calls, and is closed when those that wait have been carried out")
    func close() async throws {
        let bench = Bench()
        let waiting = try await bench.add(1)
        let isClosed = Mutex(false)
        let batcher = bench.batcher
        let closing = Task {
            await batcher.close()
            isClosed.withLock { $0 = true }
        }
        try await eventually("The batcher is closed for further calls") { batcher.isClosed }
        #expect(await outcome(Task { try await batcher.call(3) {} }) == "\(StoreError.closed)")
        #expect(!isClosed.withLock { $0 })
        _ = bench.drain()
        await closing.value
        #expect(await outcome(waiting) == "2")
    }

    @Test("A batcher at rest is closed at once")
    func closesAtRest() async {
        let bench = Bench()
        await bench.batcher.close()
        await bench.batcher.close()
        #expect(await outcome(Task { try await bench.batcher.call(1) {} }) == "\(StoreError.closed)")
    }

    @Test("Many concurrent calls each get their own output")
    func concurrency() async {
        let batcher = Numbers(callsPerBatch: 7)
        let sum = await withTaskGroup(of: Int.self) { group in
            for number in 0..<2_000 {
                group.addTask {
                    let output = try? await batcher.call(number) {
                        Task { batcher.drain { batch in .done(batch.inputs.map { $0 * 2 }) } }
                    }
                    #expect(output == number * 2)
                    return output ?? 0
                }
            }
            return await group.reduce(0, +)
        }
        #expect(sum == 2 * 1_999 * 1_000)
    }
}
