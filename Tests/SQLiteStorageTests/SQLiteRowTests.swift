import Foundation
import GRDB
import StoreContracts
import StoreSupport
import Testing
import WebhookModel

@testable import SQLiteStorage

@Suite("Rows of a SQLite statement")
struct SQLiteRowTests {
    private func fetch(_ sql: String) throws -> Row {
        try DatabaseQueue().read { database in try #require(try Row.fetchOne(database, sql: sql)) }
    }

    /// Expects that `body` finds a column damaged.
    private func expectDamage(_ text: String, _ body: () throws -> Void) {
        do {
            try body()
            Issue.record("no error: \(text)")
        } catch {
            #expect("\(error)" == "\(StoreError.corrupt(text))")
        }
    }

    @Test("A null where there must be a value is an error that names the column")
    func null() throws {
        let row = SQLiteRow(try fetch("SELECT 1 AS id, NULL AS due"))
        let reads: [() throws -> Void] = [
            { _ = try row.int(1) }, { _ = try row.int32(1) }, { _ = try row.count(1) }, { _ = try row.bool(1) },
            { _ = try row.timestamp(1) }, { _ = try row.text(1) }, { _ = try row.bytes(1) }, { _ = try row.uuid(1) },
        ]
        for read in reads { expectDamage("the column due holds null instead of a value", read) }
        let (number, time) = (try row.optionalInt(1), try row.optionalTimestamp(1))
        #expect(number == nil && time == nil)
        let (text, bytes) = (try row.optionalText(1), try row.optionalBytes(1))
        #expect(text == nil && bytes == nil)
        let json: [Int]? = try row.json(1)
        #expect(json == nil)
    }

    @Test("A value of another type is an error, and does not end the process")
    func otherType() throws {
        let row = SQLiteRow(try fetch("SELECT 'x' AS due, 5000000000 AS id, 'x' AS guid"))
        expectDamage("the column due holds no number") { _ = try row.int(0) }
        expectDamage("the column id holds a number that is too large") { _ = try row.int32(1) }
        expectDamage("the column guid holds no GUID") { _ = try row.uuid(2) }
    }

    @Test("Columns are read by name where names are given, in any order of the statement's")
    func names() throws {
        let columns = ["id", "tenant", "name", "absent"]
        let row = SQLiteRow(try fetch("SELECT NULL AS name, 'a' AS tenant, 7 AS id"), columns)
        let (id, tenant, name) = (try row.int32(0), try row.text(1), try row.optionalText(2))
        #expect(id == 7 && tenant == "a" && name == nil)
        expectDamage("the column absent holds nothing") { _ = try row.optionalInt(3) }
    }

    @Test("A webhook whose state is missing is an error that names the column")
    func webhook() throws {
        let columns = WebhookRow.read.map { $0.name == "id" ? "7 AS id" : "NULL AS \($0.name)" }
        let row = try fetch("SELECT " + columns.joined(separator: ", "))
        expectDamage("the column state holds null instead of a value") { _ = try WebhookRow.webhook(row) }
    }
}
