import GRDB
import Testing

@testable import AgentStores

@Suite("Columns of the SQL stores")
struct StoreTableTests {
    /// The columns that a table has by the list, those of one database included.
    private func listed(_ table: StoreTable, in store: String) -> Set<String> {
        var others = Set(StoreTable.uncopied[table.name] ?? [])
        if store == "SQLite" { others.remove("version") }
        return Set(table.columns.names).union(others)
    }

    @Test("A new SQLite file has the columns that are listed, and no others", arguments: StoreTable.all.map(\.name))
    func sqlite(_ name: String) throws {
        let database = try DatabaseQueue()
        try Schema.migrator.migrate(database)
        let found = try database.read { try $0.columns(in: name).map(\.name) }
        let table = try #require(StoreTable.all.first { $0.name == name })
        #expect(Set(found) == listed(table, in: "SQLite"))
    }

    @Test("A new PostgreSQL schema has the columns that are listed, and no others", .postgreSQL)
    func postgreSQL() async throws {
        try await withStore { store in
            let columns = try await store.lanes.calls.run { connection in
                try connection.run(
                    """
                    SELECT k.relname::text, a.attname::text FROM pg_attribute a JOIN pg_class k ON k.oid = a.attrelid
                    WHERE k.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
                        AND a.attnum > 0 AND NOT a.attisdropped
                    """
                ).map { (try $0.text(0), try $0.text(1)) }
            }
            let found = Dictionary(grouping: columns, by: \.0).mapValues { Set($0.map(\.1)) }
            for table in StoreTable.all { #expect(found[table.name] == listed(table, in: "PostgreSQL")) }
        }
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
