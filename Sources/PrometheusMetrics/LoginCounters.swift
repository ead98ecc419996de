package import CoreMetrics
import ServiceMetrics

/// The counters of ``Metric/loginAttempts``.
package struct LoginCounters: Sendable {
    private let counters: OutcomeCounters<String>

    /// Creates counters that have not counted anything.
    package init(factory: any MetricsFactory) {
        counters = OutcomeCounters(.loginAttempts, factory: factory) { [$0] }
    }

    /// Counts a login.
    ///
    /// - Parameter outcome: One of the few names of outcomes: each is a series of its own.
    package func increment(_ outcome: String) { counters.increment(outcome) }
}
