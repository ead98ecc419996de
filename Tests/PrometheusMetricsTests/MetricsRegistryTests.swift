import CoreMetrics
import PrometheusMetrics
import ServiceMetrics
import Testing

/// What the registry keeps and writes.
@Suite("The registry of metrics")
struct MetricsRegistryTests {
    @Test("Counters rise, gauges are set, and both are written by name and labels")
    func values() {
        let registry = MetricsRegistry()
        let counter = Counter(label: "calls_total", dimensions: [("who", "a\"b\\c\nd")], factory: registry)
        counter.increment()
        counter.increment(by: 2)
        Counter(label: "calls_total", dimensions: [("who", "a")], factory: registry).increment()
        Meter(label: "queue.size", factory: registry).set(1.5)
        Meter(label: "room", factory: registry).set(7)
        let text = registry.text
        #expect(
            text == """
                # TYPE calls_total counter
                calls_total{who="a"} 1
                calls_total{who="a\\"b\\\\c\\nd"} 3
                # TYPE queue_size gauge
                queue_size 1.5
                # TYPE room gauge
                room 7
                # HELP webhook_svc_metric_series_dropped_total \(Metric.seriesDropped.help)
                # TYPE webhook_svc_metric_series_dropped_total counter
                webhook_svc_metric_series_dropped_total 0

                """
        )
    }

    @Test("A histogram counts every time below each bound, and adds up more than a process can live to see")
    func histogram() {
        let registry = MetricsRegistry()
        let timer = Timer(label: "seconds", factory: registry)
        timer.recordNanoseconds(1_000_000)
        timer.recordNanoseconds(20_000_000_000)
        for _ in 0..<3 { timer.recordNanoseconds(.max) }
        let text = registry.text
        #expect(text.contains("seconds_bucket{le=\"0.001\"} 1\n"))
        #expect(text.contains("seconds_bucket{le=\"15.0\"} 1\n"))
        #expect(text.contains("seconds_bucket{le=\"30.0\"} 2\n"))
        #expect(text.contains("seconds_bucket{le=\"+Inf\"} 5\n"))
        #expect(text.contains("seconds_count 5\n"))
        #expect(text.contains("seconds_sum 276701161"))
    }

    @Test("Of more series than are kept the rest is counted")
    func limit() {
        let registry = MetricsRegistry()
        for number in 0..<2005 { Counter(label: "n", dimensions: [("i", "\(number)")], factory: registry).increment() }
        #expect(registry.text.contains("webhook_svc_metric_series_dropped_total 5\n"))
        Counter(label: "n", dimensions: [("i", "7")], factory: registry).increment()
        #expect(registry.text.contains("n{i=\"7\"} 2\n"))
    }

    @Test("A metric of the table is written with its help before its type")
    func help() {
        let registry = MetricsRegistry()
        Metric.loginAttempts.counter("failed", in: registry).increment()
        #expect(
            registry.text.hasPrefix(
                """
                # HELP webhook_svc_login_attempts_total \(Metric.loginAttempts.help)
                # TYPE webhook_svc_login_attempts_total counter
                webhook_svc_login_attempts_total{outcome="failed"} 1

                """
            )
        )
    }
}
