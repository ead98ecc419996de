import GRDB
import StoreContracts
import StoreSupport
import Synchronization
import Text
import WebhookModel

/// The webhooks that listen to names, kept in memory by the writer of a database.
///
/// The writer alone asks it, within its transactions, so that who listens is what the transaction sees. SQLite tells when a
/// row of `webhook` changes: nothing is remembered from then until the transaction is over. Rows of `webhook_event` change
/// only together with their webhook's.
final class Listeners: TransactionObserver, Sendable {
    /// What a listening webhook adds to an event.
    struct Listener: Sendable {
        let id: Int32
        let state: WebhookState
        let type: String
        let isDeliverable: Bool
        let bodySuffix: [UInt8]
        let url: String
        let target: String
        let headers: StringDictionary?
        let secret: String?
    }

    private struct Name: Hashable {
        let tenant: ExactText
        let key: ExactText
    }

    private struct State {
        var listeners = BoundedCache<Name, [Listener]>(capacity: Listeners.names)
        /// Whether the transaction under way has changed a webhook.
        var isChanging = false
    }

    private let state = Mutex(State())

    /// How many names are remembered.
    private static let names = 4096
    /// A name with more listeners is not remembered, nor one whose listeners have more bytes together: what all names hold stays
    /// below 32 MiB.
    private static let longestList = 64
    private static let mostBytes = 8 << 10

    /// The webhooks of a tenant that listen to the name of this key and may get something, by id; nil where there are too many to
    /// remember, or one of them cannot be read.
    func listeners(tenant: String, key: String, _ database: Database) throws -> [Listener]? {
        let name = Name(tenant: ExactText(tenant), key: ExactText(key))
        let (known, isChanging) = state.withLock { ($0.listeners[name], $0.isChanging) }
        if let known { return known }
        let selection = try BoundStatement(Self.selection, database)
        selection.bind(tenant, at: 1)
        selection.bind(key, at: 2)
        let listeners: [Listener]
        do {
            listeners = try selection.rows { try Listener($0) }
        } catch let error where !(error is DatabaseError) {
            // A row that cannot be read keeps the event from nobody else.
            return nil
        }
        guard listeners.count <= Self.longestList, listeners.reduce(0, { $0 + $1.bytes }) <= Self.mostBytes else {
            return nil
        }
        if !isChanging { state.withLock { $0.listeners.insert(listeners, for: name) } }
        return listeners
    }

    private static let selection = """
        SELECT id, state, type, is_deliverable, body_suffix, target_url, target, headers, secret
        FROM webhook_event JOIN webhook ON id = webhook_id
        WHERE webhook_event.tenant = ? AND event_key = ?
            AND state NOT IN (\(WebhookState.unknown.rawValue), \(WebhookState.stopped.rawValue))
        ORDER BY id LIMIT \(longestList + 1)
        """

    // MARK: TransactionObserver

    func observes(eventsOfKind kind: DatabaseEventKind) -> Bool { kind.tableName == "webhook" }

    func databaseDidChange(with event: DatabaseEvent) {
        state.withLock { state in
            guard !state.isChanging else { return }
            state.listeners.removeAll()
            state.isChanging = true
        }
    }

    func databaseDidCommit(_ database: Database) { state.withLock { $0.isChanging = false } }
    func databaseDidRollback(_ database: Database) { state.withLock { $0.isChanging = false } }
}

extension Listeners.Listener {
    fileprivate init(_ row: BoundRow) throws {
        id = try row.int32(0)
        state = try WebhookRow.state(row.int(1), of: id)
        type = try row.optionalText(2) ?? ""
        isDeliverable = try row.bool(3)
        bodySuffix = try row.bytes(4)
        url = try row.optionalText(5) ?? ""
        target = try row.text(6)
        headers = try row.json(7)
        secret = try row.optionalText(8)
    }

    /// About how many bytes it holds.
    fileprivate var bytes: Int {
        let own = headers?.entries.reduce(0) { $0 + $1.key.utf8.count + ($1.value?.utf8.count ?? 0) } ?? 0
        return bodySuffix.count + url.utf8.count + own + type.utf8.count + (secret?.utf8.count ?? 0)
    }
}
