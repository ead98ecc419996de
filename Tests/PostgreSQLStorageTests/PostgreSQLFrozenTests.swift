import AgentCore
import PostgreSQLTestSupport
import StoreConformance
import StoreContracts
import TestSupport
import Testing

@testable import PostgreSQLClient
@testable import PostgreSQLInstallation
@testable import PostgreSQLStorage

@Suite("A PostgreSQL connection that nobody waits for any more", .postgreSQL, .timeLimit(.minutes(10)))
struct PostgreSQLFrozenTests {
    @Test("A process that is frozen in a transaction holds nobody up")
    func frozen() async throws {
        try await withSchema { location in
            let store = try await PostgreSQLStore(location, logger: .silent)
            _ = try await store.add(Sample.webhook())
            let frozen = try PostgreSQLConnection(location)
            try frozen.run([.begin, PostgreSQLLock.ownWebhooks])
            #expect(try await store.signal(Sample.event()) == 1)
            #expect(throws: PostgreSQLError.self) { try frozen.run("SELECT 1") }
        }
    }

    @Test("What is given up on is cancelled in the server before its connection is closed")
    func cancelled() async throws {
        try await withSchema { location in
            let connection = try PostgreSQLConnection(location)
            try connection.execute("SET statement_timeout = 0")
            connection.answerLimit = .milliseconds(100)
            #expect(throws: PostgreSQLError.self) { try connection.execute("SELECT pg_sleep(600)") }
            let lane = PostgreSQLLane(location, name: "test", planning: .custom)
            let sleeping = """
                SELECT 1 FROM pg_stat_activity
                WHERE application_name = current_schema() AND state = 'active' AND pid <> pg_backend_pid()
                """
            try await eventually("The server has cancelled the statement", every: .milliseconds(20)) {
                try await lane.run { try $0.run(sleeping).isEmpty }
            }
            #expect(!connection.isOpen)
        }
    }
}
