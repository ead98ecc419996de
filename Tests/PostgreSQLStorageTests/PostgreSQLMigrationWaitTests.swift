import PostgreSQLTestSupport
import ServiceLifecycleTestKit
import StoreConformance
import StoreContracts
import TestSupport
import Testing

@testable import PostgreSQLClient
@testable import PostgreSQLInstallation
@testable import PostgreSQLStorage

@Suite("Waiting for another process that migrates a PostgreSQL schema", .postgreSQL, .timeLimit(.minutes(10)))
struct PostgreSQLMigrationWaitTests {
    private static let line = "notice waiting for another process that makes or migrates the schema"

    /// Gives `body` a connection that holds what a process holds that migrates the schema.
    private static func withMigration(
        _ body: (PostgreSQLConnection, PostgreSQLLocation) async throws -> Void
    ) async throws {
        try await withSchema { location in
            let other = try PostgreSQLConnection(location)
            try other.execute("SELECT pg_advisory_lock(\(PostgreSQLLock.migration), hashtext(current_schema()))")
            try await body(other, location)
        }
    }

    @Test("Opening a store says once that it waits, and goes on when the other process has ended")
    func told() async throws {
        try await Self.withMigration { other, location in
            let lines = LogLines()
            let opening = Task { try await PostgreSQLStore(location, logger: lines.logger) }
            try await eventually("the log says that opening waits") { lines.all.contains(Self.line) }
            try other.execute("SELECT pg_advisory_unlock_all()")
            let store = try await opening.value
            _ = try await store.add(Sample.webhook())
            #expect(lines.all.filter { $0 == Self.line }.count == 1)
            await store.close()
        }
    }

    @Test("Opening a store that is cancelled ends the wait")
    func cancellation() async throws {
        try await Self.withMigration { _, location in
            let lines = LogLines()
            let opening = Task { try await PostgreSQLStore(location, logger: lines.logger) }
            try await eventually("the log says that opening waits") { lines.all.contains(Self.line) }
            opening.cancel()
            let error = await #expect(throws: StoreError.self) { try await opening.value }
            #expect(error?.description.contains("the service stops") == true)
        }
    }

    @Test("Opening a store ends the wait on graceful shutdown")
    func gracefulShutdown() async throws {
        try await Self.withMigration { _, location in
            let lines = LogLines()
            try await testGracefulShutdown { trigger in
                let opening = Task { try await PostgreSQLStore(location, logger: lines.logger) }
                try await eventually("the log says that opening waits") { lines.all.contains(Self.line) }
                trigger.triggerGracefulShutdown()
                let error = await #expect(throws: StoreError.self) { try await opening.value }
                #expect(error?.description.contains("the service stops") == true)
            }
        }
    }
}
