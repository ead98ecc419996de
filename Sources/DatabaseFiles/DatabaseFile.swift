package import Foundation
package import StoreContracts

/// The file that a database is in, held for this process alone.
package final class DatabaseFile: Sendable {
    /// Where it is: absolute, and without symbolic links, so that all names of the file give one path.
    package let path: String
    /// In bytes, when it was opened.
    package let size: Int
    private let lock: FileLock

    /// Finds and locks the file, and makes it where there is none. Throws when it cannot hold a database, or another
    /// process serves it.
    package init(path: String) throws(StoreError) {
        let resolved = try Self.resolve(path)
        try Self.check(resolved)
        self.path = resolved
        lock = try FileLock(path: resolved)
        size = FileIdentity.status(of: resolved).map { Int($0.st_size) } ?? 0
    }

    /// The absolute path of what `path` leads to, through symbolic links; the last of these may lead to a file that is
    /// yet to be made.
    package static func resolve(_ path: String) throws(StoreError) -> String {
        guard path != ":memory:" else { throw .unavailable("a store in memory is written memory:, without sqlite:") }
        var path = path
        // As many links as Linux follows.
        for _ in 0..<40 {
            if let resolved = realpath(path) { return resolved }
            let name = (path as NSString).lastPathComponent
            let folder = path.contains("/") ? (path as NSString).deletingLastPathComponent : "."
            guard let directory = realpath(folder + "/.") else {
                let problem = String(cString: strerror(errno))
                throw .unavailable("\(path) cannot be made, for its directory cannot be opened: \(problem)")
            }
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else {
                return directory == "/" ? "/" + name : directory + "/" + name
            }
            path = target.hasPrefix("/") ? target : directory + "/" + target
        }
        throw .unavailable("\(path) leads through too many symbolic links")
    }

    private static func realpath(_ path: String) -> String? {
        guard let resolved = Foundation.realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func check(_ path: String) throws(StoreError) {
        let status = FileIdentity.status(of: path)
        if let status {
            guard status.st_mode & S_IFMT != S_IFDIR else {
                throw .unavailable("\(path) is a directory; name a file in it, such as \(path)/webhooks.db")
            }
            guard status.st_mode & S_IFMT == S_IFREG else { throw .unavailable("\(path) is no regular file") }
            // SQLite keeps a journal for each name, and so damages a file that is opened by two of them.
            guard status.st_nlink == 1 else {
                throw .unavailable(
                    """
                    \(path) has \(status.st_nlink) names (hard links), and a database that is opened by two of them is \
                    damaged; remove all but one (find / -samefile \(path) lists them)
                    """
                )
            }
        }
        // SQLite would delete a journal without a database, and what was acknowledged with it.
        let journal = FileIdentity.status(of: path + "-wal").map { Int($0.st_size) } ?? 0
        guard journal == 0 || (status.map { $0.st_size > 0 } ?? false) else {
            throw .unavailable(
                """
                \(path) is \(status == nil ? "missing" : "empty"), but \(path)-wal holds \(journal) bytes of it; restore \
                the database, or move \(path)-wal away to begin anew
                """
            )
        }
    }
}

/// Which file stands at a path.
package struct FileIdentity: Equatable, Sendable {
    let device: UInt64
    let number: UInt64

    /// Nil when there is none, or it cannot be reached.
    package init?(path: String) {
        guard let status = Self.status(of: path) else { return nil }
        device = UInt64(truncatingIfNeeded: status.st_dev)
        number = UInt64(truncatingIfNeeded: status.st_ino)
    }

    package static func status(of path: String) -> stat? {
        var status = stat()
        return stat(path, &status) == 0 ? status : nil
    }
}
