import Foundation
import Synchronization

/// Asks servers to stop the statements of connections that were given up on.
enum PostgreSQLCancellation {
    /// How many requests may be under way. Each waits for the server. It waits for ever for a server that is halted; further
    /// requests would then change nothing.
    private static let limit = 8
    private static let underWay = Mutex(0)

    /// Asks on a thread of its own, and does not wait for the answer. The connection stays open until the server has been asked:
    /// a pooler does not hear the request of a connection that is closed.
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
