import StoreContracts
import StoreSupport
import Synchronization
import TestSupport
import Testing

@testable import PostgreSQLClient

@Suite("Batches of calls to PostgreSQL", .timeLimit(.minutes(5)))
struct CallBatchesTests {
    /// Carries a first call out when it is told to, and fails every batch after it.
    private static func batches(
        after failure: any Error
    ) async throws -> (sizes: [Int], outcomes: [Result<Int, StoreError>]) {
        let (opened, gate) = AsyncStream<Void>.makeStream()
        let sizes = Mutex<[Int]>([])
        let batches = CallBatches<Int, Int>(weightLimit: 100) { inputs, _ in
            sizes.withLock { $0.append(inputs.count) }
            guard inputs == [0] else { return .failure(failure) }
            for await _ in opened { break }
            return .success([0])
        }
        let call: @Sendable (Int) async -> Result<Int, StoreError> = { input in
            do throws(StoreError) {
                return .success(try await batches.call(input, weight: 1))
            } catch {
                return .failure(error)
            }
        }
        let first = Task { await call(0) }
        try await eventually("The first batch is being carried out") { sizes.withLock { !$0.isEmpty } }
        let others = [Task { await call(1) }, Task { await call(2) }]
        try await eventually("Two calls wait") { batches.waiting == 2 }
        gate.yield()
        var outcomes = [await first.value]
        for other in others { outcomes.append(await other.value) }
        return (sizes.withLock { $0 }, outcomes)
    }

    @Test(
        "A batch that may have been carried out, or that a closed store refuses, is not sent again call by call",
        arguments: [
            PostgreSQLError(.lost, "the connection broke"), PostgreSQLError(.unreachable, "nobody answers"),
            StoreError.closed, StoreError.overloaded(waiting: 1),
        ] as [any Error]
    )
    func together(failure: any Error) async throws {
        let (sizes, outcomes) = try await Self.batches(after: failure)
        #expect(sizes == [1, 2])
        #expect(outcomes.map { (try? $0.get()) == nil } == [false, true, true])
    }

    @Test(
        "A batch that may have failed because of one of its calls is sent again call by call",
        arguments: [PostgreSQLError(.statement, "a value is too long"), StoreError.corrupt("no such state")]
            as [any Error]
    )
    func divided(failure: any Error) async throws {
        let (sizes, outcomes) = try await Self.batches(after: failure)
        #expect(sizes == [1, 2, 1, 1])
        #expect(outcomes.map { (try? $0.get()) == nil } == [false, true, true])
    }
}
