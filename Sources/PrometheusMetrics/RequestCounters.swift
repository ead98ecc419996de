package import CoreMetrics
import ServiceMetrics

/// What requests are counted by: operations that exist, and bounded outcomes; never what a client made up.
package struct RequestLabels: Hashable, Sendable {
    let service: String
    let operation: String
    let outcome: String

    /// Creates labels.
    package init(service: String, operation: String, outcome: String) {
        (self.service, self.operation, self.outcome) = (service, operation, outcome)
    }
}

/// The counters of ``Metric/requests``.
package struct RequestCounters: Sendable {
    // Generic code is fast only in the module that knows its types.
    private let counters: OutcomeCounters<RequestLabels>

    /// Creates counters that have not counted anything.
    package init(factory: any MetricsFactory) {
        counters = OutcomeCounters(.requests, factory: factory) { [$0.service, $0.operation, $0.outcome] }
    }

    /// Counts a request.
    package func increment(_ labels: RequestLabels) { counters.increment(labels) }
}
