import Foundation
import Logging
import PostgreSQLTestSupport
import StoreConformance
import StoreContracts
import Testing
import WebhookModel

@testable import PostgreSQLClient
@testable import PostgreSQLStorage

@Suite("The age of the oldest snapshot")
struct PostgreSQLSnapshotsTests {
    @Test("A snapshot begins when its transaction is no longer the next one")
    func age() {
        let snapshots = PostgreSQLSnapshots(logger: .silent)
        let start = ContinuousClock.now
        func observe(_ next: Int64, _ oldest: Int64, _ seconds: Int) -> Duration {
            snapshots.observe(next: next, oldest: oldest, at: start.advanced(by: .seconds(seconds)))
        }
        #expect(observe(100, 100, 0) == .zero)
        #expect(observe(100, 100, 60) == .zero)
        #expect(observe(105, 100, 120) == .zero)
        #expect(observe(110, 100, 150) == .seconds(30))
        #expect(observe(200, 100, 3720) == .seconds(3600))
        #expect(observe(300, 200, 3780) == .zero)
        #expect(observe(300, 90, 3840) == .seconds(3840), "older than all that is known: at least so long")
        #expect(observe(7, 6, 3900) == .zero, "another server's")
        #expect(observe(8, 6, 3960) == .seconds(60))
    }

    @Test("The age of a snapshot is known up to a week, and is a week beyond")
    func many() {
        let snapshots = PostgreSQLSnapshots(logger: .silent)
        let start = ContinuousClock.now
        var age = Duration.zero
        for minute in 0...11_000 {
            let now = start.advanced(by: .seconds(minute * 60))
            age = snapshots.observe(next: Int64(minute), oldest: 500, at: now)
            if minute == 10_000 { #expect(age == .seconds((10_000 - 501) * 60)) }
        }
        #expect(age == .seconds(10_079 * 60))
    }

    @Test("A role without rights sees another's snapshot, and is told once what it cannot see", .postgreSQL)
    func rights() async throws {
        try await withSchema { location in
            _ = try await PostgreSQLStore(location, logger: .silent)
            try await withRole(location) { role, own in
                let (lines, admin) = (LogLines(), PostgreSQLLane(location, name: "test", planning: .custom))
                let snapshots = PostgreSQLSnapshots(logger: lines.logger)
                let holder = try PostgreSQLConnection(location)
                try holder.execute(
                    "SET idle_in_transaction_session_timeout = 0; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1"
                )
                for _ in 0..<20 { try await admin.run { try $0.execute("SELECT pg_current_xact_id()") } }
                let lane = PostgreSQLLane(own, name: "test", planning: .custom)
                func transactions() async throws -> Double {
                    let measurements = try await lane.run { try snapshots.measurements($0) }
                    return measurements.first { $0.quantity == .oldestSnapshotTransactions }?.value ?? -1
                }
                #expect(try await transactions() >= 20)
                #expect(try await transactions() >= 20)
                #expect(lines.all.filter { $0.contains("pg_monitor") }.count == 1)
                try holder.execute("COMMIT")
            }
        }
    }
}
