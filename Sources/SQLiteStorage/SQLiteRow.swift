import Foundation
import GRDB
import StoreContracts
import StoreSupport

/// A row of a SQLite database. GRDB itself ends the process when a value is not what is asked for.
struct SQLiteRow: StoreRow {
    private let row: Row
    /// The columns by their places; nil when these are the statement's.
    private let columns: [String]?

    /// Reads the columns in the order in which the statement names them.
    init(_ row: Row) {
        self.row = row
        columns = nil
    }

    /// Reads the columns of these names.
    init(_ row: Row, _ columns: [String]) {
        (self.row, self.columns) = (row, columns)
    }

    func name(of column: Int) -> String { columns?[column] ?? Array(row.columnNames)[column] }

    private func value(_ column: Int) throws(StoreError) -> DatabaseValue {
        guard let columns else { return row[column] }
        guard let value = try? row.decode(DatabaseValue.self, forColumn: columns[column]) else {
            throw damaged(column, "nothing")
        }
        return value
    }

    private func value<Value: DatabaseValueConvertible>(_ column: Int, _ kind: String) throws(StoreError) -> Value? {
        let stored = try value(column)
        guard !stored.isNull else { return nil }
        guard let value = Value.fromDatabaseValue(stored) else { throw damaged(column, "no \(kind)") }
        return value
    }

    func optionalInt(_ column: Int) throws(StoreError) -> Int64? { try value(column, "number") }
    func optionalText(_ column: Int) throws(StoreError) -> String? { try value(column, "text") }

    func optionalBytes(_ column: Int) throws(StoreError) -> [UInt8]? {
        (try value(column, "bytes") as Data?).map { Array($0) }
    }

    func uuid(_ column: Int) throws(StoreError) -> UUID {
        guard let id = UUID(uuidString: try text(column)) else { throw damaged(column, "no GUID") }
        return id
    }
}

extension StoredValue {
    var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .int(let value): value.databaseValue
        case .text(let value): value.databaseValue
        case .bytes(let value): Data(value).databaseValue
        }
    }
}

extension [StoreTable.Column] {
    /// A parameter for each column.
    var sqlMarks: String { map { _ in "?" }.joined(separator: ", ") }
}
