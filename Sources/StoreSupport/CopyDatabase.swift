/// A database that is copied from or to. Every call blocks.
package protocol CopyDatabase {
    /// Calls `body`, in which all that is read is of one state.
    func reading(_ body: () throws -> Void) throws

    /// Calls `body` in a transaction.
    func writing(_ body: (any CopyWriter) throws -> Void) throws

    /// The rows that come after a key, in its order; the values are the table's columns.
    func rows(of table: StoreTable, after key: [StoredValue]?, limit: Int) throws -> [[StoredValue]]

    /// The highest id that each of ``StoreTable/numbered`` has given away.
    func lastNumbers() throws -> [String: Int64]
}

/// A database that is being written.
package protocol CopyWriter {
    func isEmpty() throws -> Bool
    func clear() throws
    func append(_ rows: [[StoredValue]], to table: StoreTable) throws
    func setLastNumbers(_ numbers: [String: Int64]) throws
}
