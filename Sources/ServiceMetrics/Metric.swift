package import CoreMetrics

/// A metric of the service. `/metrics` and `docs/operations.md` say of a metric what ``all`` says.
package struct Metric: Sendable {
    /// A metric's type in Prometheus' text format.
    package enum Kind: String, Sendable {
        /// Only rises, from 0 at the start of the process.
        case counter
        /// Rises and falls.
        case gauge
        /// Counts measurements by size.
        case histogram
    }

    /// The name without the service's prefix.
    let base: String
    /// The type.
    package let kind: Kind
    /// What is counted, or the unit of what is measured. The unit of a measure is also part of the name.
    package let unit: String
    /// The names of the labels. Every label has few values.
    package let labels: [String]
    /// What the metric says, as a sentence in plain text.
    package let help: String

    init(_ base: String, _ kind: Kind, of unit: String, labels: [String] = [], _ help: String) {
        (self.base, self.kind, self.unit, self.labels, self.help) = (base, kind, unit, labels, help)
    }

    /// The full name.
    package var name: String { "webhook_svc_\(base)" }

    /// Returns the counter of this metric with these values of its labels.
    ///
    /// - Parameters:
    ///   - values: A value for each of ``labels``, in their order.
    ///   - factory: Where the metric is kept.
    package func counter(_ values: String..., in factory: any MetricsFactory) -> Counter {
        precondition(kind == .counter)
        return Counter(label: name, dimensions: dimensions(values), factory: factory)
    }

    /// Returns the gauge of this metric with these values of its labels.
    ///
    /// - Parameters:
    ///   - values: A value for each of ``labels``, in their order.
    ///   - factory: Where the metric is kept.
    package func gauge(_ values: String..., in factory: any MetricsFactory) -> Meter {
        precondition(kind == .gauge)
        return Meter(label: name, dimensions: dimensions(values), factory: factory)
    }

    /// Returns the histogram of this metric, which has no labels.
    ///
    /// - Parameter factory: Where the metric is kept.
    package func histogram(in factory: any MetricsFactory) -> Timer {
        precondition(kind == .histogram)
        return Timer(label: name, dimensions: dimensions([]), factory: factory)
    }

    /// Returns the labels and their values as a factory of metrics takes them.
    ///
    /// - Parameter values: A value for each of ``labels``, in their order.
    package func dimensions(_ values: [String]) -> [(String, String)] {
        precondition(values.count == labels.count, "\(name) has the labels \(labels)")
        return Array(zip(labels, values))
    }
}
