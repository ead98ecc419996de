import PrometheusMetrics
import Testing

/// The counters that requests and logins share.
@Suite("Counters of requests and logins")
struct CounterTests {
    @Test("Requests are counted by service, operation and outcome")
    func requests() {
        let registry = MetricsRegistry()
        let counters = RequestCounters(factory: registry)
        for outcome in ["ok", "fault", "ok"] {
            counters.increment(RequestLabels(service: "Webhook", operation: "SignalEvent", outcome: outcome))
        }
        let series = #"webhook_svc_requests_total{service="Webhook",operation="SignalEvent",outcome="#
        #expect(registry.text.contains(series + "\"fault\"} 1\n"))
        #expect(registry.text.contains(series + "\"ok\"} 2\n"))
    }

    @Test("Logins are counted by outcome")
    func logins() {
        let registry = MetricsRegistry()
        let counters = LoginCounters(factory: registry)
        counters.increment("failed")
        #expect(registry.text.contains("webhook_svc_login_attempts_total{outcome=\"failed\"} 1\n"))
    }
}
