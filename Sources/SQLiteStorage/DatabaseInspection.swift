import Foundation
import GRDB
import Logging
import StoreContracts

/// Looks at a database file before it is used, and changes nothing in it.
enum DatabaseInspection {
    /// Marks this program's databases (SQLite's `application_id`): "whkS".
    static let applicationID: Int32 = 0x7768_6B53

    /// Refuses what is no database, another program's, or damaged.
    ///
    /// - Parameter checkedBytes: A file that is larger is not searched for damage.
    static func run(_ path: String, size: Int, checkedBytes: Int) throws(StoreError) {
        // A file without a byte is a database without a table.
        guard size > 0 else { return }
        do {
            let queue = try connection(path)
            try queue.read { database in
                try checkOwner(of: path, database)
                guard size <= checkedBytes, let damage = try damage(database) else { return }
                throw DatabaseHealth.damaged(path, damage)
            }
            try queue.close()
        } catch {
            throw explained(error, path)
        }
    }

    /// A connection that can only read.
    static func connection(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = "sqlite-inspection"
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    /// What is wrong in the whole file, first of all; nil when nothing is. Reads every page.
    static func damage(_ database: Database) throws -> String? {
        let found = try String.fetchOne(database, sql: "PRAGMA quick_check(1)") ?? "no answer"
        guard found != "ok" else { return nil }
        return found.replacingOccurrences(of: "*** in database main ***\n", with: "")
            .replacingOccurrences(of: "\n", with: " ")
    }

    /// An error of opening a file, with what it means.
    static func explained(_ error: any Error, _ path: String) -> StoreError {
        guard let error = error as? DatabaseError else { return StoreError(sqlite: error) }
        return switch error.resultCode {
        case .SQLITE_NOTADB: .unavailable("\(path) is no SQLite database; name another file")
        case .SQLITE_CORRUPT: DatabaseHealth.damaged(path, error.description)
        case .SQLITE_BUSY: .inUse("another program has \(path) open and locked")
        default: .unavailable("\(path): \(error.description)")
        }
    }

    /// Versions before the mark are known by their tables.
    private static func checkOwner(of path: String, _ database: Database) throws {
        let mark = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let tables = try Set(String.fetchAll(database, sql: "SELECT name FROM sqlite_master WHERE type = 'table'"))
        let ours: Set = [
            "grdb_migrations", "webhook", "webhook_event", "webhook_usage", "event", "delivery", "attempt",
        ]
        switch mark {
        case applicationID: return
        case 0 where tables.isEmpty || tables.isSuperset(of: ours): return
        default:
            let what = tables.isEmpty ? "" : ", with the tables \(tables.sorted().prefix(5).joined(separator: ", "))"
            throw StoreError.unavailable("\(path) is another program's database\(what); name another file")
        }
    }
}

/// Searches a large database for damage while it is in use. The search ends with this object.
final class BackgroundCheck: Sendable {
    private let connection: DatabaseQueue

    /// Starts to search the file at `path`, on a thread of its own.
    init(path: String, size: Int, health: DatabaseHealth, logger: Logger) throws {
        let connection = try DatabaseInspection.connection(path)
        self.connection = connection
        logger.notice(
            "the database is searched for damage while it is in use",
            metadata: ["file": "\(path)", "megabytes": "\(size >> 20)"]
        )
        // Reading a large file blocks for long.
        Thread.detachNewThread {
            let clock = ContinuousClock()
            let begun = clock.now
            do {
                let damage = try connection.read { try DatabaseInspection.damage($0) }
                guard let damage else {
                    let seconds = Int((clock.now - begun) / .seconds(1))
                    return logger.notice("the database is in order", metadata: ["seconds": "\(seconds)"])
                }
                health.note(damage: damage)
                logger.critical("\(DatabaseHealth.damaged(path, damage))")
            } catch let error as DatabaseError where error.resultCode == .SQLITE_INTERRUPT {
                // The store was closed.
            } catch {
                logger.critical("\(health.note(error))")
            }
        }
    }

    deinit {
        connection.interrupt()
    }
}
