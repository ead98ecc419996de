import Dispatch
import Synchronization
import Testing

/// Blocks a thread that works with a database until so many have arrived, or so long that the test fails rather than hangs.
///
/// `@unchecked Sendable`: a semaphore may be used from any thread.
package final class Barrier: @unchecked Sendable {
    private let missing: Mutex<Int>
    private let semaphore = DispatchSemaphore(value: 0)

    package init(arrivals: Int) {
        missing = Mutex(arrivals)
    }

    package func arrive() {
        let isLast = missing.withLock { missing in
            missing -= 1
            return missing == 0
        }
        if isLast { semaphore.signal() }
    }

    package func wait() {
        if semaphore.wait(timeout: .now() + 120) == .timedOut { Issue.record("nobody came to open the barrier") }
    }
}
