package import Foundation
import XML

/// What came of a run.
package struct ConformanceReport: Sendable, Codable {
    /// What stands before `/Remote` in the URLs that were called.
    package let target: String
    /// What was played, in order.
    package private(set) var exchanges: [Exchange] = []
    /// How many webhooks captures and failed scenarios left, which were deleted at the end; nil when that failed.
    package var removedWebhooks: Int?
    /// Why the run ended before its end; nil when it did not.
    package var error: String?

    /// An empty report on `target`.
    package init(target: String) {
        self.target = target
    }

    /// Adds an exchange.
    package mutating func add(_ exchange: Exchange) {
        exchanges.append(exchange)
    }

    /// How many exchanges ended so.
    package func count(_ outcome: Exchange.Outcome) -> Int {
        exchanges.count { $0.outcome == outcome }
    }

    /// The report as JSON.
    package func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }

    /// The report as JUnit's XML, which build servers show: a suite for each scenario, a case for each exchange.
    package var junit: [UInt8] {
        var writer = XMLWriter(capacity: 64 << 10)
        writer.markup("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"webhook-svc conform\"")
        Self.counts(exchanges, errors: error == nil ? 0 : 1, in: &writer)
        if let error {
            writer.markup(
                "\n<testsuite name=\"conform\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\" time=\"0\">"
            )
            writer.markup("\n<testcase classname=\"conform\" name=\"run\" time=\"0\"><error message=\"")
            writer.attributeValue(error)
            writer.markup("\"/></testcase>\n</testsuite>")
        }
        for name in Set(exchanges.map(\.scenario)).sorted() {
            let suite = exchanges.filter { $0.scenario == name }
            writer.markup("\n<testsuite name=\"")
            writer.attributeValue(name)
            writer.markup("\"")
            Self.counts(suite, in: &writer)
            for exchange in suite { Self.write(exchange, in: &writer) }
            writer.markup("\n</testsuite>")
        }
        writer.markup("\n</testsuites>\n")
        return writer.bytes
    }

    private static func counts(_ exchanges: [Exchange], errors: Int = 0, in writer: inout XMLWriter) {
        let failures = exchanges.count { $0.outcome == .differs }
        let skipped = exchanges.count { $0.outcome == .skipped }
        let time = seconds(exchanges.reduce(0) { $0 + $1.milliseconds })
        writer.markup(
            " tests=\"\(exchanges.count + errors)\" failures=\"\(failures)\" errors=\"\(errors)\" skipped=\"\(skipped)\" time=\"\(time)\">"
        )
    }

    private static func write(_ exchange: Exchange, in writer: inout XMLWriter) {
        writer.markup("\n<testcase classname=\"")
        writer.attributeValue("\(exchange.form.rawValue).\(exchange.scenario)")
        writer.markup("\" name=\"")
        writer.attributeValue(exchange.step)
        writer.markup("\" time=\"\(seconds(exchange.milliseconds))\"")
        switch exchange.outcome {
        case .passed:
            writer.markup("/>")
        case .skipped:
            writer.markup("><skipped message=\"")
            writer.attributeValue(exchange.reason ?? "")
            writer.markup("\"/></testcase>")
        case .differs:
            writer.markup("><failure message=\"")
            writer.attributeValue(exchange.differences.first?.description ?? "")
            writer.markup("\">")
            writer.text(exchange.differences.map(\.diff).joined(separator: "\n"))
            writer.markup("</failure></testcase>")
        }
    }

    private static func seconds(_ milliseconds: Int) -> String {
        "\(milliseconds / 1000).\(String(milliseconds % 1000 + 1000).dropFirst())"
    }
}

extension XMLDifference {
    /// The difference in three lines: where, what is expected, what was found.
    package var diff: String { "\(path)\n  - \(expected)\n  + \(actual)" }
}
