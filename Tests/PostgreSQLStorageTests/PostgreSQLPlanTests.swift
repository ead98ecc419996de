import Foundation
import PostgreSQLTestSupport
import StoreConformance
import StoreContracts
import StoreSupport
import Testing
import WebhookModel

@testable import PostgreSQLClient
@testable import PostgreSQLQueue
@testable import PostgreSQLStorage

@Suite("Plans of PostgreSQL statements", .postgreSQL, .timeLimit(.minutes(5)))
struct PostgreSQLPlanTests {
    private static let hotStatements: [(name: String, sql: String)] = [
        ("signal", PostgreSQLSignals.statement), ("sweep", PostgreSQLStore.sweepStatement),
        ("waiting", PostgreSQLStore.waitingStatement), ("claim", PostgreSQLStore.claimStatement),
        ("lock usage", PostgreSQLResults.lockUsage), ("delivered", PostgreSQLDeliveredBatch.statement),
        ("webhooks of results", PostgreSQLResultBatch.webhooksStatement), ("held", PostgreSQLResultBatch.heldStatement),
        ("gone", PostgreSQLResultBatch.goneStatement), ("kept", PostgreSQLResultBatch.keptStatement),
        ("logged", PostgreSQLResultBatch.loggedStatement), ("counted", PostgreSQLResultBatch.countedStatement),
        ("orphans", PostgreSQLStore.orphanStatement),
    ]

    /// Those that are planned anew for what is bound. There is nothing missed here, so that any index would do for that.
    private static let upkeepStatements: [(name: String, sql: String)] =
        [settling("park", .park, .pending), settling("resume", .resume, .parked)]
        + [DeliveryRowState.pending, .parked].map { settling("end", .end(reason: ""), $0) }

    private static func settling(
        _ name: String,
        _ change: DeliveryChange,
        _ state: DeliveryRowState
    ) -> (name: String, sql: String) {
        ("\(name) \(state)", PostgreSQLSettling.statement(change, of: state))
    }

    /// A million pending deliveries of a hundred webhooks.
    private static let fill = """
        INSERT INTO webhook (tenant, target_url, target, state, is_deliverable, body_suffix, registered, updated)
        SELECT 'Default', 'https://t' || n, 'https://t' || n, 1, true, '', 0, 0 FROM generate_series(1, 100) n;
        INSERT INTO webhook_event SELECT 'Default', 'e' || id % 20, id FROM webhook;
        INSERT INTO webhook_usage (webhook_id) SELECT id FROM webhook;
        INSERT INTO event (created, guid, tenant, name, name_key, body_head, body_tail)
        SELECT n, gen_random_uuid(), 'Default', 'e', 'e', '', '' FROM generate_series(1, 10000) n;
        INSERT INTO delivery (event_id, due, fence, webhook_id, attempts, state, body_suffix)
        SELECT e.id, e.created, 0, w.id, 0, 0, '' FROM event e CROSS JOIN webhook w;
        INSERT INTO attempt (event_id, started, duration, webhook_id, retry, url, summary, answer)
        SELECT e.id, (extract(epoch FROM now()) * 1e7)::int8, 0, n, 0, '', '', '' FROM event e, generate_series(1, 10) n;
        ANALYZE;
        """

    /// - Parameter value: What is bound to each parameter.
    private static func plan(_ sql: String, _ value: String, _ connection: PostgreSQLConnection) throws -> [String] {
        let count = sql.matches(of: #/\$([0-9]+)/#).compactMap { Int($0.1) }.max() ?? 0
        try connection.execute("PREPARE planned AS \(sql)")
        defer { try? connection.execute("DEALLOCATE planned") }
        let values = count == 0 ? "" : "(" + Array(repeating: value, count: count).joined(separator: ", ") + ")"
        return try connection.run([.init("EXPLAIN (COSTS off) EXECUTE planned\(values)", isPrepared: false)])[0]
            .map { try $0.text(0) }
    }

    private static func plans(
        _ statements: [(name: String, sql: String)],
        binding value: String,
        on lane: PostgreSQLLane
    ) async throws -> [(name: String, plan: [String])] {
        try await lane.run { connection in try statements.map { ($0.name, try plan($0.sql, value, connection)) } }
    }

    /// Every index that a plan scans, with whether a condition leads into it.
    private static func problems(_ plan: [String]) -> [String] {
        plan.enumerated().compactMap { number, line in
            if line.contains("Seq Scan on") { return line }
            guard line.contains("Index"), line.contains("Scan"), line.contains(" on "), !line.contains("Bitmap Heap")
            else { return nil }
            let next = plan.dropFirst(number + 1).first ?? ""
            return next.contains("Index Cond") ? nil : line + " without a condition"
        }
    }

    @Test("What is asked now and then is planned anew each time: the server keeps no plan of an empty table")
    func customPlans() async throws {
        try await withSchema { location in
            let lane = PostgreSQLLane(location, name: "test", planning: .custom)
            let kept = try await lane.run { connection in
                for id in 0..<10 { _ = try connection.run("SELECT $1::int8 + 1", [.int(id)]) }
                let plans = PostgreSQLConnection.Call(
                    "SELECT coalesce(sum(generic_plans), -1)::int8 FROM pg_prepared_statements",
                    isPrepared: false
                )
                return try connection.run([plans])[0][0].int(0)
            }
            #expect(kept == 0)
        }
    }

    @Test("Hot statements go through indexes, on a million deliveries and on a queue just drained")
    func hot() async throws {
        try await withSchema { location in
            let store = try await PostgreSQLStore(location, logger: .silent)
            // What is drained is there still for whoever scans the table: nothing has been vacuumed.
            for change in [Self.fill, "UPDATE delivery SET state = 1; ANALYZE"] {
                try await store.lanes.calls.run { connection in
                    // A million rows take long on a machine that is busy.
                    connection.answerLimit = nil
                    try connection.execute("SET statement_timeout = 0")
                    try connection.execute(change)
                }
                let lane = PostgreSQLLane(location, name: "plans")
                let upkeep = PostgreSQLLane(location, name: "plans", planning: .custom)
                let plans =
                    try await Self.plans(Self.hotStatements, binding: "NULL", on: lane)
                    + Self.plans(Self.upkeepStatements, binding: "'7'", on: upkeep)
                for (name, plan) in plans {
                    let problems = Self.problems(plan)
                    #expect(problems.isEmpty, "\(name): \(problems)\n\(plan.joined(separator: "\n"))")
                    if ["sweep", "waiting", "claim", "park pending", "end pending"].contains(name) {
                        #expect(plan.contains { $0.contains("delivery_queue") }, "\(name)")
                    }
                    // The newest version is the first that is found, not the last of many.
                    if ["sweep", "waiting", "lock usage", "delivered", "webhooks of results"].contains(name) {
                        let index = "Index Scan Backward using webhook_usage_pkey"
                        #expect(plan.contains { $0.contains(index) }, "\(name)")
                    }
                }
            }
        }
    }
}
