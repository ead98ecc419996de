import Foundation
import GRDB
import GRDBSQLite
import StoreContracts
import StoreSupport

/// A prepared statement whose values are bound one by one. GRDB copies them into an array of its own first, which costs more
/// than a small row does.
///
/// GRDB does not see what such a statement changes, so it must not change `webhook`, whose changes are observed.
struct BoundStatement {
    private let statement: Statement
    private var handle: SQLiteStatement { statement.sqliteStatement }

    /// Prepares a statement, or takes the one that was prepared before.
    init(_ sql: String, _ database: Database) throws {
        statement = try database.cachedStatement(sql: sql)
    }

    /// Binds a number to a place, from 1.
    func bind(_ value: Int64, at place: Int32) { sqlite3_bind_int64(handle, place, value) }

    /// Binds bytes to a place, from 1.
    func bind(_ value: [UInt8], at place: Int32) {
        value.withUnsafeBytes { bytes in
            // An empty array may have no address, for which SQLite binds null.
            _ = sqlite3_bind_blob(handle, place, bytes.baseAddress ?? Self.nothing, Int32(bytes.count), Self.copied)
        }
    }

    /// Binds text to a place, from 1; nil for null.
    func bind(_ value: String?, at place: Int32) {
        guard var value else {
            sqlite3_bind_null(handle, place)
            return
        }
        value.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { text in
                let start = text.baseAddress ?? Self.nothing.assumingMemoryBound(to: CChar.self)
                _ = sqlite3_bind_text(handle, place, start, Int32(text.count), Self.copied)
            }
        }
    }

    /// Binds a number to a place, from 1; nil for null.
    func bind(_ value: Int64?, at place: Int32) {
        if let value { bind(value, at: place) } else { sqlite3_bind_null(handle, place) }
    }

    /// Carries the statement out once; it returns no rows. Throws `DatabaseError`.
    func run() throws {
        try finish(sqlite3_step(handle))
    }

    /// Carries the statement out once, and reads its rows. Throws `DatabaseError`, and what `read` throws.
    func rows<Value>(_ read: (BoundRow) throws -> Value) throws -> [Value] {
        var values: [Value] = []
        var code = sqlite3_step(handle)
        do {
            while code == SQLITE_ROW {
                values.append(try read(BoundRow(handle)))
                code = sqlite3_step(handle)
            }
        } catch {
            sqlite3_reset(handle)
            sqlite3_clear_bindings(handle)
            throw error
        }
        try finish(code)
        return values
    }

    private func finish(_ code: Int32) throws {
        let message = code == SQLITE_DONE ? nil : String(cString: sqlite3_errmsg(sqlite3_db_handle(handle)))
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
        guard code == SQLITE_DONE else {
            throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message, sql: statement.sql)
        }
    }

    /// Tells SQLite to copy what is bound.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    /// An address for what is empty. Nobody reads or writes there, so that threads share it.
    private static nonisolated(unsafe) let nothing = UnsafeRawPointer(
        UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)
    )
}

/// The row that a ``BoundStatement`` is at; its columns are read by their places, from 0.
struct BoundRow: StoreRow {
    private let handle: SQLiteStatement

    fileprivate init(_ handle: SQLiteStatement) { self.handle = handle }

    func name(of column: Int) -> String { String(cString: sqlite3_column_name(handle, Int32(column))) }

    /// Whether the column holds a value of a kind. Throws ``StoreError/corrupt(_:)`` when it holds one of another kind.
    private func holds(_ kind: Int32, _ word: String, _ column: Int) throws(StoreError) -> Bool {
        switch sqlite3_column_type(handle, Int32(column)) {
        case SQLITE_NULL: return false
        case kind: return true
        default: throw damaged(column, "no \(word)")
        }
    }

    func optionalInt(_ column: Int) throws(StoreError) -> Int64? {
        try holds(SQLITE_INTEGER, "number", column) ? sqlite3_column_int64(handle, Int32(column)) : nil
    }

    func optionalText(_ column: Int) throws(StoreError) -> String? {
        guard try holds(SQLITE_TEXT, "text", column), let text = sqlite3_column_text(handle, Int32(column)) else {
            return nil
        }
        let bytes = UnsafeBufferPointer(start: text, count: Int(sqlite3_column_bytes(handle, Int32(column))))
        return String(decoding: bytes, as: UTF8.self)
    }

    func optionalBytes(_ column: Int) throws(StoreError) -> [UInt8]? {
        guard try holds(SQLITE_BLOB, "bytes", column) else { return nil }
        guard let start = sqlite3_column_blob(handle, Int32(column)) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, Int32(column)))))
    }

    /// The bytes of several columns, one after the other.
    func bytes(of columns: ClosedRange<Int>) throws(StoreError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(columns.reduce(0) { $0 + Int(sqlite3_column_bytes(handle, Int32($1))) })
        for column in columns {
            guard try holds(SQLITE_BLOB, "bytes", column) else { throw damaged(column, "null instead of a value") }
            guard let start = sqlite3_column_blob(handle, Int32(column)) else { continue }
            let count = Int(sqlite3_column_bytes(handle, Int32(column)))
            bytes.append(contentsOf: UnsafeRawBufferPointer(start: start, count: count))
        }
        return bytes
    }

    func uuid(_ column: Int) throws(StoreError) -> UUID {
        guard let id = UUID(uuidString: try text(column)) else { throw damaged(column, "no GUID") }
        return id
    }
}
