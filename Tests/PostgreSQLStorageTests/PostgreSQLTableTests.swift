import PostgreSQLClient
import PostgreSQLTestSupport
import StoreSupport
import Testing

@testable import PostgreSQLStorage

@Suite("Columns of a PostgreSQL store")
struct PostgreSQLTableTests {
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
            for table in StoreTable.all {
                #expect(found[table.name] == Set(table.columns.names + (StoreTable.uncopied[table.name] ?? [])))
            }
        }
    }
}
