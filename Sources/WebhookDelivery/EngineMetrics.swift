package import CoreMetrics
import ServiceMetrics
import StoreContracts
import WebhookModel

/// What the engine counts. Labels are bounded: fates and kinds of failure.
package struct EngineMetrics: Sendable {
    private let factory: any MetricsFactory
    private let attempts: Timer
    private let flying: Meter

    /// - Parameter factory: Where the metrics are kept.
    package init(factory: any MetricsFactory = NOOPMetricsHandler.instance) {
        self.factory = factory
        attempts = Metric.deliveryAttemptDuration.histogram(in: factory)
        flying = Metric.deliveriesInFlight.gauge(in: factory)
    }

    func begin() {
        flying.increment()
    }

    func end() {
        flying.decrement()
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
        Metric.deliveryAttempts.counter(outcome, attempt.errorClass ?? "none", in: factory).increment()
    }
}
