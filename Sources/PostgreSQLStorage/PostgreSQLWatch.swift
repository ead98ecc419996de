import Foundation
import Logging
import PostgreSQLClient
import PostgreSQLQueue
import StoreContracts
import StoreSupport
import Synchronization
import WebhookModel

/// Knows whether calls can be carried out, before they come.
///
/// Each lane that calls need carries out a small job of its kind again and again (``PostgreSQLProbe``), and
/// ``check()`` looks when the last one of each kind succeeded: a call that hangs says as much as one that fails.
final class PostgreSQLWatch: Sendable {
    /// How closely it watches.
    struct Settings: Sendable {
        /// The pause between a lane's probes.
        var interval = Duration.seconds(2)
        /// How long ago a kind may have succeeded for the last time.
        var limit = Duration.seconds(4)
        /// How long a kind for which no call waits may be without an answer: a list may take as long as a statement may.
        var silentLimit = Duration.seconds(20)
        /// How long a probe waits for a connection, and for a lock. With `interval` it is shorter than `limit`, so that
        /// the reason is known by then.
        var patience = Duration.milliseconds(1500)
        /// How long a probe waits for the server's answer. Calls that come meanwhile wait for it too.
        var answerLimit = Duration.seconds(3)
        /// A difference between this machine's clock and the database's that is logged.
        var skewWarning = Duration.seconds(2)
        /// A difference that makes the store unready.
        var skewLimit = Duration.seconds(10)
        /// This machine's clock.
        var now: @Sendable () -> Timestamp = { Timestamp(Date()) }
    }

    private let paths: [Path]
    private let tasks: StoreTasks
    private let skewWatch: ClockSkewWatch
    private let firstRounds: AsyncStream<Void>

    /// Starts watching, in `tasks`.
    init(_ lanes: PostgreSQLLanes, settings: Settings, tasks: StoreTasks, logger: Logger) {
        let skewWatch = ClockSkewWatch(settings, logger: logger)
        let probes = PostgreSQLProbe.all(lanes, settings: settings, skew: skewWatch)
        let (rounds, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        var paths: [Path] = []
        for (lane, probes) in probes {
            let watched = probes.map { Path($0, on: lane, settings: settings) }
            paths += watched
            // One task for each lane: it has one probe at a time, also when that hangs.
            tasks.start {
                while !Task.isCancelled {
                    var isWell = true
                    for path in watched where !Task.isCancelled { isWell = await path.probe() && isWell }
                    continuation.yield()
                    // A connection that was cut is no reason to be unready.
                    try? await Task.sleep(for: isWell ? settings.interval : settings.interval / 2)
                }
            }
        }
        (self.paths, self.tasks, self.skewWatch, firstRounds) = (paths, tasks, skewWatch, rounds)
    }

    /// Waits until every lane has been asked once, `limit` at most.
    func waitForFirstRound(atMost limit: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            let (paths, rounds) = (paths, firstRounds)
            group.addTask {
                for await _ in rounds where paths.allSatisfy(\.hasBeenTried) { return }
            }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Throws which kinds of calls cannot be carried out, since when, and why. Asks nobody.
    func check() throws(StoreError) {
        guard !tasks.isClosed else { throw .closed }
        let problems = paths.compactMap(\.problem)
        guard !problems.isEmpty else { return }
        throw .unavailable("PostgreSQL: " + problems.joined(separator: "; "))
    }

    /// How far this machine's clock is ahead of the database's, as it was measured last.
    var clockSkew: Duration? { skewWatch.last }

    /// One kind of calls.
    private final class Path: Sendable {
        private let probe: PostgreSQLProbe
        private let lane: PostgreSQLLane
        private let settings: PostgreSQLWatch.Settings
        private let state = Mutex(State())

        private struct State {
            var succeeded: (instant: ContinuousClock.Instant, time: Timestamp)?
            var failure: String?
            var hasBeenTried = false
        }

        init(_ probe: PostgreSQLProbe, on lane: PostgreSQLLane, settings: PostgreSQLWatch.Settings) {
            (self.probe, self.lane, self.settings) = (probe, lane, settings)
        }

        var hasBeenTried: Bool { state.withLock { $0.hasBeenTried } }

        /// Returns whether it succeeded.
        func probe() async -> Bool {
            let (body, answerLimit) = (probe.body, settings.answerLimit)
            let outcome = await lane.attempt(patience: settings.patience, isNext: true) { connection in
                connection.answerLimit = answerLimit
                do {
                    try body(connection)
                    return nil as PostgreSQLError?
                } catch let failure as PostgreSQLError where failure.kind == .conflict {
                    // It is tried again soon enough.
                    return failure
                }
            }
            let failure: String? =
                switch outcome {
                case .success(let failure): failure?.text
                case .failure(let failure as PostgreSQLError): failure.text
                case .failure(StoreError.unavailable(let text)): text
                case .failure(let error): "\(error)"
                }
            state.withLock { state in
                state.hasBeenTried = true
                state.failure = failure
                if failure == nil { state.succeeded = (.now, settings.now()) }
            }
            return failure == nil
        }

        /// What is wrong; nil when nothing is.
        var problem: String? {
            return state.withLock { state in
                let isSilent = probe.isPatient && state.failure == nil && lane.trouble == nil
                let limit = isSilent ? settings.silentLimit : settings.limit
                if let succeeded = state.succeeded, succeeded.instant.duration(to: .now) <= limit { return nil }
                let since = state.succeeded.map { "since \($0.time)" } ?? "since the start"
                return "\(probe.name) \(since): \(state.failure ?? lane.trouble ?? "no answer")"
            }
        }
    }
}

/// Remembers how far this machine's clock is ahead of the database's, and logs it when it is much.
final class ClockSkewWatch: Sendable {
    private struct State {
        var last: Duration?
        var isLogged = false
    }

    private let settings: PostgreSQLWatch.Settings
    private let logger: Logger
    private let state = Mutex(State())

    /// Samples of which the one with the shortest round trip counts.
    private static let samples = 3

    init(_ settings: PostgreSQLWatch.Settings, logger: Logger) {
        (self.settings, self.logger) = (settings, logger)
    }

    var last: Duration? { state.withLock { $0.last } }

    /// Compares the clocks. Throws when they are too far apart.
    func measure(_ connection: PostgreSQLConnection) throws {
        var best: (roundTrip: Duration, skew: Duration)?
        for _ in 0..<Self.samples {
            let (start, before) = (ContinuousClock.now, settings.now())
            let theirs = try connection.run("SELECT \(PostgreSQLLeaseClock.databaseNow)")[0].int(0)
            let roundTrip = start.duration(to: .now)
            let skew = before.advanced(by: roundTrip / 2).since(Timestamp(ticks: theirs))
            if roundTrip < best?.roundTrip ?? .seconds(Int64.max) { best = (roundTrip, skew) }
        }
        guard let best else { return }
        note(best.skew, isCertain: best.roundTrip / 2)
        let seconds = Self.text(best.skew)
        guard abs(best.skew) - best.roundTrip / 2 <= settings.skewLimit else {
            throw PostgreSQLError(.statement, "this machine's clock is \(seconds) the database's: set one of them")
        }
    }

    private func note(_ skew: Duration, isCertain error: Duration) {
        let isMuch = abs(skew) - error > settings.skewWarning
        let isNews = state.withLock { state in
            state.last = skew
            defer { state.isLogged = isMuch }
            return state.isLogged != isMuch
        }
        guard isNews else { return }
        let metadata: Logger.Metadata = ["clock": "\(Self.text(skew)) the database's"]
        if isMuch {
            logger.warning("this machine's clock and the database's differ: set one of them", metadata: metadata)
        } else {
            logger.notice("this machine's clock and the database's agree again", metadata: metadata)
        }
    }

    private static func text(_ skew: Duration) -> String {
        let milliseconds = Int((skew / .milliseconds(1)).rounded())
        return "\(Double(abs(milliseconds)) / 1000) s \(milliseconds < 0 ? "behind" : "ahead of")"
    }
}

private func abs(_ duration: Duration) -> Duration { duration < .zero ? .zero - duration : duration }
