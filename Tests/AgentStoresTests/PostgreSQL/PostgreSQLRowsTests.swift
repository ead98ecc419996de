import AgentCore
import Foundation
import Testing

@testable import AgentStores

@Suite("Rows of a PostgreSQL statement", .postgreSQL)
struct PostgreSQLRowsTests {
    private static let rows = 2000

    @Test("Are read by the task that asked, while and after their connection does other things")
    func elsewhere() async throws {
        try await withSchema { location in
            let kept: [PostgreSQLRows]
            do {
                let lane = PostgreSQLLane(location, name: "test")
                var lists: [PostgreSQLRows] = []
                for list in 0..<4 {
                    lists.append(
                        try await lane.run { connection in
                            try connection.run(
                                "SELECT i, 'row ' || i + $1::int8 FROM generate_series(1, $2::int8) AS s (i)",
                                [.int(list), .int(Self.rows)]
                            )
                        }
                    )
                }
                kept = lists
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (list, rows) in kept.enumerated() {
                    for _ in 0..<2 {
                        group.addTask {
                            let read = try rows.decoded { ($0.int(0), $0.text(1)) }
                            #expect(read.count == Self.rows)
                            #expect(read.allSatisfy { $1 == "row \($0 + Int64(list))" })
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
