package import Foundation
import XML

/// A directory of fixtures that is made of what a server answers.
package struct FixtureRecording {
    private let directory: URL
    private let fixtures: URL
    private var scenarios: [FixtureScenario] = []
    /// The steps whose answers could not be recorded, each with the reason.
    package private(set) var unrecorded: [String] = []

    /// - Parameters:
    ///   - directory: Where to write; it is made, and must be empty where it exists.
    ///   - fixtures: The directory whose scenarios are played.
    ///
    /// Throws ``ConformanceError/unwritable(file:reason:)``.
    package init(into directory: URL, from fixtures: URL) throws(ConformanceError) {
        self.directory = directory
        self.fixtures = fixtures
        do {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            guard try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty else {
                throw ConformanceError.unwritable(file: directory.path, reason: "it is not empty")
            }
        } catch let error as ConformanceError {
            throw error
        } catch {
            throw .unwritable(file: directory.path, reason: error.localizedDescription)
        }
    }

    /// Adds a scenario as it was played: requests as they are, answers as ``AnswerTemplate`` makes them.
    ///
    /// Throws ``ConformanceError``.
    package mutating func add(
        _ scenario: FixtureScenario,
        _ played: [ConformancePlayer.Played]
    ) throws(ConformanceError) {
        var steps: [FixtureStep] = []
        for (index, played) in played.enumerated() {
            let step = played.step
            guard let answer = played.answer, let expected = played.expected else {
                unrecorded.append("\(scenario.name), \(step.name): \(played.exchange.reason ?? "there was no answer")")
                continue
            }
            guard let actual = try? FixtureManifest.reader.read(answer.body) else {
                let reason = "HTTP \(answer.status) with \(BodyExcerpt.of(answer.body))"
                unrecorded.append("\(scenario.name), \(step.name): \(reason)")
                continue
            }
            let file = "\(scenario.name)/\(index + 1)-\(step.name).answer.xml"
            let template = AnswerTemplate.bytes(
                actual: actual.root,
                expected: expected.root,
                variables: played.variables
            )
            try write(template, to: file)
            try write(FixtureManifest.bytes(of: step.request, in: fixtures), to: step.request)
            steps.append(step.answered(by: file, status: answer.status))
        }
        if !steps.isEmpty { scenarios.append(FixtureScenario(name: scenario.name, form: scenario.form, steps: steps)) }
    }

    /// Writes the manifest. Throws ``ConformanceError/unwritable(file:reason:)``.
    package func finish() throws(ConformanceError) {
        let manifest = FixtureManifest(format: FixtureManifest.supportedFormat, scenarios: scenarios, raw: [])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            try write([UInt8](encoder.encode(manifest)) + [UInt8(ascii: "\n")], to: FixtureManifest.fileName)
        } catch let error as ConformanceError {
            throw error
        } catch {
            throw .unwritable(file: FixtureManifest.fileName, reason: error.localizedDescription)
        }
    }

    private func write(_ bytes: [UInt8], to file: String) throws(ConformanceError) {
        let url = directory.appending(path: file)
        do {
            let parent = url.deletingLastPathComponent()
            try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
            try Data(bytes).write(to: url)
        } catch {
            throw .unwritable(file: url.path, reason: error.localizedDescription)
        }
    }
}

extension FixtureStep {
    /// The step with another answer.
    fileprivate func answered(by file: String, status: Int) -> FixtureStep {
        FixtureStep(
            name: name,
            service: service,
            number: number,
            request: request,
            contentType: contentType,
            action: action,
            status: status,
            answer: file,
            source: .recorded
        )
    }
}
