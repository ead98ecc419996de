/// A figure of a store's own, as `/metrics` shows it.
package struct StoreFigure: Sendable, Hashable {
    /// The metric, with its unit.
    package var name: String
    /// What tells it from others of its name.
    package var labels: [String: String]
    /// What it is now.
    package var value: Double

    /// Creates a figure.
    package init(name: String, labels: [String: String] = [:], value: Double) {
        (self.name, self.labels, self.value) = (name, labels, value)
    }
}
