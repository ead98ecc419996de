package import AgentCore
package import CoreMetrics

/// The counters of logins, `webhook_svc_logins_total`.
package struct LoginCounters: Sendable {
    private let counters: OutcomeCounters<LoginOutcome>

    /// Creates counters that have not counted anything.
    package init(factory: any MetricsFactory) {
        counters = OutcomeCounters(name: "webhook_svc_logins_total", factory: factory) { [("outcome", $0.rawValue)] }
    }

    /// Counts a login by its outcome.
    package func increment(_ outcome: LoginOutcome) { counters.increment(outcome) }
}
