import CoreMetrics
import Synchronization

/// Counters that differ in their labels alone, each made once: making one anew for every request was measured to cost as
/// much as all else that the SOAP front does.
final class OutcomeCounters<Labels: Hashable & Sendable>: Sendable {
    private let name: String
    private let factory: any MetricsFactory
    private let dimensions: @Sendable (Labels) -> [(String, String)]
    private let counters = Mutex<[Labels: Counter]>([:])

    /// - Parameter dimensions: The labels as the factory takes them; of few values each.
    init(
        name: String,
        factory: any MetricsFactory,
        dimensions: @escaping @Sendable (Labels) -> [(String, String)]
    ) {
        self.name = name
        self.factory = factory
        self.dimensions = dimensions
    }

    func increment(_ labels: Labels) {
        let counter = counters.withLock { counters in
            if let known = counters[labels] { return known }
            let counter = Counter(label: name, dimensions: dimensions(labels), factory: factory)
            counters[labels] = counter
            return counter
        }
        counter.increment()
    }
}
