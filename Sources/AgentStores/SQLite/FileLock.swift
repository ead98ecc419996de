import AgentCore
import Foundation

/// Says that this process alone serves a database file. The kernel ends it with the process, so that what a dead process
/// had leased may be taken over at once.
final class FileLock: Sendable {
    private let descriptor: Int32

    init(path: String) throws(StoreError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unavailable("\(path): \(String(cString: strerror(errno)))") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .inUse("another process serves this database (it holds \(path))")
        }
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }
}
