package import Logging
package import PostgreSQLClient
import PostgreSQLInstallation
import PostgreSQLQueue
import StoreContracts
package import StoreSupport

/// A PostgreSQL database, on a connection of its own.
package struct PostgreSQLCopyDatabase: CopyDatabase, CopyWriter {
    private let connection: PostgreSQLConnection

    /// Opens the database, and makes or migrates its schema. Throws when a process serves the database.
    ///
    /// - Parameter logger: Is told when the migration has to wait.
    package init(_ location: PostgreSQLLocation, logger: Logger) throws {
        let connection = try PostgreSQLConnection(location)
        try PostgreSQLPooling.check(connection, of: location)
        try PostgreSQLMigration.run(connection, logger: logger)
        _ = try? PostgreSQLPartitions.makeAhead(connection)
        // The connection holds the lock until it is closed. The source is locked, too: events that a service takes in after
        // the moment of the copy would be lost with the old store.
        let lock = "pg_try_advisory_lock(\(PostgreSQLLock.serving), 'webhook'::regclass::oid::int4)"
        guard try connection.run("SELECT \(lock)")[0].bool(0) else {
            throw StoreError.inUse("a process serves \(location.display), or copies from or to it; stop it first")
        }
        // The other store is read or written between the statements of a transaction.
        try connection.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
        connection.answerLimit = nil
        self.connection = connection
    }

    package func reading(_ body: () throws -> Void) throws {
        try connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        defer { try? connection.rollBack() }
        try body()
    }

    package func writing(_ body: (any CopyWriter) throws -> Void) throws {
        do {
            try connection.run([.begin, PostgreSQLLock.ownWebhooks])
            try body(self)
            try connection.run([.commit])
        } catch {
            try? connection.rollBack()
            throw error
        }
    }

    package func rows(of table: StoreTable, after key: [StoredValue]?, limit: Int) throws -> [[StoredValue]] {
        let columns = table.columns.map { column in
            let source = column.source ?? column.name
            return switch column.kind {
            case .int: "(\(source))::int8"
            case .guid: "upper(\(source)::text)"
            case .flag: "\(source)::int4::int8"
            case .text, .bytes: source
            }
        }
        let keys = table.columns.prefix(table.keyColumns)
        let names = keys.map(\.name).joined(separator: ", ")
        let parameters = keys.enumerated().map { "$\($0.offset + 1)::\($0.element.kind.parameterType)" }
            .joined(separator: ", ")
        return try connection.run(
            """
            SELECT \(columns.joined(separator: ", ")) FROM \(table.name)
            \(key == nil ? "" : "WHERE (\(names)) > (\(parameters))")
            ORDER BY \(names) LIMIT $\((key?.count ?? 0) + 1)::int8
            """,
            (key ?? []).map(\.parameter) + [.int(limit)]
        ).map { row in table.columns.indices.map { row.storedValue($0, table.columns[$0].kind) } }
    }

    package func lastNumbers() throws -> [String: Int64] {
        var numbers: [String: Int64] = [:]
        for table in StoreTable.numbered {
            let row = try connection.run("SELECT CASE WHEN is_called THEN last_value END FROM \(table)_id_seq")[0]
            numbers[table] = row.optionalInt(0)
        }
        return numbers
    }

    // MARK: CopyWriter

    package func isEmpty() throws -> Bool {
        try StoreTable.all.allSatisfy { try connection.run("SELECT 1 FROM \($0.name) LIMIT 1").isEmpty }
    }

    package func clear() throws {
        try connection.execute("TRUNCATE \(StoreTable.all.map(\.name).joined(separator: ", "))")
    }

    package func append(_ rows: [[StoredValue]], to table: StoreTable) throws {
        let names = table.columns.sqlList
        let values = table.columns.map { column in
            switch column.kind {
            case .guid: "\(column.name)::uuid"
            case .flag: "\(column.name) = 1"
            case .int, .text, .bytes: column.name
            }
        }
        try connection.run(
            """
            INSERT INTO \(table.name) (\(names)) SELECT \(values.joined(separator: ", "))
            FROM unnest(\(table.columns.arrayParameters(from: 1))) AS i (\(names))
            """,
            table.columns.enumerated().map { index, column in column.kind.parameter(rows.map { $0[index] }) }
        )
    }

    package func setLastNumbers(_ numbers: [String: Int64]) throws {
        for (table, number) in numbers {
            _ = try connection.run(
                "SELECT setval('\(table)_id_seq', greatest($1::int8, (SELECT coalesce(max(id), 1) FROM \(table))))",
                [.int(number)]
            )
        }
    }
}

extension StoreTable.Kind {
    fileprivate func parameter(_ values: [StoredValue]) -> PostgreSQLValue {
        switch self {
        case .int, .flag: .ints(values.map { if case .int(let value) = $0 { value } else { nil } })
        // SQLite keeps a NUL in a text, PostgreSQL does not.
        case .text, .guid:
            .texts(values.map { if case .text(let value) = $0 { AttemptColumns.text(value) } else { nil } })
        case .bytes: .blobs(values.map { if case .bytes(let value) = $0 { value } else { nil } })
        }
    }
}

extension StoredValue {
    fileprivate var parameter: PostgreSQLValue {
        switch self {
        case .null: .text(nil)
        case .int(let value): .int(value)
        case .text(let value): .text(value)
        case .bytes(let value): .bytes(value)
        }
    }
}

extension PostgreSQLRow {
    fileprivate func storedValue(_ column: Int, _ kind: StoreTable.Kind) -> StoredValue {
        switch kind {
        case .int, .flag: optionalInt(column).map(StoredValue.int) ?? .null
        case .text, .guid: optionalText(column).map(StoredValue.text) ?? .null
        case .bytes: optionalBytes(column).map(StoredValue.bytes) ?? .null
        }
    }
}
