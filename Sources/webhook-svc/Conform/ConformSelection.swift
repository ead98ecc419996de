import Conformance
import Foundation

/// What is played of a manifest.
struct ConformSelection {
    let scenarios: [FixtureScenario]
    let captures: [FixtureRawRequest]

    /// - Parameters:
    ///   - only: What is played: a part of a scenario's name or of a capture's file, or a whole form, operation or step.
    ///     All when it is empty.
    ///   - skip: What is not, in the same terms.
    ///
    /// Throws `ConformanceError` for a capture that cannot be read.
    init(_ manifest: FixtureManifest, in directory: URL, only: [String], skip: [String]) throws {
        func isAmong(_ texts: [String], name: String, whole: [String]) -> Bool {
            texts.contains { text in
                let text = text.lowercased()
                return name.lowercased().contains(text) || whole.contains { $0.lowercased() == text }
            }
        }
        func isWanted(_ name: String, _ whole: [String]) -> Bool {
            (only.isEmpty || isAmong(only, name: name, whole: whole)) && !isAmong(skip, name: name, whole: whole)
        }
        scenarios = manifest.scenarios.filter { scenario in
            let steps = scenario.steps.flatMap { [$0.name, String($0.name.prefix { $0 != "-" })] }
            return isWanted(scenario.name, [scenario.form.rawValue] + steps)
        }
        captures = try manifest.raw.filter { capture in
            let form = try capture.form(in: directory)
            return isWanted(capture.file, [form.rawValue, capture.operation])
        }
    }

    var isEmpty: Bool { scenarios.isEmpty && captures.isEmpty }
}
