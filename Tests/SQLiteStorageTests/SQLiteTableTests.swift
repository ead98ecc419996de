import GRDB
import StoreSupport
import Testing

@testable import SQLiteStorage

@Suite("Columns of a SQLite store")
struct SQLiteTableTests {
    @Test("A new SQLite file has the columns that are listed, and no others", arguments: StoreTable.all.map(\.name))
    func sqlite(_ name: String) throws {
        let database = try DatabaseQueue()
        try Schema.migrator.migrate(database)
        let found = try database.read { try $0.columns(in: name).map(\.name) }
        let table = try #require(StoreTable.all.first { $0.name == name })
        var others = Set(StoreTable.uncopied[name] ?? [])
        others.remove("version")
        #expect(Set(found) == Set(table.columns.names).union(others))
    }

    @Test("SQLite has no tables of its own that are not listed")
    func tables() throws {
        let database = try DatabaseQueue()
        try Schema.migrator.migrate(database)
        let found = try database.read { database in
            try String.fetchAll(database, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
        }
        let ours = found.filter { !$0.hasPrefix("sqlite_") && !$0.hasPrefix("grdb_") }
        #expect(Set(ours) == Set(StoreTable.all.map(\.name)))
    }
}
