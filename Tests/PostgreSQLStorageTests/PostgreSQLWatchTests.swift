import Foundation
import Logging
import PostgreSQLTestSupport
import StoreConformance
import StoreContracts
import StoreSupport
import Synchronization
import TestSupport
import Testing
import WebhookModel

@testable import PostgreSQLClient
@testable import PostgreSQLStorage

@Suite("The watch of a PostgreSQL store", .postgreSQL, .timeLimit(.minutes(5)))
struct PostgreSQLWatchTests {
    /// Sees soon what goes wrong. On a machine that is busy it may also see what does not, hence tests only wait for what
    /// it must come to say.
    private static let close = PostgreSQLWatch.Settings(
        interval: .milliseconds(50),
        limit: .seconds(1),
        silentLimit: .seconds(1),
        patience: .milliseconds(300)
    )

    /// How long the tests wait for what the watch must come to say.
    private static let patience = Duration.seconds(90)

    /// A store that a role without rights of its own uses, and a lane of the administrator's in the same schema.
    private func withStore(
        _ settings: PostgreSQLWatch.Settings = close,
        logger: Logger = .silent,
        _ body: (PostgreSQLStore, PostgreSQLLane, _ role: String) async throws -> Void
    ) async throws {
        try await withSchema { location in
            let admin = PostgreSQLLane(location, name: "test", planning: .custom)
            try await withRole(location) { role, own in
                try await admin.run { connection in
                    let schema = try connection.run("SELECT current_schema()::text")[0].text(0)
                    try connection.execute("GRANT ALL ON SCHEMA \(schema) TO \(role)")
                }
                let store = try await PostgreSQLStore(own, watched: settings, logger: logger)
                try await wait(for: store, ready: true)
                try await body(store, admin, role)
            }
        }
    }

    @discardableResult
    private func wait(for store: PostgreSQLStore, ready: Bool, telling text: String = "") async throws -> String {
        let deadline = ContinuousClock.now.advanced(by: Self.patience)
        var last = ""
        while ContinuousClock.now < deadline {
            do {
                try await store.checkHealth()
                last = "ready"
                if ready { return last }
            } catch {
                last = error.description
                if !ready, last.contains(text) { return last }
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        try #require(Bool(false), "it should have become \(ready ? "ready" : "unready: \(text)"), and is: \(last)")
        return last
    }

    private func cut(_ role: String, _ admin: PostgreSQLLane) async throws {
        try await admin.run {
            try $0.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '\(role)'")
        }
    }

    @Test(
        "A lock on any table makes the store unready until it is given back",
        arguments: StoreTable.all.map(\.name)
    )
    func lock(table: String) async throws {
        try await withStore { store, admin, _ in
            let isOver = Shared(false)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await admin.run { connection in
                        try connection.execute(
                            """
                            SET idle_in_transaction_session_timeout = 0; BEGIN;
                            SET LOCAL lock_timeout = '60s'; LOCK TABLE \(table) IN EXCLUSIVE MODE
                            """
                        )
                        while !isOver.value { Thread.sleep(forTimeInterval: 0.01) }
                    }
                }
                defer { isOver.value = true }
                try await wait(for: store, ready: false, telling: "lock timeout")
            }
            try await wait(for: store, ready: true)
        }
    }

    @Test(
        "A schema that somebody damaged makes the store unready until it is mended",
        arguments: [
            ("ALTER TABLE webhook RENAME TO hook", "ALTER TABLE hook RENAME TO webhook", "webhook"),
            ("ALTER TABLE session RENAME TO login", "ALTER TABLE login RENAME TO session", "session"),
            (
                "ALTER TABLE delivery RENAME COLUMN reason TO why", "ALTER TABLE delivery RENAME COLUMN why TO reason",
                "reason"
            ),
            ("ALTER TABLE webhook DROP COLUMN extras", "ALTER TABLE webhook ADD COLUMN extras text", "extras"),
        ]
    )
    func damage(change: String, mend: String, text: String) async throws {
        try await withStore { store, admin, _ in
            try await admin.run { try $0.execute(change) }
            try await wait(for: store, ready: false, telling: text)
            try await admin.run { try $0.execute(mend) }
            try await wait(for: store, ready: true)
        }
    }

    @Test(
        "Row security makes the store unready until it is disabled",
        arguments: ["webhook", "webhook_event", "attempt"]
    )
    func rowSecurity(table: String) async throws {
        try await withStore { store, admin, _ in
            _ = try await store.add(Sample.webhook())
            try await admin.run {
                try $0.execute(
                    """
                    ALTER TABLE \(table) ENABLE ROW LEVEL SECURITY; ALTER TABLE \(table) FORCE ROW LEVEL SECURITY;
                    CREATE POLICY none ON \(table) USING (false) WITH CHECK (true)
                    """
                )
            }
            try await wait(for: store, ready: false, telling: "row security hides rows of \(table)")
            try await admin.run { try $0.execute("ALTER TABLE \(table) DISABLE ROW LEVEL SECURITY") }
            try await wait(for: store, ready: true)
            #expect(try await store.signal(Sample.event()) == 1)
        }
    }

    @Test(
        "A database that takes no writes, or no connections, makes the store unready until it does",
        arguments: [
            ("SET default_transaction_read_only = on", "RESET default_transaction_read_only", "read-only"),
            ("CONNECTION LIMIT 0", "CONNECTION LIMIT -1", "too many connections"),
            ("NOLOGIN", "LOGIN", "not permitted to log in"),
        ]
    )
    func refusal(change: String, mend: String, text: String) async throws {
        try await withStore { store, admin, role in
            try await admin.run { try $0.execute("ALTER ROLE \(role) \(change)") }
            try await cut(role, admin)
            try await wait(for: store, ready: false, telling: text)
            try await admin.run { try $0.execute("ALTER ROLE \(role) \(mend)") }
            try await wait(for: store, ready: true)
        }
    }

    @Test(
        "A right that is taken away makes the store unready until it is given back",
        arguments: [
            "INSERT ON event", "INSERT ON delivery", "UPDATE ON delivery", "DELETE ON delivery", "INSERT ON attempt",
            "UPDATE ON webhook_usage", "INSERT ON session", "SELECT ON webhook",
        ]
    )
    func rights(right: String) async throws {
        try await withStore { store, admin, role in
            try await admin.run { try $0.execute("REVOKE \(right) FROM \(role)") }
            try await wait(for: store, ready: false, telling: "permission denied")
            try await admin.run { try $0.execute("GRANT \(right) TO \(role)") }
            try await wait(for: store, ready: true)
        }
    }

    @Test("A lane that hangs makes the store unready, and has one probe waiting")
    func hanging() async throws {
        try await withStore { store, _, _ in
            let isOver = Shared(false)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await store.lanes.claims.run { _ in
                        while !isOver.value { Thread.sleep(forTimeInterval: 0.01) }
                    }
                }
                defer { isOver.value = true }
                let text = try await wait(for: store, ready: false, telling: "claims since")
                #expect(text.contains("no answer"))
                try await Task.sleep(for: .milliseconds(500))
                #expect(store.lanes.claims.waiting <= 1)
            }
            try await wait(for: store, ready: true)
        }
    }

    @Test("A probe does not wait behind what waits")
    func urgent() async throws {
        try await withSchema { location in
            let lane = PostgreSQLLane(location, name: "test")
            let (hasBegun, isOver) = (Shared(false), Shared(false))
            let order = Shared<[String]>([])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = await lane.attempt { _ in
                        hasBegun.value = true
                        while !isOver.value { Thread.sleep(forTimeInterval: 0.01) }
                    }
                }
                // The first call holds its thread until then.
                defer { isOver.value = true }
                // The first runs; each of the others waits behind it before the next one comes.
                try await eventually("The first call runs") { hasBegun.value }
                for (count, name) in ["one", "two", "probe"].enumerated() {
                    group.addTask {
                        _ = await lane.attempt(isNext: name == "probe") { _ in order.value.append(name) }
                    }
                    try await eventually("The call \(name) waits") { lane.waiting > count }
                }
            }
            #expect(order.value == ["probe", "one", "two"])
        }
    }

    @Test("Leaves nothing behind that anybody sees")
    func unseen() async throws {
        try await withStore { store, admin, _ in
            let rows = try await admin.run { connection in
                try StoreTable.all.map(\.name).map { table in
                    try connection.run("SELECT count(*) FROM \(table)")[0].int(0)
                }
            }
            #expect(rows.allSatisfy { $0 == 0 }, "\(rows)")
            #expect(try await store.counts() == DeliveryCounts())
            #expect(try await store.deliveries(matching: DeliveryFilter(), after: nil, limit: 10).isEmpty)
        }
    }

    @Test("Clocks that differ much are logged once and make the store unready while they differ by too much")
    func skew() async throws {
        let seconds = Shared(0)
        let lines = LogLines()
        var settings = Self.close
        // Round trips take long on a machine that is busy.
        (settings.skewWarning, settings.skewLimit) = (.seconds(200), .seconds(1000))
        settings.now = { Timestamp(Date()).advanced(by: .seconds(seconds.value)) }
        try await withStore(settings, logger: lines.logger) { store, _, _ in
            seconds.value = -500
            try await eventually("The watch has measured a clock that is behind", within: Self.patience) {
                store.watch.clockSkew.map { $0 < .seconds(-400) } ?? false
            }
            try await store.checkHealth()
            let measurements = try await store.measurements()
            let skew = try #require(measurements.last { $0.quantity == .clockSkew })
            #expect(skew.value < -400)
            seconds.value = 5000
            try await wait(for: store, ready: false, telling: "ahead of the database's")
            seconds.value = 0
            try await wait(for: store, ready: true)
            try await eventually("Two lines of the log tell of clocks", within: Self.patience) {
                lines.ofClocks.count == 2
            }
            #expect(
                lines.ofClocks == [
                    "warning this machine's clock and the database's differ: set one of them",
                    "notice this machine's clock and the database's agree again",
                ]
            )
        }
    }
}

/// What a test and what it starts have in common.
private final class Shared<Value: Sendable>: Sendable {
    private let stored: Mutex<Value>

    init(_ value: Value) {
        stored = Mutex(value)
    }

    var value: Value {
        get { stored.withLock { $0 } }
        set { stored.withLock { $0 = newValue } }
    }
}

extension LogLines {
    fileprivate var ofClocks: [String] { all.filter { $0.contains("clock") } }
}
