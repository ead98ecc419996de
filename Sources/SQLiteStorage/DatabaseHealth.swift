import DatabaseFiles
import GRDB
import StoreContracts
import Synchronization

/// Says whether what is committed to a database file will be found in it again: whether the file is still where it was
/// opened, and in order.
final class DatabaseHealth: Sendable {
    private struct State {
        /// Stays until the process ends.
        var damage: String?
        /// What a commit failed with since the last one that succeeded.
        var fault: (problem: String, time: ContinuousClock.Instant)?
        /// When nothing was found wrong last.
        var passed: ContinuousClock.Instant?
        /// Whether a journal that was taken away has been saved.
        var isJournalSaved = false
    }

    private let path: String
    /// The database, its journal and the index of that, as they were when it was opened.
    private let files: [(path: String, identity: FileIdentity?)]
    private let state = Mutex(State())

    /// For so long a fault is told where no commit follows. A balancer sends nothing to who is not ready, so that none
    /// may.
    static let faultTime = Duration.seconds(5)

    /// For so long what was found in order is taken to be.
    static let passTime = Duration.seconds(1)

    /// Remembers which files are at `path`, where a database is open.
    init(path: String) {
        self.path = path
        files = ["", "-wal", "-shm"].map { (path + $0, FileIdentity(path: path + $0)) }
    }

    /// Throws when nothing may be read or committed any more.
    func check() throws(StoreError) {
        if let damage = state.withLock({ $0.damage }) { throw Self.damaged(path, damage) }
        for file in files {
            let found = FileIdentity(path: file.path)
            guard found != file.identity else { continue }
            state.withLock { $0.passed = nil }
            let fate = found == nil ? "was deleted or moved away" : "was replaced by another file"
            throw .unavailable(
                file.path == path
                    ? """
                    \(path) \(fate) under the service, which commits nothing any more; put the same file back, or stop \
                    the service, restore a backup and start it again
                    """
                    : """
                    \(file.path) \(fate) under the service, which has saved what it held in the database and commits \
                    nothing any more; stop the service and start it again
                    """
            )
        }
        state.withLock { $0.passed = .now }
    }

    /// Whether ``check()`` has found nothing wrong in the last second. It does not look at the file, so it does not block.
    func hasPassedLately(at time: ContinuousClock.Instant = .now) -> Bool {
        state.withLock { state in
            guard state.damage == nil, let passed = state.passed else { return false }
            return time - passed < Self.passTime
        }
    }

    /// Throws when ``check()`` does, before a commit. Where only the journal was taken away, what it held is saved first:
    /// this process alone can still read it.
    func checkCommit(_ database: Database) throws(StoreError) {
        do {
            try check()
        } catch {
            let isSaving = state.withLock { state in
                defer { state.isJournalSaved = true }
                return state.damage == nil && !state.isJournalSaved
            }
            if isSaving, FileIdentity(path: path) == files[0].identity {
                do { try database.execute(sql: "PRAGMA wal_checkpoint(FULL)") } catch { throw note(error) }
            }
            throw error
        }
    }

    /// Throws while a commit that failed is the last that was tried.
    func checkReadiness(at time: ContinuousClock.Instant = .now) throws(StoreError) {
        guard let fault = state.withLock({ $0.fault }), time - fault.time < Self.faultTime else { return }
        throw .unavailable("a commit to \(path) failed a moment ago: \(fault.problem)")
    }

    /// Remembers what an error says of the file; the error to throw.
    func note(_ error: any Error, at time: ContinuousClock.Instant = .now) -> StoreError {
        guard let error = error as? DatabaseError else { return StoreError(sqlite: error) }
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            note(damage: error.description)
            return Self.damaged(path, error.description)
        case .SQLITE_IOERR, .SQLITE_FULL, .SQLITE_READONLY, .SQLITE_CANTOPEN:
            let problem = error.description
            state.withLock { $0.fault = (problem, time) }
            return .unavailable("\(path): \(problem)")
        default:
            return StoreError(sqlite: error)
        }
    }

    /// Ends the use of a file that is damaged: writing on would spread it.
    func note(damage: String) {
        state.withLock { $0.damage = $0.damage ?? damage }
    }

    /// Forgets what an earlier commit failed with.
    func noteCommit() {
        state.withLock { $0.fault = nil }
    }

    /// The error of a file that is damaged.
    static func damaged(_ path: String, _ damage: String) -> StoreError {
        .unavailable(
            """
            \(path) is damaged (\(damage)); stop the service and restore a backup, or save what can still be read: \
            sqlite3 \(path) .recover | sqlite3 recovered.db
            """
        )
    }
}
