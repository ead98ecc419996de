/// One exchange that was played, and what came of it.
package struct Exchange: Sendable, Equatable, Codable {
    /// What came of an exchange.
    package enum Outcome: String, Sendable, Codable {
        /// The answer is what the fixture expects.
        case passed
        /// It is not, or there was none.
        case differs
        /// It was not played.
        case skipped
    }

    /// The scenario's name; of a capture, `captures`.
    package let scenario: String
    /// The envelope form of the request.
    package let form: FixtureForm
    /// The operation, with a suffix where it stands in several steps; of a capture, its file.
    package let step: String
    /// The service that was called.
    package let service: FixtureService
    /// The request's file, relative to the manifest.
    package let request: String
    /// The file of the expected answer; nil for captures, of which less is expected.
    package let answer: String?
    /// What the expectation rests on; nil for captures.
    package let source: FixtureSource?
    /// What came of it.
    package private(set) var outcome: Outcome
    /// What was compared, in words; empty if nothing was.
    package private(set) var compared = ""
    /// In what the answer is not what is expected.
    package private(set) var differences: [XMLDifference] = []
    /// Why it was not played.
    package private(set) var reason: String?
    /// How long the answer took, in milliseconds.
    package private(set) var milliseconds = 0

    /// An exchange of a scenario, not played yet.
    init(_ step: FixtureStep, of scenario: FixtureScenario) {
        self.scenario = scenario.name
        form = scenario.form
        self.step = step.name
        service = step.service
        request = step.request
        answer = step.answer
        source = step.source
        outcome = .skipped
    }

    /// A capture, not sent yet.
    init(_ capture: FixtureRawRequest, form: FixtureForm) {
        scenario = Self.captures
        self.form = form
        step = capture.file
        service = .webhook
        request = capture.file
        answer = nil
        source = nil
        outcome = .skipped
    }

    /// Whether the request was sent and not answered.
    package var isUnanswered: Bool { differences.first?.path == XMLDifference.unansweredPath }

    /// The name that captures have in place of a scenario's.
    package static let captures = "captures"

    func skipped(because reason: String) -> Exchange {
        var exchange = self
        exchange.reason = reason
        return exchange
    }

    func played(_ differences: [XMLDifference], compared: String, in time: Duration) -> Exchange {
        var exchange = self
        exchange.outcome = differences.isEmpty ? .passed : .differs
        exchange.differences = differences
        exchange.compared = compared
        exchange.milliseconds = Int(time / .milliseconds(1))
        return exchange
    }
}
