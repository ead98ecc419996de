/// The documentation's table of metrics.
package enum MetricsReference {
    /// A table in Markdown with a row for each metric.
    package static var markdown: String {
        let rows = Metric.all.map { metric in
            let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
            return "| `\(metric.name)` | \(metric.kind.rawValue) | \(metric.unit) | \(labels) | \(metric.help) |"
        }
        let head = ["| metric | type | unit | labels | meaning |", "| --- | --- | --- | --- | --- |"]
        return (head + rows).joined(separator: "\n") + "\n"
    }
}
