import Foundation
import GRDB
package import StoreContracts
import StoreSupport
import Synchronization
import WebhookModel

extension SQLiteStore {
    package func signal(_ event: Event, completion: @escaping @Sendable (Result<Int, StoreError>) -> Void) {
        let handOver = receiver.withLock { $0 }.map(HandOver.init(to:))
        commits.write(isSignal: true) { [listeners] database in
            // A transaction that was undone may have reserved some.
            handOver?.undo()
            return try Self.signal(event, to: listeners, handOver, database)
        } completion: { [arrivalSignal] result in
            switch result {
            case .success(let taken):
                handOver?.finish(taken.handedOver)
                if taken.isDue { arrivalSignal.raise() }
            case .failure: handOver?.undo()
            }
            completion(result.map(\.deliveries))
        }
    }

    package func handOver(to receiver: (any DeliveryReceiver)?) {
        self.receiver.withLock { $0 = receiver }
    }

    /// What came of an event.
    struct Taken: Sendable {
        /// How many deliveries it made.
        var deliveries = 0
        /// Those that are leased by whoever they are handed over to.
        var handedOver: [ClaimedDelivery] = []
        /// Whether one of the others may be due.
        var isDue = false
    }

    private static func signal(
        _ event: Event,
        to listeners: Listeners,
        _ handOver: HandOver?,
        _ database: Database
    ) throws -> Taken {
        let key = EventName.key(event.name)
        guard event.otherName == nil, event.excludedWebhook == nil,
            let known = try listeners.listeners(tenant: event.tenant, key: key, database)
        else {
            let count = try signalToAll(event, database)
            return Taken(deliveries: count, isDue: count > 0)
        }
        let made = known.compactMap { listener in
            state(for: listener, missed: event.missed).map { (listener: listener, state: $0) }
        }
        // An event that nobody listens to writes nothing, hence costs no commit to disk.
        guard !made.isEmpty else { return Taken() }
        try insert(event, key: key, database)
        let id = database.lastInsertedRowID
        let insertion = try BoundStatement(deliveryInsertion, database)
        var taken = Taken(deliveries: made.count)
        for (listener, state) in made {
            let lease = state == .pending ? try self.lease(listener, handOver, database) : nil
            insertion.bind(id, at: 1)
            insertion.bind(Int64(listener.id), at: 2)
            insertion.bind(Int64(state.rawValue), at: 3)
            insertion.bind(lease?.end.ticks ?? event.time.ticks, at: 4)
            insertion.bind(lease == nil ? 0 : 1, at: 5)
            insertion.bind(listener.bodySuffix, at: 6)
            insertion.bind(state == .failed ? UnsentReason.undeliverable(type: listener.type) : nil, at: 7)
            insertion.bind(lease?.owner.uuidString, at: 8)
            try insertion.run()
            if lease != nil {
                taken.handedOver.append(ClaimedDelivery(of: event, id: id, to: listener))
            } else if state == .pending {
                taken.isDue = true
            }
        }
        return taken
    }

    /// The state of the delivery that a listener gets; nil where it gets none.
    private static func state(for listener: Listeners.Listener, missed: MissedEvents) -> DeliveryRowState? {
        switch listener.state {
        case .active: listener.isDeliverable ? .pending : .failed
        case .tooManyErrors: missed.rowState.map { listener.isDeliverable ? $0 : .failed }
        default: nil
        }
    }

    /// The lease with which a listener's delivery is handed over; nil where it is to be claimed.
    private static func lease(
        _ listener: Listeners.Listener,
        _ handOver: HandOver?,
        _ database: Database
    ) throws -> Lease? {
        guard let handOver else { return nil }
        let usage = try BoundStatement(
            "SELECT consecutive_errors = 0 AND paused_until = 0 FROM webhook_usage WHERE webhook_id = ?",
            database
        )
        usage.bind(Int64(listener.id), at: 1)
        guard try usage.rows({ try $0.bool(0) }) == [true] else { return nil }
        return handOver.reserve(target: listener.target)
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
        INSERT INTO delivery (\(InsertedColumns.signalledDelivery.sqlList), owner) VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?)
        """

    private static let deliveryInsertionForAll = """
        INSERT OR IGNORE INTO delivery (\(InsertedColumns.signalledDelivery.sqlList))
        SELECT ?, id, iif(is_deliverable, iif(state = 1, 0, ?), 1), 0, ?, 0, body_suffix, iif(is_deliverable, NULL, ? || type || ?)
        FROM webhook_event JOIN webhook ON id = webhook_id
        WHERE webhook_event.tenant = ? AND event_key IN (?, ?) AND id <> ? AND (state = 1 OR state = ?)
        """

    /// Takes an event in for any number of listeners, which SQLite finds. Returns how many deliveries that made.
    ///
    /// The statement decides as ``state(for:missed:)`` does for few listeners.
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

extension ClaimedDelivery {
    /// The delivery of an event that a listener has just got.
    fileprivate init(of event: Event, id: Int64, to listener: Listeners.Listener) {
        var body: [UInt8] = []
        body.reserveCapacity(event.bodyHead.count + listener.bodySuffix.count + event.bodyTail.count)
        body += event.bodyHead
        body += listener.bodySuffix
        body += event.bodyTail
        self.init(
            id: DeliveryID(event: id, webhook: listener.id),
            fence: 1,
            attempts: 0,
            eventID: event.id,
            event: event.name,
            body: body,
            url: listener.url,
            target: listener.target,
            headers: listener.headers,
            secret: listener.secret
        )
    }
}
