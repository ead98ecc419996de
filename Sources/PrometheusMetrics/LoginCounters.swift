package import AgentCore
package import CoreMetrics
import ServiceMetrics

/// The counters of ``Metric/loginAttempts``.
package struct LoginCounters: Sendable {
    private let counters: OutcomeCounters<LoginOutcome>

    /// Creates counters that have not counted anything.
    package init(factory: any MetricsFactory) {
        counters = OutcomeCounters(.loginAttempts, factory: factory) { [$0.rawValue] }
    }

    /// Counts a login by its outcome.
    package func increment(_ outcome: LoginOutcome) { counters.increment(outcome) }
}
