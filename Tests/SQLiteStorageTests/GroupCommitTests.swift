import GRDB
import StoreConformance
import StoreContracts
import Synchronization
import Testing

@testable import SQLiteStorage

@Suite("Group commit", .timeLimit(.minutes(5)))
struct GroupCommitTests {
    private let database: DatabaseQueue
    private let commits: GroupCommit

    init() throws {
        database = try DatabaseQueue()
        try database.write { try $0.execute(sql: "CREATE TABLE item (id INTEGER PRIMARY KEY)") }
        commits = GroupCommit(writer: database)
    }

    /// Begins a call that keeps the writer until the barrier opens; returns once it does.
    private func holdWriter(until barrier: Barrier) async -> Task<Void, any Error> {
        let (begun, begin) = AsyncStream<Void>.makeStream()
        let held = Task {
            try await commits.write { _ in
                begin.yield()
                barrier.wait()
            }
        }
        for await _ in begun { break }
        return held
    }

    private func items() async throws -> [Int] {
        try await database.read { try Int.fetchAll($0, sql: "SELECT id FROM item ORDER BY id") }
    }

    @Test("A call that fails in a shared commit fails alone")
    func failsAlone() async throws {
        let calls = 256
        let barrier = Barrier(arrivals: calls)
        let runs = Tally()
        let held = await holdWriter(until: barrier)
        let outcomes = await withTaskGroup(of: (Int, StoreError?).self) { group in
            for call in 0..<calls {
                group.addTask {
                    barrier.arrive()
                    do throws(StoreError) {
                        let value = try await commits.write { database in
                            runs.add()
                            try database.execute(sql: "INSERT INTO item VALUES (?)", arguments: [call])
                            if call % 16 == 0 { throw StoreError.corrupt("call \(call)") }
                            return call
                        }
                        #expect(value == call)
                        return (call, nil)
                    } catch {
                        return (call, error)
                    }
                }
            }
            return await group.reduce(into: [Int: StoreError?]()) { $0[$1.0] = $1.1 }
        }
        try await held.value
        for call in 0..<calls {
            let error = outcomes[call] ?? nil
            #expect(error?.description == (call % 16 == 0 ? StoreError.corrupt("call \(call)").description : nil))
        }
        #expect(try await items() == (0..<calls).filter { $0 % 16 != 0 })
        // Calls did share a commit: they were carried out once with a failing one, and once without.
        #expect(runs.count > calls)
    }

    @Test("A statement that the database refuses fails its call alone")
    func refusedStatement() async throws {
        let barrier = Barrier(arrivals: 64)
        let held = await holdWriter(until: barrier)
        let counted = await withTaskGroup(of: Bool.self) { group in
            for call in 0..<64 {
                group.addTask {
                    barrier.arrive()
                    // Each id twice: whichever comes second violates the key.
                    let done: Void? = try? await commits.write { database in
                        try database.execute(sql: "INSERT INTO item VALUES (?)", arguments: [call / 2])
                    }
                    return done != nil
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        try await held.value
        #expect(counted == 32)
        #expect(try await items() == Array(0..<32))
    }

    @Test("A failed call does not stop those after it")
    func goesOn() async throws {
        for call in 0..<4 {
            await #expect(throws: StoreError.self) {
                try await commits.write { database in
                    try database.execute(sql: "INSERT INTO item VALUES (?)", arguments: [call])
                    throw StoreError.corrupt("undone")
                }
            }
            try await commits.write { try $0.execute(sql: "INSERT INTO item VALUES (?)", arguments: [call + 100]) }
        }
        #expect(try await items() == [100, 101, 102, 103])
    }

    @Test("Calls beyond those that may wait are refused, and those that wait are carried out")
    func overload() async throws {
        let waiting = 16_384
        let barrier = Barrier(arrivals: 1)
        let runs = Tally()
        let held = await holdWriter(until: barrier)
        let refusals = await withTaskGroup(of: StoreError?.self) { group in
            for _ in 0..<waiting + 3 {
                group.addTask {
                    do throws(StoreError) {
                        try await commits.write { _ in runs.add() }
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            var refusals: [StoreError] = []
            for await case let error? in group {
                refusals.append(error)
                // Nobody else can have ended: the writer is held.
                if refusals.count == 3 { barrier.arrive() }
            }
            return refusals
        }
        try await held.value
        #expect(refusals.map(\.kind) == ["overloaded", "overloaded", "overloaded"])
        #expect(refusals.first?.description == StoreError.overloaded(waiting: waiting).description)
        #expect(runs.count == waiting)
    }
}

private final class Tally: Sendable {
    private let number = Mutex(0)

    var count: Int { number.withLock { $0 } }

    func add() {
        number.withLock { $0 += 1 }
    }
}
