import Foundation
import Synchronization

/// Asks servers to stop what connections were given up on.
enum PostgreSQLCancellation {
    /// How many requests may be under way. Each waits for the server, for ever when that is halted; then more of them
    /// would change nothing.
    private static let limit = 8
    private static let underWay = Mutex(0)

    /// Asks on a thread of its own, and does not wait. The connection stays open until then: a pooler hears no request of
    /// one that is closed.
    ///
    /// The thread ends when the server has answered or is gone, and may outlive the store.
    static func request(by connection: PostgreSQLConnection) {
        let isOne = underWay.withLock { underWay in
            guard underWay < limit else { return false }
            underWay += 1
            return true
        }
        guard isOne else { return }
        Thread.detachNewThread {
            connection.cancel()
            underWay.withLock { $0 -= 1 }
        }
    }
}
