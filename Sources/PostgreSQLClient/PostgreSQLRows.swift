import CLibPQ
package import Foundation
package import StoreContracts
import StoreSupport

/// The rows that a statement returned, in PostgreSQL's binary format.
///
/// Any thread may read them, also after their connection has gone on: libpq does not change a result that it has handed out
/// ("Behavior in Threaded Programs"), and neither does this class. Therefore the class is Sendable.
package final class PostgreSQLRows: RandomAccessCollection, @unchecked Sendable {
    private let result: OpaquePointer

    /// Takes the result over.
    init(_ result: OpaquePointer) {
        self.result = result
    }

    deinit {
        PQclear(result)
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { Int(PQntuples(result)) }
    package subscript(index: Int) -> PostgreSQLRow { PostgreSQLRow(rows: self, index: Int32(index)) }

    /// How many rows a statement without rows of its own has changed.
    package var changes: Int { Int(String(cString: PQcmdTuples(result))) ?? 0 }

    /// `COMMIT`, `INSERT 0 1`.
    var command: String { String(cString: PQcmdStatus(result)) }

    fileprivate func name(of column: Int) -> String {
        PQfname(result, Int32(column)).map { String(cString: $0) } ?? "\(column)"
    }

    fileprivate func bytes(_ row: Int32, _ column: Int) -> UnsafeRawBufferPointer? {
        guard PQgetisnull(result, row, Int32(column)) == 0, let start = PQgetvalue(result, row, Int32(column)) else {
            return nil
        }
        return UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(result, row, Int32(column))))
    }
}

extension PostgreSQLLane {
    /// Returns the rows of a statement that only reads. The calling task decodes them, so that long lists hold up neither the
    /// connection nor its thread.
    package func list<Value>(
        _ sql: String,
        _ values: [PostgreSQLValue],
        as decode: (PostgreSQLRow) throws -> Value
    ) async throws(StoreError) -> [Value] {
        let rows = try await run(isRepeatable: true) { try $0.run(sql, values) }
        return try rows.decoded(as: decode)
    }
}

extension PostgreSQLRows {
    /// Returns what `decode` makes of each row.
    package func decoded<Value>(as decode: (PostgreSQLRow) throws -> Value) throws(StoreError) -> [Value] {
        do {
            return try map(decode)
        } catch {
            throw StoreError(postgreSQL: error)
        }
    }
}

/// One row. A column is read as the type that its statement returns.
package struct PostgreSQLRow: StoreRow {
    fileprivate let rows: PostgreSQLRows
    fileprivate let index: Int32

    package func name(of column: Int) -> String { rows.name(of: column) }

    package func optionalInt(_ column: Int) -> Int64? {
        rows.bytes(index, column).map { bytes in
            let isNegative = (bytes.first ?? 0) >= 0x80
            return bytes.reduce(isNegative ? -1 : 0) { $0 << 8 | Int64($1) }
        }
    }

    package func optionalText(_ column: Int) -> String? {
        rows.bytes(index, column).map { String(decoding: $0, as: UTF8.self) }
    }

    package func optionalBytes(_ column: Int) -> [UInt8]? { rows.bytes(index, column).map { Array($0) } }

    package func uuid(_ column: Int) throws(StoreError) -> UUID {
        guard let bytes = rows.bytes(index, column), bytes.count == 16 else { throw damaged(column, "no GUID") }
        return UUID(uuid: bytes.loadUnaligned(as: uuid_t.self))
    }
}
