import Foundation
package import Logging
import PostgreSQLClient
import PostgreSQLStorage
import SQLiteStorage
package import StoreContracts
import StoreSupport

/// Copies an installation from one SQL store to another: webhooks with their counters, events, what is pending, parked
/// or failed, attempts and sessions. Ids stay, so that what was noted of a delivery still finds it.
package enum StoreCopy {
    /// Rows that are held at a time.
    private static let rowsPerStep = 200

    /// Copies everything in one transaction of the target, which is as it was when that fails. A store
    /// that a process serves is refused.
    ///
    /// - Parameters:
    ///   - overwriting: Whether a target that is not empty is emptied first; else it is refused.
    ///   - logger: Is told when a store has to wait.
    /// - Returns: How many rows of each table were copied.
    package static func run(
        from source: StoreLocation,
        to target: StoreLocation,
        overwriting: Bool,
        logger: Logger
    ) async throws(StoreError) -> [(table: String, rows: Int)] {
        // Both databases block.
        try await onOwnThread { () throws(StoreError) in
            try copy(from: source, to: target, overwriting: overwriting, logger: logger)
        }
    }

    private static func copy(
        from source: StoreLocation,
        to target: StoreLocation,
        overwriting: Bool,
        logger: Logger
    ) throws(StoreError) -> [(table: String, rows: Int)] {
        do {
            let source = try open(source, isSource: true, logger: logger)
            let target = try open(target, isSource: false, logger: logger)
            var copied: [(table: String, rows: Int)] = []
            try source.reading {
                try target.writing { target in
                    if try !target.isEmpty() {
                        guard overwriting else { throw StoreError.inUse("the target is not empty") }
                        try target.clear()
                    }
                    for table in StoreTable.all {
                        var count = 0
                        var last: [StoredValue]?
                        while true {
                            let rows = try source.rows(of: table, after: last, limit: rowsPerStep)
                            guard let end = rows.last else { break }
                            try target.append(rows, to: table)
                            count += rows.count
                            last = Array(end.prefix(table.keyColumns))
                        }
                        copied.append((table.name, count))
                    }
                    try target.setLastNumbers(source.lastNumbers())
                }
            }
            return copied
        } catch {
            throw (error as? PostgreSQLError).map { StoreError(postgreSQL: $0) } ?? StoreError(sqlite: error)
        }
    }

    private static func open(
        _ location: StoreLocation,
        isSource: Bool,
        logger: Logger
    ) throws -> any CopyDatabase {
        switch location {
        case .memory: throw StoreError.unavailable("memory: holds nothing that could be copied")
        case .sqlite(let path):
            guard !isSource || FileManager.default.fileExists(atPath: path) else {
                throw StoreError.unavailable("\(path): there is no such file")
            }
            return try SQLiteCopyDatabase(path: path)
        case .postgreSQL(let location): return try PostgreSQLCopyDatabase(location, logger: logger)
        }
    }
}
