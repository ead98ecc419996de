import AgentCore
import Foundation
package import Logging
import PostgreSQLInstallation
import SQLiteStorage
import ServerConfiguration
import Stores

/// `webhook-svc store backup`, `store compact` and `store migrate`.
package enum StoreUpkeep {
    /// Copies a SQLite store into a new file, also while a service writes to it. Throws a ``SettingsError`` for a location
    /// that is none, and what the stores throw.
    ///
    /// - Parameter progress: Gets how many pages of how many are copied, again and again.
    /// - Returns: What was done, in one line.
    package static func backUp(
        from source: String,
        to target: String,
        progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws -> String {
        let path = try path(
            source,
            option: "from",
            otherwise: "of PostgreSQL, pg_dump makes a backup while services run"
        )
        guard (try? StoreLocation(target)) == nil else {
            throw SettingsError("to", "it must be the path of a file, such as /backup/webhooks.db, without 'sqlite:'")
        }
        let begun = ContinuousClock.now
        let bytes = try await SQLiteBackup(from: path, to: target).run(progress: progress)
        return "\(target): \(bytes) bytes, in order, \(seconds(since: begun))"
    }

    /// Writes a SQLite file anew without what is free in it. Throws a ``SettingsError`` for a location that is none, and
    /// what the stores throw.
    ///
    /// - Returns: What was done, in one line.
    package static func compact(_ location: String) async throws -> String {
        let path = try path(
            location,
            option: "store",
            otherwise: "a PostgreSQL server does this by itself (autovacuum)"
        )
        // SQLite's temporary copy goes where there is room for it, unless the user has named a place.
        let folder = (path as NSString).deletingLastPathComponent
        setenv("SQLITE_TMPDIR", folder.isEmpty ? "." : folder, 0)
        let begun = ContinuousClock.now
        let (before, after) = try await SQLiteCompaction.run(path)
        return "\(path): \(before) bytes before, \(after) bytes after, \(seconds(since: begun))"
    }

    /// Makes or migrates the schema of a PostgreSQL store, and the partitions of the next days. Throws a
    /// ``SettingsError`` for a location that is none, and what the stores throw.
    ///
    /// - Parameter logger: Is told when the migration has to wait.
    /// - Returns: What is there now, in one line.
    package static func migrate(_ text: String, days: Int, logger: Logger) async throws -> String {
        guard (1...3660).contains(days) else { throw SettingsError("days", "must be from 1 to 3660") }
        let location: StoreLocation
        do {
            location = try StoreLocation(text)
        } catch {
            throw SettingsError("store", error.description)
        }
        guard case .postgreSQL(let place) = location else {
            throw SettingsError("store", "must be postgres://...; a SQLite file is migrated when a service opens it")
        }
        let (schema, lastDay, missing) = try await PostgreSQLPreparation.run(place, days: days, logger: logger)
        let rest =
            missing == 0
            ? "" : "; \(missing) days have none, as attempt_default holds attempts of them, or the table was in use"
        return "\(location.display): schema \(schema), partitions up to \(lastDay)\(rest)"
    }

    private static func path(
        _ text: String,
        option: String,
        otherwise: String
    ) throws(SettingsError) -> String {
        switch try? StoreLocation(text) {
        case .sqlite(let path): return path
        case .postgreSQL: throw SettingsError(option, "must be sqlite:PATH; \(otherwise)")
        case .memory, nil: throw SettingsError(option, "must be sqlite:PATH")
        }
    }

    private static func seconds(since begun: ContinuousClock.Instant) -> String {
        let tenths = Int((ContinuousClock.now - begun) / .milliseconds(100))
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
