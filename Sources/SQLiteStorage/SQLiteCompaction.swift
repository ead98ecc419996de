import DatabaseFiles
import Foundation
import GRDB
package import StoreContracts
import StoreSupport

/// Gives the free space of a SQLite file back. Removed rows leave pages that are used again, but the file does not shrink by
/// itself.
package enum SQLiteCompaction {
    /// Writes the file at `path` anew, without what is free in it. Throws while a service has the file; and when anything
    /// fails, the database is as it was.
    ///
    /// - Returns: The bytes that the database and its journal took, before and after.
    package static func run(_ path: String) async throws(StoreError) -> (before: Int, after: Int) {
        try await onOwnThread { () throws(StoreError) in
            let resolved = try DatabaseFile.resolve(path)
            guard FileIdentity.status(of: resolved) != nil else {
                throw .unavailable("\(resolved): there is no such file")
            }
            let before = bytes(resolved)
            let store = try SQLiteStore(path: resolved, checkedBytes: .max)
            do {
                try store.pool.writeWithoutTransaction { database in
                    try database.execute(sql: "VACUUM")
                    // The new pages are in the journal so far.
                    let isBusy = try Bool.fetchOne(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)") ?? true
                    guard isBusy else { return }
                    throw StoreError.inUse("another program reads \(resolved); try again when it has ended")
                }
            } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
                throw .unavailable(
                    """
                    there is too little space: for a while this takes twice what the database will hold, here up to \
                    \(2 * before >> 20) MiB, in the directory of \(resolved) and in SQLITE_TMPDIR; nothing was changed
                    """
                )
            } catch {
                throw DatabaseInspection.explained(error, resolved)
            }
            return (before, bytes(resolved))
        }
    }

    private static func bytes(_ path: String) -> Int {
        [path, path + "-wal"].compactMap(FileIdentity.status).reduce(0) { $0 + Int($1.st_size) }
    }
}
