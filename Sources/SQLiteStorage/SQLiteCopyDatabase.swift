import Foundation
import GRDB
package import StoreContracts
package import StoreSupport

/// A SQLite file, which nobody else has open.
package struct SQLiteCopyDatabase: CopyDatabase {
    private let store: SQLiteStore

    /// Opens the file, and makes it where there is none. Throws when a process serves the file.
    package init(path: String) throws(StoreError) {
        store = try SQLiteStore(path: path)
    }

    package func reading(_ body: () throws -> Void) throws { try body() }

    package func writing(_ body: (any CopyWriter) throws -> Void) throws {
        try store.pool.write { try body(SQLiteCopyWriter(database: $0)) }
    }

    package func rows(of table: StoreTable, after key: [StoredValue]?, limit: Int) throws -> [[StoredValue]] {
        let columns = table.columns.map { $0.source ?? $0.name }.joined(separator: ", ")
        let names = table.columns.prefix(table.keyColumns).map(\.name).joined(separator: ", ")
        let marks = table.columns.prefix(table.keyColumns).map { _ in "?" }.joined(separator: ", ")
        let condition = key == nil ? "" : "WHERE (\(names)) > (\(marks))"
        return try store.pool.read { database in
            let sql = "SELECT \(columns) FROM \(table.name) \(condition) ORDER BY \(names) LIMIT ?"
            let arguments = (key ?? []).map(\.databaseValue) + [limit.databaseValue]
            return try Row.fetchAll(database, sql: sql, arguments: StatementArguments(arguments))
                .map { row in row.databaseValues.map(StoredValue.init) }
        }
    }

    package func lastNumbers() throws -> [String: Int64] {
        try store.pool.read { database in
            let rows = try Row.fetchAll(database, sql: "SELECT name, seq FROM sqlite_sequence")
            return Dictionary(uniqueKeysWithValues: rows.map { ($0[0], $0[1]) })
                .filter { StoreTable.numbered.contains($0.key) }
        }
    }
}

private struct SQLiteCopyWriter: CopyWriter {
    let database: Database

    func isEmpty() throws -> Bool {
        try StoreTable.all.allSatisfy { table in
            try Row.fetchOne(database, sql: "SELECT 1 FROM \(table.name) LIMIT 1") == nil
        }
    }

    func clear() throws {
        for table in StoreTable.all { try database.execute(sql: "DELETE FROM \(table.name)") }
    }

    func append(_ rows: [[StoredValue]], to table: StoreTable) throws {
        let (columns, marks) = (table.columns.sqlList, table.columns.sqlMarks)
        let statement = try database.cachedStatement(sql: "INSERT INTO \(table.name) (\(columns)) VALUES (\(marks))")
        for row in rows { try statement.execute(arguments: StatementArguments(row.map(\.databaseValue))) }
    }

    func setLastNumbers(_ numbers: [String: Int64]) throws {
        for (table, number) in numbers {
            try database.execute(sql: "DELETE FROM sqlite_sequence WHERE name = ?", arguments: [table])
            try database.execute(
                sql: """
                    INSERT INTO sqlite_sequence (name, seq)
                    SELECT ?, max(?, coalesce((SELECT max(id) FROM \(table)), 0))
                    """,
                arguments: [table, number]
            )
        }
    }
}

extension StoredValue {
    fileprivate init(_ value: DatabaseValue) {
        switch value.storage {
        case .null: self = .null
        case .int64(let value): self = .int(value)
        case .double(let value): self = .int(Int64(value))
        case .string(let value): self = .text(value)
        case .blob(let value): self = .bytes(Array(value))
        }
    }
}
