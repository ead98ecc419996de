package import CoreMetrics
import ServiceMetrics
import StoreContracts
import Synchronization
import WebhookModel

/// What the engine counts. Labels are bounded: fates and kinds of failure.
package struct EngineMetrics: Sendable {
    private let factory: any MetricsFactory
    private let attempts: Timer
    private let outcomes: AttemptCounters
    private let flying: Meter

    /// - Parameter factory: Where the metrics are kept.
    package init(factory: any MetricsFactory = NOOPMetricsHandler.instance) {
        self.factory = factory
        attempts = Metric.deliveryAttemptDuration.histogram(in: factory)
        outcomes = AttemptCounters(factory: factory)
        flying = Metric.deliveriesInFlight.gauge(in: factory)
    }

    /// Counts deliveries that are made from now on.
    func begin(_ count: Int) {
        flying.increment(by: Double(count))
    }

    /// Counts deliveries that are made no longer.
    func end(_ count: Int) {
        flying.decrement(by: Double(count))
    }

    /// Counts a failure that is not the target's.
    func countOwnFailure(_ kind: SendError.Kind) {
        Metric.ownFailures.counter(kind.rawValue, in: factory).increment()
    }

    /// Counts an attempt and what has become of its delivery; nil when its holder was stale.
    func count(_ attempt: Attempt, fate: DeliveryFate?) {
        attempts.recordNanoseconds(
            attempt.duration.components.seconds * 1_000_000_000
                + attempt.duration.components.attoseconds / 1_000_000_000
        )
        let outcome =
            switch fate {
            case .delivered: "delivered"
            case .retry: "retry"
            case .postponed: "postponed"
            case .parked: "parked"
            case .failed: "failed"
            case nil: "stale"
            }
        outcomes.increment(outcome: outcome, error: attempt.errorClass ?? "none")
    }
}

/// The counters of ``Metric/deliveryAttempts``. A counter is made when it first counts, and kept: making one costs more
/// than all else that is counted of an attempt.
private final class AttemptCounters: Sendable {
    private struct Labels: Hashable {
        let outcome: String
        let error: String
    }

    private let factory: any MetricsFactory
    private let counters = Mutex<[Labels: Counter]>([:])

    init(factory: any MetricsFactory) {
        self.factory = factory
    }

    func increment(outcome: String, error: String) {
        let labels = Labels(outcome: outcome, error: error)
        let counter = counters.withLock { counters in
            if let known = counters[labels] { return known }
            let counter = Metric.deliveryAttempts.counter(outcome, error, in: factory)
            counters[labels] = counter
            return counter
        }
        counter.increment()
    }
}
