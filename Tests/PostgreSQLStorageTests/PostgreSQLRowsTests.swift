import Foundation
import PostgreSQLTestSupport
import StoreConformance
import StoreContracts
import StoreSupport
import Testing
import WebhookModel

@testable import PostgreSQLClient

@Suite("Rows of a PostgreSQL statement", .postgreSQL)
struct PostgreSQLRowsTests {
    private static let rows = 2000

    @Test("Rows are read by the task that asked, also after their connection did other work")
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
                            let read = try rows.decoded { (try $0.int(0), try $0.text(1)) }
                            #expect(read.count == Self.rows)
                            #expect(read.allSatisfy { $1 == "row \($0 + Int64(list))" })
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// Reads the first row of a statement.
    private func reading(_ sql: String, _ read: (PostgreSQLRow) throws -> Void) async throws {
        var rows: PostgreSQLRows?
        try await withSchema { location in
            rows = try await PostgreSQLLane(location, name: "test").run { try $0.run(sql) }
        }
        try read(try #require(rows?.first))
    }

    /// Expects that `read` finds a column of the first row damaged.
    private func expectDamage(_ text: String, in sql: String, _ read: (PostgreSQLRow) throws -> Void) async throws {
        try await reading(sql) { row in
            do {
                try read(row)
                Issue.record("no error: \(text)")
            } catch {
                #expect("\(error)" == "\(StoreError.corrupt(text))")
            }
        }
    }

    @Test("A null where there must be a value is an error that names the column")
    func null() async throws {
        let reads: [(PostgreSQLRow) throws -> Void] = [
            { _ = try $0.int(0) }, { _ = try $0.int32(0) }, { _ = try $0.count(0) }, { _ = try $0.bool(0) },
            { _ = try $0.timestamp(0) }, { _ = try $0.text(0) }, { _ = try $0.bytes(0) },
        ]
        for read in reads {
            let text = "the column due holds null instead of a value"
            try await expectDamage(text, in: "SELECT NULL::int8 AS due", read)
        }
        try await expectDamage("the column owner holds no GUID", in: "SELECT NULL::uuid AS owner") { row in
            _ = try row.uuid(0)
        }
    }

    @Test("A null where there may be one is read as none")
    func optional() async throws {
        try await reading("SELECT NULL::int8, NULL::text, NULL::bytea") { row in
            #expect(row.optionalInt(0) == nil)
            let time = try row.optionalTimestamp(0)
            #expect(time == nil)
            #expect(row.optionalText(1) == nil)
            let json: [Int]? = try row.json(1)
            #expect(json == nil)
            #expect(row.optionalBytes(2) == nil)
        }
    }

    @Test("A number that does not fit is an error that names the column")
    func tooLarge() async throws {
        let text = "the column id holds a number that is too large"
        try await expectDamage(text, in: "SELECT 2147483648::int8 AS id") { row in _ = try row.int32(0) }
    }

    @Test("Values of every size and sign are read as they stand")
    func values() async throws {
        try await reading(
            """
            SELECT (-2)::int2, 70000::int4, (-9223372036854775807 - 1)::int8, true, false, ''::text, 'k\u{F6}'::text,
                '\\x00ff'::bytea, '00000000-0000-0000-0000-00000000002a'::uuid
            """
        ) { row in
            let numbers = [try row.int(0), try row.int(1), try row.int(2)]
            #expect(numbers == [-2, 70_000, .min])
            let flags = [try row.bool(3), try row.bool(4)]
            #expect(flags == [true, false])
            let texts = [try row.text(5), try row.text(6)]
            #expect(texts == ["", "k\u{F6}"])
            let bytes = try row.bytes(7)
            #expect(bytes == [0, 255])
            let id = try row.uuid(8)
            #expect(id == UUID(uuidString: "00000000-0000-0000-0000-00000000002A"))
        }
    }
}
