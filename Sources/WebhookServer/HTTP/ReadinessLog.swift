import AgentCore
import Logging
import Synchronization

/// Logs once that the store is not ready, and once that it is again, however often that is asked.
final class ReadinessLog: Sendable {
    private let isReady = Mutex(true)

    /// Takes what a check found: why the store is not ready, nil when it is.
    func note(_ problem: StoreError?, to logger: Logger) {
        let isNews = isReady.withLock { isReady in
            defer { isReady = problem == nil }
            return isReady != (problem == nil)
        }
        guard isNews else { return }
        if let problem {
            logger.error("not ready", metadata: ["error": "\(problem)"])
        } else {
            logger.notice("ready again")
        }
    }
}
