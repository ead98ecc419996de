import Foundation
import PostgreSQLClient
import PostgreSQLQueue
import StoreSupport
import Synchronization

extension PostgreSQLStore {
    /// Looks at the next webhooks that have something pending, found by leaping from one to the next in the index. Rows
    /// that a snapshot which is open elsewhere keeps from being removed are walked over here, and only here.
    static let sweepStatement =
        """
        WITH RECURSIVE waiting (webhook_id, mark, number) AS (
            (
                SELECT webhook_id, due, 1 FROM delivery WHERE state = 0 AND webhook_id > $2::int8
                ORDER BY webhook_id, due LIMIT 1
            )
            UNION ALL
            SELECT n.webhook_id, n.due, waiting.number + 1 FROM waiting CROSS JOIN LATERAL (
                SELECT d.webhook_id, d.due FROM delivery d WHERE d.state = 0 AND d.webhook_id > waiting.webhook_id
                ORDER BY d.webhook_id, d.due LIMIT 1
            ) AS n
            WHERE waiting.number < $3::int8
        )
        """ + look(at: "waiting AS c")

    /// Through indexes, as claims look.
    private static let sweepSettings = """
        SELECT set_config('statement_timeout', '10min', true), set_config('enable_seqscan', 'off', true),
            set_config('enable_bitmapscan', 'off', true)
        """

    /// Webhooks that a step of a sweep takes in.
    private static let webhooksPerStep = 500
    /// The pause after a step, in times that it took.
    private static let pauseShare = 9

    /// Begins a sweep beside the claims when it is time for one.
    func beginSweep() {
        let (isDue, isUrgent) = sweeps.begin()
        guard isDue else { return }
        let (lane, due, clock, sweeps) = (lanes.upkeep, due, leaseClock, sweeps)
        tasks.start {
            let began = ContinuousClock.now
            let owed = await Self.sweep(lane, due, clock, isUrgent: isUrgent)
            sweeps.end(began: began, owed: owed)
        }
    }

    /// Looks at all that is pending.
    func sweep() async {
        _ = await Self.sweep(lanes.upkeep, due, leaseClock, isUrgent: true)
    }

    /// Returns the pauses that it did not make.
    private static func sweep(
        _ lane: PostgreSQLLane,
        _ due: PostgreSQLDue,
        _ clock: PostgreSQLLeaseClock,
        isUrgent: Bool
    ) async -> Duration {
        var owed = Duration.zero
        var last: Int32? = 0
        while let after = last {
            let begun = ContinuousClock.now
            let moment = due.marks.moment
            let step = await lane.attempt(isRepeatable: true) { connection in
                // Longer than other statements, for what must be walked over while an old snapshot is open.
                connection.answerLimit = .seconds(610)
                let rows = try connection.run([
                    .begin, .init(Self.sweepSettings),
                    .init(Self.sweepStatement, [.bool(clock.isBehind), .int(after), .int(Self.webhooksPerStep)]),
                    .commit,
                ])[2]
                if let row = rows.first { clock.noteFirst(databaseNow: try row.int(7)) }
                let last = try rows.map { try $0.int32(0) }.max()
                return (
                    found: try rows.compactMap { try Self.found($0, clock) },
                    last: rows.count == Self.webhooksPerStep ? last : nil
                )
            }
            // A step that fails is tried again with the next sweep. Callers of the store get the same error now.
            guard case .success(let step) = step else { break }
            if due.marks.swept(step.found, since: moment) { due.arrivals.raise() }
            last = step.last
            let pause = begun.duration(to: .now) * Self.pauseShare
            if isUrgent || last == nil { owed += pause } else { try? await Task.sleep(for: pause) }
        }
        return owed
    }
}
