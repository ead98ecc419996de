import Foundation
import Logging
import PostgreSQLTestSupport
import ServiceLifecycle
import ServiceLifecycleTestKit
import StoreConformance
import StoreContracts
import StoreSupport
import TestSupport
import Testing

@testable import PostgreSQLClient
@testable import PostgreSQLStorage

@Suite("Closing a PostgreSQL store", .postgreSQL, .timeLimit(.minutes(5)))
struct PostgreSQLClosingTests {
    /// How many connections the server has from the processes of a schema, which name themselves after it.
    private func connections(of location: PostgreSQLLocation) async throws -> Int64 {
        let lane = PostgreSQLLane(location, name: "test", planning: .custom)
        return try await lane.run { connection in
            try connection.run(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE application_name = current_setting('application_name') AND pid <> pg_backend_pid()
                """
            )[0].int(0)
        }
    }

    /// Waits until the server has noticed that all connections are closed.
    private func expectNoConnections(of location: PostgreSQLLocation) async throws {
        try await eventually("The server has no connection of the store", every: .milliseconds(50)) {
            try await connections(of: location) == 0
        }
    }

    private func expectClosed(_ store: PostgreSQLStore) async throws {
        #expect(store.tasks.count == 0)
        #expect(store.lanes.named.allSatisfy { $0.value.threadCount == 0 })
        func fails(_ call: () async throws -> Void) async {
            do {
                try await call()
                Issue.record("a call succeeded on a store that is closed")
            } catch {
                #expect("\(error)" == "\(StoreError.closed)")
            }
        }
        await fails { _ = try await store.signal(Sample.event()) }
        await fails { _ = try await store.webhook(id: 1, in: Sample.scope) }
        await fails { _ = try await store.allWebhooks(after: 0, limit: 1) }
        await fails {
            _ = try await store.claim(
                ClaimLimits(total: 1),
                for: Lease(owner: Sample.owner, start: Sample.start, duration: Sample.lease)
            )
        }
        await fails { _ = try await store.counts() }
        await fails { _ = try await store.pruneSessions(usedBefore: Sample.start, limit: 1) }
        await fails { try await store.checkHealth() }
    }

    @Test("No connection, thread or task is left, and calls are refused")
    func closes() async throws {
        try await withSchema { location in
            let store = try await PostgreSQLStore(location, logger: .silent)
            _ = try await store.add(Sample.webhook())
            #expect(try await store.signal(Sample.event()) == 1)
            #expect(try await connections(of: location) >= Int64(PostgreSQLOpening.connectionCount))
            await store.close()
            try await expectClosed(store)
            try await expectNoConnections(of: location)
            // What was there is there again.
            let next = try await PostgreSQLStore(location, logger: .silent)
            #expect(try await next.names() == ["Sample"])
            await next.close()
            await next.close()
        }
    }

    @Test("Graceful shutdown ends the service, and closes the store")
    func service() async throws {
        try await withSchema { location in
            let store = try await PostgreSQLStore(location, logger: .silent)
            try await testGracefulShutdown { trigger in
                let serving = Task { try await store.run() }
                #expect(try await store.signal(Sample.event()) == 0)
                trigger.triggerGracefulShutdown()
                try await serving.value
            }
            try await expectClosed(store)
            try await expectNoConnections(of: location)
        }
    }

    @Test("A task that is canceled closes the store")
    func cancellation() async throws {
        try await withSchema { location in
            let store = try await PostgreSQLStore(location, logger: .silent)
            let serving = Task { try await store.run() }
            serving.cancel()
            try await serving.value
            try await expectClosed(store)
        }
    }

    @Test("A long statement of the upkeep is broken off, and the calls that wait behind it are refused")
    func breaksOff() async throws {
        try await withSchema { location in
            let store = try await PostgreSQLStore(location, logger: .silent)
            let upkeep = store.lanes.upkeep
            let (begun, begin) = AsyncStream<Void>.makeStream()
            // One for each of the lane's connections.
            let statements = (0..<PostgreSQLLanes.Kind.upkeep.connections).map { _ in
                Task {
                    try await upkeep.run { connection in
                        connection.answerLimit = .seconds(600)
                        try connection.execute("SET statement_timeout = 0")
                        begin.yield()
                        try connection.execute("SELECT pg_sleep(600)")
                    }
                }
            }
            var count = 0
            for await _ in begun {
                count += 1
                if count == statements.count { break }
            }
            let waiting = Task { try await upkeep.run { _ in } }
            try await eventually("A call waits behind the statements of the upkeep") { upkeep.waiting > 0 }
            await store.close()
            for call in statements + [waiting] {
                await #expect { try await call.value } throws: { "\($0)" == "\(StoreError.closed)" }
            }
            try await expectNoConnections(of: location)
        }
    }

    @Test("Events that wait when the store is closed are taken in")
    func takesIn() async throws {
        try await withSchema { location in
            // After its first round, no job of the watch stands in the lane.
            let watched = PostgreSQLWatch.Settings(interval: .seconds(3600))
            let store = try await PostgreSQLStore(location, watched: watched, logger: .silent)
            _ = try await store.add(Sample.webhook())
            let (held, hold) = AsyncStream<Void>.makeStream()
            let barrier = Barrier(arrivals: 1)
            let holding = Task {
                try await store.lanes.signals.run { _ in
                    hold.yield()
                    barrier.wait()
                }
            }
            for await _ in held { break }
            let event = Task { try await store.signal(Sample.event()) }
            try await eventually("An event waits in the lane") { store.lanes.signals.waiting > 0 }
            let closing = Task { await store.close(within: .seconds(60)) }
            try await eventually("The store starts no more tasks") { store.tasks.isClosed }
            barrier.arrive()
            try await holding.value
            #expect(try await event.value == 1)
            await closing.value
            try await expectClosed(store)
        }
    }
}
