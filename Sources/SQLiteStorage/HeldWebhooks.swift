import GRDB
import StoreContracts
import Synchronization
import WebhookModel

/// The webhooks that were read lately, as they are committed.
///
/// SQLite itself tells which rows of `webhook` a transaction changes, so that no statement can be forgotten. What has
/// changed is let go before the call that changed it completes: whoever reads after that call reads the new row.
final class HeldWebhooks: TransactionObserver, Sendable {
    private struct State {
        var webhooks = BoundedCache<Int32, HeldWebhook?>(capacity: HeldWebhooks.capacity)
        /// The ids that the transaction under way has changed.
        var changed: Set<Int32> = []
        var generation = 0
    }

    private let state = Mutex(State())

    /// How many webhooks are held.
    static let capacity = 4096
    /// A webhook whose row has more bytes is not held, so that all of them stay below 16 MiB, and what is made of them below
    /// ``HeldWebhook/forms`` times as much and some markup.
    static let mostBytes = 4 << 10

    /// The webhook; nil when it is not held, or not of that scope.
    func webhook(id: Int32, in scope: WebhookScope) -> HeldWebhook? {
        guard let held = state.withLock({ $0.webhooks[id] ?? nil }), scope.holds(held.scope) else { return nil }
        return held
    }

    /// Changes whenever a webhook has changed.
    var generation: Int { state.withLock { $0.generation } }

    /// Holds a webhook.
    ///
    /// - Parameter generation: That of before the webhook was read. Where one has changed since, nothing is held.
    func hold(_ held: HeldWebhook, generation: Int) {
        state.withLock { state in
            guard state.generation == generation else { return }
            state.webhooks.insert(held, for: held.webhook.id)
        }
    }

    // MARK: TransactionObserver

    func observes(eventsOfKind kind: DatabaseEventKind) -> Bool { kind.tableName == "webhook" }

    func databaseDidChange(with event: DatabaseEvent) {
        let id = Int32(truncatingIfNeeded: event.rowID)
        state.withLock { _ = $0.changed.insert(id) }
    }

    func databaseDidCommit(_ database: Database) {
        state.withLock { state in
            guard !state.changed.isEmpty else { return }
            for id in state.changed { state.webhooks.insert(nil, for: id) }
            state.changed = []
            state.generation += 1
        }
    }

    func databaseDidRollback(_ database: Database) {
        state.withLock { $0.changed = [] }
    }
}
