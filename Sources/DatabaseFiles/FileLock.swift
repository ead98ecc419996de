import Foundation
import StoreContracts

/// Says that this process alone serves a database file. The kernel ends it with the process, so that what a dead process
/// had leased may be taken over at once.
///
/// Two locks: one of a file beside the database, which a file that was deleted and made anew has in common with the old
/// one; and one of the database file itself, which all names of a file have in common.
final class FileLock: Sendable {
    private let beside: Int32
    private let itself: Int32

    /// The command for a lock that belongs to a descriptor; the C library names it for `_GNU_SOURCE` only.
    #if os(Linux)
        private static let setOpenFileLock: Int32 = 37
    #else
        private static let setOpenFileLock: Int32 = 90
    #endif

    /// Locks the database file at `path`, and makes it where there is none.
    ///
    /// Keep the lock for longer than the database is open: SQLite's own locks end as soon as the process closes any
    /// descriptor of the file.
    init(path: String) throws(StoreError) {
        let lockPath = path + "-lock"
        beside = try Self.open(lockPath)
        guard flock(beside, LOCK_EX | LOCK_NB) == 0 else {
            close(beside)
            throw .inUse("another process serves \(path) (it holds \(lockPath))")
        }
        do {
            // SQLite gives its other files the database's permissions; webhooks' secrets are in all of them.
            itself = try Self.open(path)
        } catch {
            close(beside)
            throw error
        }
        // One byte far behind the database's end, and behind those that SQLite locks.
        var range = Foundation.flock()
        range.l_type = numericCast(F_WRLCK)
        range.l_whence = numericCast(SEEK_SET)
        range.l_start = .max - 1
        range.l_len = 1
        guard fcntl(itself, Self.setOpenFileLock, &range) != 0 else { return }
        // A file system without such locks leaves the other one, which is enough for all that use the same path.
        guard [EAGAIN, EACCES].contains(errno) else { return }
        close(itself)
        close(beside)
        throw .inUse("another process serves \(path), by this name or by another one of the same file")
    }

    private static func open(_ path: String) throws(StoreError) -> Int32 {
        let descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let problem = String(cString: strerror(errno))
            throw .unavailable("\(path) cannot be opened for writing: \(problem)")
        }
        return descriptor
    }

    deinit {
        close(itself)
        close(beside)
    }
}
