import HTTPServing
import HTTPTypes
import Logging
import RequestOrigins
import Synchronization

/// Says once that a service with `--dev`, which listens on loopback because anybody who reaches it may use it, is reached by
/// others through a proxy.
final class TrialGuard: Sendable {
    private let isOnGuard: Atomic<Bool>

    /// - Parameter isRemote: Whether the operator has said that others may reach it.
    init(isDevelopment: Bool, isRemote: Bool) {
        isOnGuard = Atomic(isDevelopment && !isRemote)
    }

    /// Whether a request with these headers is to be told of.
    func isAlarmed(by headers: HTTPFields) -> Bool {
        isOnGuard.load(ordering: .relaxed) && ForwardingHeaders.stand(in: headers)
    }

    /// Logs a line about the first request that is to be told of.
    func look(at headers: HTTPFields, logger: Logger) {
        guard isAlarmed(by: headers), isOnGuard.exchange(false, ordering: .relaxed) else { return }
        logger.warning(
            "calls come through a proxy although dev is on: whoever reaches it may use the documented credentials and post to private addresses (setting allow-remote-dev says that this is meant)"
        )
    }
}
