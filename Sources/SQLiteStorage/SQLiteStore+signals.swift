import Foundation
import GRDB
package import StoreContracts
import StoreSupport
import WebhookModel

extension SQLiteStore {
    package func signal(_ event: Event, completion: @escaping @Sendable (Result<Int, StoreError>) -> Void) {
        commits.write(isSignal: true) { [listeners] database in
            try Self.signal(event, to: listeners, database)
        } completion: { [arrivalSignal] result in
            if case .success(let taken) = result, taken.isDue { arrivalSignal.raise() }
            completion(result.map(\.deliveries))
        }
    }

    /// What came of an event.
    struct Taken: Sendable {
        /// How many deliveries it made.
        var deliveries = 0
        /// Whether one of them may be due.
        var isDue = false
    }

    private static func signal(_ event: Event, to listeners: Listeners, _ database: Database) throws -> Taken {
        let key = EventName.key(event.name)
        guard event.otherName == nil, event.excludedWebhook == nil,
            let known = try listeners.listeners(tenant: event.tenant, key: key, database)
        else {
            let count = try signalToAll(event, database)
            return Taken(deliveries: count, isDue: count > 0)
        }
        var deliveries: [(listener: Listeners.Listener, state: DeliveryRowState)] = []
        for listener in known {
            switch listener.state {
            case .active: deliveries.append((listener, listener.isDeliverable ? .pending : .failed))
            case .tooManyErrors:
                if let state = event.missed.rowState {
                    deliveries.append((listener, listener.isDeliverable ? state : .failed))
                }
            default: break
            }
        }
        // An event that nobody listens to writes nothing, hence costs no commit to disk.
        guard !deliveries.isEmpty else { return Taken() }
        try insert(event, key: key, database)
        let id = database.lastInsertedRowID
        let insertion = try BoundStatement(deliveryInsertion, database)
        for (listener, state) in deliveries {
            insertion.bind(id, at: 1)
            insertion.bind(Int64(listener.id), at: 2)
            insertion.bind(Int64(state.rawValue), at: 3)
            insertion.bind(event.time.ticks, at: 4)
            insertion.bind(listener.bodySuffix, at: 5)
            insertion.bind(state == .failed ? UnsentReason.undeliverable(type: listener.type) : nil, at: 6)
            try insertion.run()
        }
        return Taken(deliveries: deliveries.count, isDue: deliveries.contains { $0.state == .pending })
    }

    private static func insert(_ event: Event, key: String, _ database: Database) throws {
        let insertion = try BoundStatement(eventInsertion, database)
        insertion.bind(event.id.uuidString, at: 1)
        insertion.bind(event.tenant, at: 2)
        insertion.bind(event.name, at: 3)
        insertion.bind(key, at: 4)
        insertion.bind(event.bodyHead, at: 5)
        insertion.bind(event.bodyTail, at: 6)
        insertion.bind(event.time.ticks, at: 7)
        try insertion.run()
    }

    /// Sets every column but the id, which the database gives out.
    private static let eventInsertion = {
        let columns = Array(StoreTable.event.columns.dropFirst(StoreTable.event.keyColumns))
        return "INSERT INTO event (\(columns.sqlList)) VALUES (\(columns.sqlMarks))"
    }()

    private static let deliveryInsertion = """
        INSERT INTO delivery (\(InsertedColumns.signalledDelivery.sqlList)) VALUES (?, ?, ?, 0, ?, 0, ?, ?)
        """

    private static let deliveryInsertionForAll = """
        INSERT OR IGNORE INTO delivery (\(InsertedColumns.signalledDelivery.sqlList))
        SELECT ?, id, iif(is_deliverable, iif(state = 1, 0, ?), 1), 0, ?, 0, body_suffix, iif(is_deliverable, NULL, ? || type || ?)
        FROM webhook_event JOIN webhook ON id = webhook_id
        WHERE webhook_event.tenant = ? AND event_key IN (?, ?) AND id <> ? AND (state = 1 OR state = ?)
        """

    /// Takes an event in for any number of listeners, which SQLite finds. Returns how many deliveries that made.
    ///
    /// The statement decides as ``signal(_:to:_:)`` does for few listeners.
    static func signalToAll(_ event: Event, _ database: Database) throws -> Int {
        let key = EventName.key(event.name)
        let other = event.otherName.map(EventName.key) ?? key
        let excluded = event.excludedWebhook ?? 0
        // Null where such webhooks do not get it: no state is the same as null.
        let missed = event.missed.rowState?.rawValue
        let failing = missed.map { _ in WebhookState.tooManyErrors.rawValue }
        let listener = try database.cachedStatement(
            sql: """
                SELECT 1 FROM webhook_event JOIN webhook ON id = webhook_id
                WHERE webhook_event.tenant = ? AND event_key IN (?, ?) AND id <> ? AND (state = 1 OR state = ?) LIMIT 1
                """
        )
        guard try Int.fetchOne(listener, arguments: [event.tenant, key, other, excluded, failing]) != nil else {
            return 0
        }
        try insert(event, key: key, database)
        // A webhook that listens to both names gets the event once.
        try database.cachedStatement(sql: deliveryInsertionForAll).execute(
            arguments: [
                database.lastInsertedRowID, missed, event.time.ticks, UnsentReason.undeliverable.before,
                UnsentReason.undeliverable.after, event.tenant, key, other, excluded, failing,
            ]
        )
        return database.changesCount
    }
}
