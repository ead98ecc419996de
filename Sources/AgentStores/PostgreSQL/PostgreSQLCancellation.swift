import CLibPQ
import Foundation
import Synchronization

/// Asks servers to stop what connections were given up on.
enum PostgreSQLCancellation {
    /// How many requests may be under way. Each waits for the server, for ever when that is halted; then more of them
    /// would change nothing.
    private static let limit = 8
    private static let underWay = Mutex(0)

    private struct Request: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    /// Asks on a thread of its own, and does not wait. The connection may be closed at once.
    static func request(_ connection: OpaquePointer) {
        let isOne = underWay.withLock { underWay in
            guard underWay < limit else { return false }
            underWay += 1
            return true
        }
        guard isOne else { return }
        guard let pointer = PQgetCancel(connection) else { return underWay.withLock { $0 -= 1 } }
        let request = Request(pointer: pointer)
        Thread.detachNewThread {
            var problem = [CChar](repeating: 0, count: 256)
            // Whether it was heard cannot be known: the answer is the same.
            _ = PQcancel(request.pointer, &problem, Int32(problem.count))
            PQfreeCancel(request.pointer)
            underWay.withLock { $0 -= 1 }
        }
    }
}
