package import Foundation
import XML

/// Plays fixtures against a target, one exchange after the other, and compares the answers.
package struct ConformancePlayer: Sendable {
    private let client: ConformanceClient
    private let fixtures: URL
    private let variables: FixtureVariables

    /// - Parameters:
    ///   - client: Sends the requests.
    ///   - fixtures: The directory of the manifest.
    ///   - variables: Those of `Fixtures/README.md`; scenarios that use one without a value are skipped.
    package init(client: ConformanceClient, fixtures: URL, variables: FixtureVariables) {
        (self.client, self.fixtures, self.variables) = (client, fixtures, variables)
    }

    /// A step as it was played.
    package struct Played: Sendable {
        /// What came of it.
        package let exchange: Exchange
        /// The step of the manifest.
        package let step: FixtureStep
        /// What the fixture expects.
        let expected: XMLDocument?
        /// What was answered; nil when nothing was, or nothing was asked.
        package let answer: HTTPAnswer?
        /// The values that placeholders had, those that this answer bound included.
        package let variables: FixtureVariables
    }

    /// Plays the steps of a scenario until the task is cancelled.
    ///
    /// Throws ``ConformanceError`` for files that cannot be read. The result tells what the target does.
    package func play(
        _ scenario: FixtureScenario,
        each observe: (Played) throws -> Void
    ) async throws {
        var variables = variables
        let lacking = try variables.lacking(in: scenario, of: fixtures)
        for step in scenario.steps where !Task.isCancelled {
            let exchange = Exchange(step, of: scenario)
            let played: Played
            if let lacking {
                played = Played(exchange.skipped(because: lacking), step, variables)
            } else {
                played = try await play(step, as: exchange, &variables)
            }
            try observe(played)
        }
    }

    private func play(
        _ step: FixtureStep,
        as exchange: Exchange,
        _ variables: inout FixtureVariables
    ) async throws(ConformanceError) -> Played {
        let request: [UInt8]
        do {
            request = try variables.substituted(into: FixtureManifest.bytes(of: step.request, in: fixtures))
        } catch .unboundVariable(let name) {
            return Played(exchange.skipped(because: "no answer before it told {{\(name)}}"), step, variables)
        }
        let expected = try FixtureManifest.document(step.answer, in: fixtures)
        let clock = ContinuousClock()
        let start = clock.now
        do {
            let answer = try await client.post(
                request,
                to: step.service,
                number: step.number,
                contentType: step.contentType,
                action: step.action
            )
            let verdict = AnswerVerdict(answer, expected: expected, status: step.status, variables: &variables)
            let differences = verdict.differences.map(variables.withoutSecrets)
            let result = exchange.played(differences, compared: verdict.compared, in: clock.now - start)
            return Played(result, step, variables, expected, answer)
        } catch .noAnswer(let reason) {
            if Task.isCancelled { return Played(exchange.skipped(because: "interrupted"), step, variables) }
            let difference = XMLDifference.unanswered(reason)
            return Played(exchange.played([difference], compared: "", in: clock.now - start), step, variables)
        }
    }

    /// Sends a capture with the target's credentials and receiver in place of its own. The exchange tells whether the
    /// operation did what it does for the manifest.
    package func play(_ capture: FixtureRawRequest) async throws(ConformanceError) -> Exchange {
        let request = try RawRequest(parsing: FixtureManifest.bytes(of: capture.file, in: fixtures))
        let exchange = Exchange(capture, form: request.form)
        guard let ticket = variables["ticket"], let token = variables["token"], let receiver = variables["target"]
        else {
            return exchange.skipped(because: "there is no ticket")
        }
        let bytes = request.readdressed(to: client.target, ticket: ticket, token: token, receiver: receiver)
        let clock = ContinuousClock()
        let start = clock.now
        do {
            let answer = try await client.send(bytes)
            let verdict = CaptureVerdict(answer, to: capture, isSOAP12: request.form == .soap12)
            let differences = verdict.differences.map(variables.withoutSecrets)
            return exchange.played(differences, compared: CaptureVerdict.compared, in: clock.now - start)
        } catch .noAnswer(let reason) {
            if Task.isCancelled { return exchange.skipped(because: "interrupted") }
            let difference = XMLDifference.unanswered(reason)
            return exchange.played([difference], compared: "", in: clock.now - start)
        }
    }
}

extension ConformancePlayer.Played {
    fileprivate init(
        _ exchange: Exchange,
        _ step: FixtureStep,
        _ variables: FixtureVariables,
        _ expected: XMLDocument? = nil,
        _ answer: HTTPAnswer? = nil
    ) {
        self.init(exchange: exchange, step: step, expected: expected, answer: answer, variables: variables)
    }
}

extension FixtureVariables {
    /// Why a scenario cannot be played with these; nil when it can.
    fileprivate func lacking(in scenario: FixtureScenario, of directory: URL) throws(ConformanceError) -> String? {
        for file in Set(scenario.steps.flatMap { [$0.request, $0.answer] }).sorted() {
            let parts = FixtureTemplate.parts(of: try FixtureManifest.bytes(of: file, in: directory))
            for case .placeholder(let name) in parts where ["user", "password"].contains(name) && self[name] == nil {
                return "it needs a user and a password"
            }
        }
        return nil
    }
}
