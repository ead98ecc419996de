import AgentCore
import GRDB
import Synchronization

/// Brings deliveries in line with the states of their webhooks, in steps between which others write.
///
/// A webhook may have hundreds of thousands of deliveries, and whoever signals an event must not wait for them all. So
/// its state is stored first, and counts from then on: nothing is claimed of a webhook that is not Active. Its
/// deliveries follow. What they have still to become is told by what is stored, so that a step that failed is made
/// again, and after a crash the next start goes on (``unsettled(_:)``).
final class DeliverySettling: Sendable {
    private struct State {
        /// The webhooks whose deliveries have to follow, with the time of the change.
        var webhooks: [Int32: Timestamp] = [:]
        var isRunning = false
    }

    private let commits: GroupCommit
    private let arrivals: Arrivals
    private let state = Mutex(State())

    /// Deliveries that one step changes.
    static let rowsPerStep = 500
    /// Deliveries that change together with their webhook, so that one that has few is settled when the call returns.
    static let rowsAtOnce = 100
    /// The wait after a step that failed.
    private static let pause = Duration.seconds(1)

    init(commits: GroupCommit, arrivals: Arrivals) {
        self.commits = commits
        self.arrivals = arrivals
    }

    /// Has the deliveries of webhooks follow changes that were made at these times.
    func begin(_ webhooks: [Int32: Timestamp]) {
        guard !webhooks.isEmpty else { return }
        let isFirst = state.withLock { state in
            state.webhooks.merge(webhooks) { $1 }
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard isFirst else { return }
        Task.detached { [weak self] in
            while await self?.step() == true {}
        }
    }

    /// Returns whether there is more to do.
    private func step() async -> Bool {
        let next = state.withLock { state in
            if state.webhooks.isEmpty { state.isRunning = false }
            return state.webhooks.first
        }
        guard let (webhook, time) = next else { return false }
        do {
            let isMore = try await commits.write { try Self.settle(webhook, at: time, limit: Self.rowsPerStep, $0) }
            arrivals.raise()
            if !isMore {
                state.withLock { state in
                    // Another change in the meantime has its deliveries follow again.
                    if state.webhooks[webhook] == time { state.webhooks[webhook] = nil }
                }
            }
        } catch {
            // Whoever calls the store now is told the same. The step is made again until it can be.
            try? await Task.sleep(for: Self.pause)
        }
        return true
    }

    /// Brings deliveries of a webhook in line with what it is now, at most `limit`. Returns whether there may be more.
    ///
    /// - Parameter time: When what was parked is due, or since when what belonged to a deleted webhook has failed.
    static func settle(_ webhook: Int32, at time: Timestamp, limit: Int, _ database: Database) throws -> Bool {
        let state = try Int16.fetchOne(database, sql: "SELECT state FROM webhook WHERE id = ?", arguments: [webhook])
        let (change, from): (SQL, SQL)
        switch state.map(WebhookState.init(rawValue:)) {
        case nil: (change, from) = ("state = 1, owner = NULL, due = \(time.ticks), reason = \(Reason.deleted)", "0, 2")
        // Whoever holds a delivery keeps its lease.
        case .active?: (change, from) = ("state = 0, due = iif(owner IS NULL, \(time.ticks), due)", "2")
        default: (change, from) = ("state = 2", "0")
        }
        try database.execute(
            literal: """
                UPDATE delivery SET \(change) WHERE webhook_id = \(webhook) AND event_id IN (
                    SELECT event_id FROM delivery WHERE state IN (\(from)) AND webhook_id = \(webhook) LIMIT \(limit))
                """
        )
        return database.changesCount == limit
    }

    /// The webhooks with deliveries that have not followed them, with the time to settle them at; `now` for those that
    /// are gone.
    static func unsettled(now: Timestamp, _ database: Database) throws -> [Int32: Timestamp] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                WITH RECURSIVE queue (state, id) AS (
                    SELECT state, (SELECT min(webhook_id) FROM delivery WHERE delivery.state = states.state)
                    FROM (SELECT 0 AS state UNION ALL SELECT 2) AS states
                    UNION ALL
                    SELECT state, (
                        SELECT min(webhook_id) FROM delivery WHERE delivery.state = queue.state AND webhook_id > queue.id)
                    FROM queue WHERE id IS NOT NULL
                )
                SELECT DISTINCT queue.id, updated FROM queue LEFT JOIN webhook ON webhook.id = queue.id
                WHERE queue.id IS NOT NULL AND (webhook.id IS NULL OR (webhook.state = 1) <> (queue.state = 0))
                """
        )
        return Dictionary(
            uniqueKeysWithValues: rows.map { ($0[0], ($0[1] as Int64?).map(Timestamp.init(ticks:)) ?? now) }
        )
    }
}
