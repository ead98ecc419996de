import Conformance
import Foundation

/// How `conform` shows a run to people.
enum ConformTable {
    static let headOfCaptures = "\ncaptures (requests of toolkits, as they were sent)"

    static func head(of scenario: FixtureScenario) -> String {
        "\n\(scenario.name) (\(form(scenario.form)))"
    }

    /// The line of an exchange, and below it what is wrong.
    static func lines(of exchange: Exchange) -> String {
        let about = exchange.reason ?? exchange.compared
        let name = exchange.step.padding(toLength: max(44, exchange.step.count), withPad: " ", startingAt: 0)
        var lines = ["  \(mark(exchange.outcome))  \(name)  \(about)"]
        guard exchange.outcome == .differs else { return lines[0] }
        let source = exchange.source.map { ", \($0.rawValue)" } ?? ""
        lines.append("        \(exchange.request) -> \(exchange.answer ?? "success")\(source)")
        for difference in exchange.differences {
            lines += difference.diff.split(separator: "\n").map { "        \($0)" }
        }
        return lines.joined(separator: "\n")
    }

    static func summary(of report: ConformanceReport) -> String {
        let counts =
            "\(report.count(.passed)) pass, \(report.count(.differs)) differ, \(report.count(.skipped)) skipped"
        let removed = report.removedWebhooks ?? 0
        let left = removed == 0 ? "" : "; \(removed) webhooks of captures and failed scenarios were deleted"
        return "\n\(report.target): \(report.exchanges.count) exchanges, \(counts)\(left)"
    }

    private static func mark(_ outcome: Exchange.Outcome) -> String {
        switch outcome {
        case .passed: "pass"
        case .differs: "DIFF"
        case .skipped: "skip"
        }
    }

    private static func form(_ form: FixtureForm) -> String {
        switch form {
        case .documented: "documented form"
        case .soap12: "SOAP 1.2"
        case .soap11: "SOAP 1.1"
        }
    }
}
