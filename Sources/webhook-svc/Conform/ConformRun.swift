import Conformance
import Foundation
import UnixSignals

/// One run of `conform`: to its end, until it is interrupted, or until nothing answers any longer.
struct ConformRun: Sendable {
    let player: ConformancePlayer
    let selection: ConformSelection
    let fixtures: URL
    /// Where to record, nil for not at all.
    let recording: URL?
    /// Whether exchanges are printed as they are played.
    let isShown: Bool

    /// Unanswered requests in a row after which the target is taken to be gone.
    private static let unanswered = 3

    /// Plays, and cleans up whatever came of it. The first SIGINT or SIGTERM ends the playing, the second all.
    ///
    /// - Parameter cleanUp: Deletes what is left on the target; returns how much there was.
    func play(
        _ empty: ConformanceReport,
        cleanUp: @escaping @Sendable () async throws -> Int
    ) async throws -> ConformanceReport {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let playing = Task { await play(empty) }
        let watching = Task {
            for await _ in signals {
                guard !playing.isCancelled else {
                    warn("stopped at once: webhooks may be left on the target")
                    Foundation.exit(130)
                }
                playing.cancel()
            }
        }
        defer { watching.cancel() }
        var report = await playing.value
        do {
            report.removedWebhooks = try await cleanUp()
        } catch {
            let left = "webhooks may be left on the target, since they could not be deleted: \(error)"
            report.error = report.error.map { "\($0); \(left)" } ?? left
        }
        return report
    }

    private func play(_ empty: ConformanceReport) async -> ConformanceReport {
        var report = empty
        do {
            try await playAll(&report)
        } catch {
            report.error = "\(error)"
        }
        return report
    }

    private func playAll(_ report: inout ConformanceReport) async throws {
        var recording = try recording.map { try FixtureRecording(into: $0, from: fixtures) }
        var unanswered = 0
        func add(_ exchange: Exchange) throws {
            report.add(exchange)
            if isShown { print(ConformTable.lines(of: exchange)) }
            if exchange.outcome != .skipped { unanswered = exchange.isUnanswered ? unanswered + 1 : 0 }
            guard unanswered < Self.unanswered else {
                throw ConformanceError.noAnswer(
                    reason: "\(unanswered) requests in a row were not answered: \(exchange.differences[0].actual)"
                )
            }
        }
        for scenario in selection.scenarios {
            if isShown { print(ConformTable.head(of: scenario)) }
            var played: [ConformancePlayer.Played] = []
            try await player.play(scenario) { step in
                played.append(step)
                try add(step.exchange)
            }
            try Task.checkStop()
            try recording?.add(scenario, played)
        }
        if isShown, !selection.captures.isEmpty { print(ConformTable.headOfCaptures) }
        for capture in selection.captures {
            try add(try await player.play(capture))
            try Task.checkStop()
        }
        try recording?.finish()
        for line in recording?.unrecorded ?? [] { warn("not recorded: \(line)") }
    }
}

extension Task<Never, Never> {
    fileprivate static func checkStop() throws {
        if isCancelled { throw ConformanceError.noAnswer(reason: "interrupted before its end") }
    }
}
