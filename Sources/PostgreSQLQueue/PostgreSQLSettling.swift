import Foundation
package import PostgreSQLClient
package import StoreContracts
package import StoreSupport
import Synchronization
package import WebhookModel

/// Has deliveries follow the states of their webhooks, in steps that hold nothing but the webhook's usage row and the
/// deliveries that they change (``DeliverySettling``).
///
/// Several processes may settle one webhook: each step reads what the webhook is now, and what it has still to become is
/// the same for all of them.
package final class PostgreSQLSettling: Sendable {
    /// How far the steps have come in the index of each state: by due time where it is the queue's, else by event. The
    /// rows before that place have been changed, and may have to be walked over as long as an open snapshot sees them.
    private typealias Place = [DeliveryRowState: Int64]

    private struct Settled: Sendable {
        var isMore: Bool
        var place: Place
        /// Since when something is due that was parked.
        var due: Int64?
    }

    private let lane: PostgreSQLLane
    private let due: PostgreSQLDue
    private let steps: DeliverySettling
    private let places = Mutex<[Int32: Place]>([:])
    private let nextSearch = Mutex(ContinuousClock.now)

    private static let searchInterval = Duration.seconds(60)
    /// Webhooks of one call whose first step is waited for.
    private static let firstSteps = 8

    package init(lane: PostgreSQLLane, due: PostgreSQLDue, tasks: StoreTasks = StoreTasks()) {
        self.lane = lane
        self.due = due
        steps = DeliverySettling(arrivals: due.arrivals, tasks: tasks)
    }

    /// Has the deliveries of webhooks follow changes that were committed and made at these times. Those of a webhook that
    /// has few have followed when it returns.
    package func follow(_ webhooks: [Int32: Timestamp], on lane: PostgreSQLLane) async {
        due.marks.forget(webhooks.keys)
        var left = webhooks
        for (webhook, time) in webhooks.prefix(Self.firstSteps) {
            // A step that fails is repeated until it succeeds.
            guard case .success(false) = await attempt(webhook, at: time, on: lane) else { continue }
            left[webhook] = nil
        }
        begin(left)
    }

    private func begin(_ webhooks: [Int32: Timestamp]) {
        steps.begin(webhooks) { [weak self] webhook, time in
            let begun = ContinuousClock.now
            let isMore = try await self?.step(webhook, at: time) ?? false
            // Others' commits go between two steps: a disk may take as long for a step as for hundreds of events.
            if isMore { try? await Task.sleep(for: begun.duration(to: .now)) }
            return isMore
        }
    }

    /// Waits until all deliveries have followed.
    package func finish() async {
        await steps.finish()
    }

    /// Searches where the last search is a minute ago.
    package func searchNowAndThen() async throws(StoreError) {
        let isTime = nextSearch.withLock { next in
            defer { if next <= .now { next = .now.advanced(by: Self.searchInterval) } }
            return next <= .now
        }
        if isTime { try await search() }
    }

    /// Finds the webhooks whose deliveries have not followed them, and goes on with these: a process may have ended
    /// between a webhook's change and the last step of its deliveries.
    func search() async throws(StoreError) {
        begin(
            try await lane.run(isRepeatable: true) { connection in
                let now = Timestamp(Date())
                let rows = try connection.run(Self.unsettledStatement).map {
                    (try $0.int32(0), $0.optionalInt(1).map(Timestamp.init(ticks:)) ?? now)
                }
                return Dictionary(rows) { first, _ in first }
            }
        )
    }

    /// Changes the next deliveries of a webhook whose state has changed at that time. Returns whether there may be more.
    ///
    /// - Parameter time: When what was parked is due, or since when what belonged to a webhook that was deleted, or is no
    ///   longer delivered, has failed.
    package func step(_ webhook: Int32, at time: Timestamp) async throws -> Bool {
        try await attempt(webhook, at: time, on: lane).get()
    }

    private func attempt(
        _ webhook: Int32,
        at time: Timestamp,
        on lane: PostgreSQLLane
    ) async -> Result<Bool, any Error> {
        let place = places.withLock { $0[webhook] ?? [:] }
        let settled = await lane.attempt(isRepeatable: true) { try Self.settle(webhook, at: time, from: place, $0) }
        return settled.map { settled in
            places.withLock { $0[webhook] = settled.isMore && !settled.place.isEmpty ? settled.place : nil }
            if let earliest = settled.due { due.announce([webhook: earliest]) }
            return settled.isMore
        }
    }

    private static func settle(
        _ webhook: Int32,
        at time: Timestamp,
        from place: Place,
        _ connection: PostgreSQLConnection
    ) throws -> Settled {
        let webhookRow = try connection.run([
            .begin, .init(PostgreSQLResults.lockUsage, [.ints([webhook])]),
            PostgreSQLWebhookStates.standing(of: webhook),
        ])[2].first
        let change = DeliveryChange(following: try webhookRow.map(PostgreSQLWebhookStates.standing))
        let reason = if case .end(let reason) = change { reason as String? } else { nil as String? }
        let limit = DeliverySettling.rowsPerStep
        let states = change.states
        let calls = states.map { state in
            PostgreSQLConnection.Call(
                statement(change, of: state),
                [
                    .int(webhook), .int(place[state] ?? .min), .int(limit), .int(time.ticks),
                    .text(reason.map(AttemptColumns.text)),
                ]
            )
        }
        let changed = try connection.run(calls + [.commit])
        var next = place
        var isFull = false
        for (state, rows) in zip(states, changed) {
            if let last = rows[0].optionalInt(1) { next[state] = last }
            if try rows[0].int(0) == limit { isFull = true }
        }
        // Meanwhile a row may have come to stand before the place: the holder of a lease can give it up.
        return Settled(
            isMore: isFull || !place.isEmpty,
            place: isFull ? next : [:],
            due: change == .resume ? changed[0][0].optionalInt(2) : nil
        )
    }

    /// A statement for each state, since each has an index.
    package static func statement(_ change: DeliveryChange, of state: DeliveryRowState) -> String {
        let assignments =
            switch change {
            case .park: "state = 2"
            // The holder of a delivery keeps its lease.
            case .resume: "state = 0, due = CASE WHEN d.owner IS NULL THEN $4::int8 ELSE d.due END"
            case .end: "state = 1, owner = NULL, due = $4::int8, reason = $5::text"
            }
        let key = state == .pending ? "due" : "event_id"
        return """
            WITH next AS MATERIALIZED (
                SELECT event_id, \(key) AS key FROM delivery
                WHERE state = \(state.rawValue) AND webhook_id = $1::int8 AND \(key) >= $2::int8
                ORDER BY \(key) LIMIT $3::int8 FOR UPDATE
            ), changed AS (
                UPDATE delivery d SET \(assignments) FROM next n WHERE d.event_id = n.event_id AND d.webhook_id = $1::int8
                RETURNING d.due
            )
            SELECT (SELECT count(*) FROM next), (SELECT max(key) FROM next), (SELECT min(due) FROM changed)
            """
    }

    /// The webhooks with deliveries that have not followed them, found by leaping from one to the next in the indexes, with
    /// the time to settle them at; none for those that are gone.
    static let unsettledStatement: String = {
        let queues = DeliveryRowState.unsent.map { state in
            """
            queue\(state.rawValue) (id) AS (
                (SELECT webhook_id FROM delivery WHERE state = \(state.rawValue) ORDER BY webhook_id LIMIT 1)
                UNION ALL
                SELECT n.webhook_id FROM queue\(state.rawValue) AS q CROSS JOIN LATERAL (
                    SELECT webhook_id FROM delivery WHERE state = \(state.rawValue) AND webhook_id > q.id
                    ORDER BY webhook_id LIMIT 1
                ) AS n
            )
            """
        }
        let all = DeliveryRowState.unsent.map { "SELECT \($0.rawValue) AS state, id FROM queue\($0.rawValue)" }
        return """
            WITH RECURSIVE \(queues.joined(separator: ", "))
            SELECT q.id, w.updated FROM (\(all.joined(separator: " UNION ALL "))) AS q LEFT JOIN webhook w ON w.id = q.id
            WHERE w.id IS NULL OR NOT w.is_deliverable OR q.state <> 3 AND (w.state = 1) <> (q.state = 0)
            """
    }()
}
