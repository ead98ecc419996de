package import Logging
import MemoryStorage
package import PostgreSQLClient
import PostgreSQLStorage
import SQLiteStorage
package import StoreContracts

/// Where a store is, as `--store` names it.
package enum StoreLocation: Sendable, Hashable {
    /// Nothing outlives the process; for tests and trials.
    case memory
    /// One SQLite file, served by one process.
    case sqlite(path: String)
    /// One PostgreSQL database, served by any number of processes.
    case postgreSQL(PostgreSQLLocation)

    /// What is wrong with a text that should be a location, in words that follow the name of the setting.
    package struct ParseError: Error, CustomStringConvertible {
        package let description: String

        init(_ description: String) { self.description = description }
    }

    /// Reads `memory:`, `sqlite:PATH` or what ``PostgreSQLLocation`` reads.
    package init(_ text: String) throws(ParseError) {
        if text == "memory:" {
            self = .memory
        } else if text.hasPrefix("sqlite:"), text.count > 7 {
            self = .sqlite(path: String(text.dropFirst(7)))
        } else if let location = try Self.postgreSQL(text) {
            self = .postgreSQL(location)
        } else {
            let shown = text.contains("@") || text.contains("password") ? "its value" : "'\(text)'"
            throw ParseError("\(shown) is not \(Self.forms)")
        }
    }

    private static func postgreSQL(_ text: String) throws(ParseError) -> PostgreSQLLocation? {
        do throws(PostgreSQLLocation.ParseError) {
            return try PostgreSQLLocation(text)
        } catch {
            throw ParseError(error.description)
        }
    }

    /// The forms that are understood, for messages.
    package static let forms = "sqlite:PATH, postgres://USER:PASSWORD@HOST/DATABASE or memory:"

    /// The location as a log may show it, without passwords.
    package var display: String {
        switch self {
        case .memory: "memory:"
        case .sqlite(let path): "sqlite:" + path
        case .postgreSQL(let location): location.display
        }
    }

    /// What keeps it, as `GetSystemInfo` names it.
    package var databaseType: String {
        switch self {
        case .memory: "Memory"
        case .sqlite: "SQLite"
        case .postgreSQL: "PostgreSQL"
        }
    }

    /// Opens the store, makes or migrates its schema, and takes hold of it.
    ///
    /// - Returns: The store, and what closes it when nobody works with it any more. The stores that have no threads of
    ///   their own end with their last reference.
    package func open(
        logger: Logger
    ) async throws(StoreError) -> (store: any AgentStore, close: @Sendable () async -> Void) {
        switch self {
        case .memory: return (MemoryStore(), {})
        case .sqlite(let path): return (try SQLiteStore(path: path, logger: logger), {})
        case .postgreSQL(let location):
            let store = try await PostgreSQLStore(location, logger: logger)
            return (store, { await store.close() })
        }
    }
}
