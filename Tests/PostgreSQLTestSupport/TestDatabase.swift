import Foundation
package import Logging
package import PostgreSQLClient
import PostgreSQLQueue
package import PostgreSQLStorage
package import Testing

/// The server that tests may use: `WEBHOOK_SVC_TEST_POSTGRES` is its location, in URL form; `Tests/postgres` starts one.
enum TestServer {
    static let url = ProcessInfo.processInfo.environment["WEBHOOK_SVC_TEST_POSTGRES"].flatMap { $0.isEmpty ? nil : $0 }

    /// In CI an absent server is a failure, elsewhere its tests are skipped.
    static let isExpected = url != nil || ProcessInfo.processInfo.environment["CI"] != nil

    struct Absent: Error, CustomStringConvertible {
        let description = "WEBHOOK_SVC_TEST_POSTGRES is not set: run the tests by Tests/postgres"
    }
}

extension Trait where Self == ConditionTrait {
    /// For what needs a PostgreSQL server.
    package static var postgreSQL: Self {
        .enabled(if: TestServer.isExpected, "needs a PostgreSQL server: run the tests by Tests/postgres")
    }
}

/// Lets so many tests at the server at once: all run in parallel, and each takes some of its connections.
private actor Places {
    static let all = Places()

    private var free = 6
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func take() async {
        if free > 0 { free -= 1 } else { await withCheckedContinuation { waiting.append($0) } }
    }

    func giveBack() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}

/// A schema that exists only during `body`, which is what an installation is to a store.
package func withSchema(_ body: (PostgreSQLLocation) async throws -> Void) async throws {
    await Places.all.take()
    do {
        try await withOwnSchema(body)
    } catch {
        await Places.all.giveBack()
        throw error
    }
    await Places.all.giveBack()
}

private func withOwnSchema(_ body: (PostgreSQLLocation) async throws -> Void) async throws {
    guard let url = TestServer.url else { throw TestServer.Absent() }
    let server = try #require(try PostgreSQLLocation(url))
    let schema = "test_" + UUID().uuidString.replacing("-", with: "").lowercased()
    let separator = url.contains("?") ? "&" : "?"
    let options = "application_name=\(schema)&options=-csearch_path%3D\(schema)"
    let location = try #require(try PostgreSQLLocation(url + separator + options))
    let lane = PostgreSQLLane(server, name: "test", planning: .custom)
    try await lane.run { try $0.execute("CREATE SCHEMA \(schema)") }
    do {
        try await body(location)
    } catch {
        try? await lane.run { try $0.execute("DROP SCHEMA \(schema) CASCADE") }
        throw error
    }
    try await lane.run { try $0.execute("DROP SCHEMA \(schema) CASCADE") }
}

/// A store on a schema of its own, whose leases end by the times that its callers tell.
package func withStore(_ body: (PostgreSQLStore) async throws -> Void) async throws {
    try await withSchema { location in
        let store = try await PostgreSQLStore(location, leaseClock: .caller, logger: .silent)
        do {
            try await body(store)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }
}

/// A role that owns nothing, as which `body` comes to the schema.
package func withRole(
    _ location: PostgreSQLLocation,
    _ attributes: String = "",
    _ body: (String, PostgreSQLLocation) async throws -> Void
) async throws {
    let role = "role_" + UUID().uuidString.replacing("-", with: "").lowercased()
    let admin = PostgreSQLLane(location, name: "test", planning: .custom)
    try await admin.run { try $0.execute("CREATE ROLE \(role) LOGIN \(attributes)") }
    func drop() async throws {
        try await admin.run { try $0.execute("DROP OWNED BY \(role) CASCADE; DROP ROLE \(role)") }
    }
    do {
        try await body(role, try #require(try PostgreSQLLocation(location.connectionString + "&user=\(role)")))
    } catch {
        try? await drop()
        throw error
    }
    try await drop()
}

extension Logger {
    package static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
