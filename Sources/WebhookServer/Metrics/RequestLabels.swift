import CoreMetrics

/// What requests are counted by: operations that exist, and bounded outcomes; never what a client made up.
struct RequestLabels: Hashable, Sendable {
    let service: String
    let operation: String
    let outcome: String

    static func counters(_ factory: any MetricsFactory) -> OutcomeCounters<RequestLabels> {
        OutcomeCounters(name: "webhook_svc_requests_total", factory: factory) { labels in
            [("service", labels.service), ("operation", labels.operation), ("outcome", labels.outcome)]
        }
    }
}
