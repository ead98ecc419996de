import CoreMetrics
import ServiceMetrics
import Synchronization

/// The counters of one metric, which differ in their labels' values.
///
/// Each counter is made once: a measurement showed that making a counter for every request costs as much as everything else
/// that the SOAP service does. Only this module uses the type, because generic code that another module calls is compiled
/// without its types.
final class OutcomeCounters<Labels: Hashable & Sendable>: Sendable {
    private let metric: Metric
    private let factory: any MetricsFactory
    private let values: @Sendable (Labels) -> [String]
    private let counters = Mutex<[Labels: Counter]>([:])

    /// Creates the counters of a metric.
    ///
    /// - Parameters:
    ///   - metric: A counter.
    ///   - factory: Where the counters are kept.
    ///   - values: Returns a value for each of the metric's labels, in their order.
    init(_ metric: Metric, factory: any MetricsFactory, values: @escaping @Sendable (Labels) -> [String]) {
        (self.metric, self.factory, self.values) = (metric, factory, values)
    }

    /// Adds one to the counter with these labels.
    func increment(_ labels: Labels) {
        let counter = counters.withLock { counters in
            if let known = counters[labels] { return known }
            let counter = Counter(label: metric.name, dimensions: metric.dimensions(values(labels)), factory: factory)
            counters[labels] = counter
            return counter
        }
        counter.increment()
    }
}
