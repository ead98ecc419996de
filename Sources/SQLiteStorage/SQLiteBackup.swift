import DatabaseFiles
import Foundation
import GRDB
package import StoreContracts
import StoreSupport
import Synchronization

/// Copies a SQLite store into a file, also while a service writes to it.
///
/// The copy is made in one read transaction, hence of one moment, and never begins again because of a commit. It takes
/// no lock that a writer waits for; while it lasts the journal only grows.
package final class SQLiteBackup: Sendable {
    private let source: DatabaseQueue
    private let target: String
    private let isCancelled = Atomic(false)

    /// Pages that are copied between two looks at the progress.
    private static let pagesPerStep: CInt = 1024

    /// Throws when there is no store at `path`, or when there is something at `target`.
    package init(from path: String, to target: String) throws(StoreError) {
        self.target = target
        let path = try DatabaseFile.resolve(path)
        guard let status = FileIdentity.status(of: path) else { throw .unavailable("\(path): there is no such file") }
        guard status.st_size > 0 else { throw .unavailable("\(path) is empty") }
        try Self.checkFree(target)
        try DatabaseInspection.run(path, size: Int(status.st_size), checkedBytes: 0)
        do { source = try DatabaseInspection.connection(path) } catch {
            throw DatabaseInspection.explained(error, path)
        }
    }

    /// Makes the copy, searches it for damage, and only then gives it its name.
    ///
    /// - Parameter progress: Gets how many pages of how many are copied, again and again.
    /// - Returns: The copy's size in bytes.
    package func run(progress: @escaping @Sendable (Int, Int) -> Void) async throws -> Int {
        try await withTaskCancellationHandler {
            try await onOwnThread { () throws(StoreError) in try self.copy(progress) }
        } onCancel: {
            isCancelled.store(true, ordering: .relaxed)
        }
    }

    private func copy(_ progress: @escaping @Sendable (Int, Int) -> Void) throws(StoreError) -> Int {
        let temporary = try Self.makeFile(beside: target)
        do {
            let copy = try DatabaseQueue(path: temporary)
            try source.read { source in
                // The first read fixes the moment that is copied.
                _ = try Int.fetchOne(source, sql: "SELECT count(*) FROM sqlite_master")
                try copy.writeWithoutTransaction { copy in
                    try source.backup(to: copy, pagesPerStep: Self.pagesPerStep) { state in
                        progress(state.totalPageCount - state.remainingPageCount, state.totalPageCount)
                        try self.checkCancellation()
                    }
                }
            }
            try copy.writeWithoutTransaction { copy in
                // One file, which needs no journal beside it.
                try copy.execute(sql: "PRAGMA journal_mode = DELETE")
                try self.checkCancellation()
                guard let damage = try DatabaseInspection.damage(copy) else { return }
                throw StoreError.unavailable("the copy is damaged (\(damage)), and so is the store most likely")
            }
            try copy.close()
            try checkCancellation()
            return try Self.name(temporary, target)
        } catch {
            for suffix in ["", "-journal", "-wal", "-shm"] { unlink(temporary + suffix) }
            guard let error = error as? DatabaseError else { throw StoreError(sqlite: error) }
            throw .unavailable("the copy of \(source.path) to \(target) failed: \(error.description)")
        }
    }

    private func checkCancellation() throws(StoreError) {
        guard isCancelled.load(ordering: .relaxed) else { return }
        throw .unavailable("the backup was interrupted, and nothing of it is left")
    }

    private static func checkFree(_ target: String) throws(StoreError) {
        var status = stat()
        // A link counts, wherever it leads.
        guard lstat(target, &status) != 0 else {
            throw .unavailable("\(target) exists and is not overwritten; name a file that does not exist")
        }
    }

    /// A new, empty file that only its owner may read: secrets are in it.
    private static func makeFile(beside target: String) throws(StoreError) -> String {
        let suffix = ".part"
        var path = Array((target + "-XXXXXX" + suffix).utf8CString)
        let descriptor = mkstemps(&path, Int32(suffix.utf8.count))
        guard descriptor >= 0 else {
            throw .unavailable("\(target) cannot be made: \(String(cString: strerror(errno)))")
        }
        close(descriptor)
        return String(decoding: path.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Puts the finished file in its place, where nothing may have come meanwhile, and makes that durable.
    private static func name(_ temporary: String, _ target: String) throws(StoreError) -> Int {
        let placeholder = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard placeholder >= 0 else {
            let problem = String(cString: strerror(errno))
            try checkFree(target)
            throw .unavailable("\(target) cannot be made: \(problem)")
        }
        close(placeholder)
        guard rename(temporary, target) == 0 else {
            let problem = String(cString: strerror(errno))
            unlink(target)
            throw .unavailable("\(target) cannot be made: \(problem)")
        }
        let folder = (target as NSString).deletingLastPathComponent
        let directory = open(folder.isEmpty ? "." : folder, O_RDONLY | O_CLOEXEC)
        if directory >= 0 {
            fsync(directory)
            close(directory)
        }
        return FileIdentity.status(of: target).map { Int($0.st_size) } ?? 0
    }
}
