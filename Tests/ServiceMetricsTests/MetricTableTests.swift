import Foundation
import Testing

@testable import ServiceMetrics

/// The table of metrics.
@Suite("The table of metrics")
struct MetricTableTests {
    @Test("Names are unique, in the letters of Prometheus, and end in the unit, counters in _total")
    func names() {
        #expect(Set(Metric.all.map(\.name)).count == Metric.all.count)
        for metric in Metric.all {
            #expect(metric.name.wholeMatch(of: /webhook_svc_[a-z]+(_[a-z]+)*/) != nil, "\(metric.name)")
            #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric.name)")
            if metric.kind != .counter {
                let unit = metric.unit.replacing(" ", with: "_")
                // A gauge of what is in flight says so after the unit.
                let name = metric.name.replacing(/_in_flight$/, with: "")
                #expect(name.hasSuffix("_\(unit)"), "\(metric.name) is in \(unit)")
            }
            #expect(metric.help.hasSuffix(".") && !metric.help.contains { "\\\n|".contains($0) }, "\(metric.name)")
        }
    }

    @Test("docs/operations.md has the table that 'webhook-svc config reference metrics' prints")
    func page() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/operations.md"), encoding: .utf8)
        let parts = page.split(separator: /<!-- metrics: (begin|end) -->\n/)
        #expect(parts.count == 3)
        #expect(parts.dropFirst().first.map(String.init) == MetricsReference.markdown)
    }
}
