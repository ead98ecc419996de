package import StoreContracts
import WebhookModel

/// The statements that select records of deliveries, in the SQL that SQLite and PostgreSQL have in common. Each returns what
/// ``DeliveryRecord/init(_:)`` reads.
package struct DeliverySelection: Sendable {
    /// Returns how a database writes the parameter of a number, from 1, and a kind.
    package typealias Parameter = (_ number: Int, _ kind: StoreTable.Kind) -> String

    package let statements: [String]
    /// The values of the parameters, which are the same in every statement.
    package let values: [(kind: StoreTable.Kind, value: StoredValue)]

    /// Selects a page, which ``DeliveryQuery/page(of:)`` makes of what the statements return.
    package init(_ query: DeliveryQuery, parameter: Parameter) {
        self.init(query, comparison: query.order.sqlComparison, parameter)
    }

    /// Selects one delivery.
    package init(of id: DeliveryID, parameter: Parameter) {
        let query = DeliveryQuery(DeliveryFilter(), in: .newestFirst, after: id, limit: 1)
        self.init(query, comparison: "=", parameter)
    }

    /// - Parameter comparison: The operator between the id of what is selected and the cursor.
    private init(_ query: DeliveryQuery, comparison: String, _ parameter: Parameter) {
        let filter = query.filter
        let cursor = query.cursor ?? query.order.start
        values = [
            (.int, .int(cursor.event)), (.int, .int(Int64(cursor.webhook))),
            (.int, StoredValue(filter.webhook.map(Int64.init))), (.text, StoredValue(filter.event.map(EventName.key))),
            (.int, .int(filter.since?.ticks ?? .min)), (.int, StoredValue(filter.until?.ticks)),
            (.int, .int(Int64(query.limit))),
        ]
        let parameters = values.enumerated().map { parameter($0.offset + 1, $0.element.kind) }
        let (webhook, name, since, until) = (parameters[2], parameters[3], parameters[4], parameters[5])
        let direction = query.order.sqlDirection
        /// The end of a statement that selects from the event, `e`, and from a table that has to fulfil `extra`.
        func end(_ table: String, _ extra: String) -> String {
            """
            WHERE (\(table).event_id, \(table).webhook_id) \(comparison) (\(parameters[0]), \(parameters[1]))
                AND (\(webhook) IS NULL OR \(table).webhook_id = \(webhook))
                AND (\(name) IS NULL OR e.name_key = \(name))
                AND e.created >= \(since) AND (\(until) IS NULL OR e.created < \(until))
                AND \(extra)
            ORDER BY \(table).event_id \(direction), \(table).webhook_id \(direction) LIMIT \(parameters[6])
            """
        }
        let states = DeliveryRowState.allCases.filter { [nil, $0.deliveryState].contains(filter.state) }
        let queued = """
            SELECT d.event_id, d.webhook_id, e.guid, e.name, e.tenant, e.created, d.state, d.attempts, d.due, d.reason
            FROM delivery d JOIN event e ON e.id = d.event_id
            \(end("d", "d.state IN (\(states.sqlList))"))
            """
        let isLast = """
            a.delivered_suffix IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = a.event_id AND d.webhook_id = a.webhook_id)
                AND NOT EXISTS (
                    SELECT 1 FROM attempt b WHERE b.event_id = a.event_id AND b.webhook_id = a.webhook_id
                        AND b.delivered_suffix IS NOT NULL AND b.id > a.id)
            """
        // What was delivered last and is not queued again.
        let delivered = """
            SELECT a.event_id, a.webhook_id, e.guid, e.name, e.tenant, e.created, NULL, a.retry + 1, NULL, NULL
            FROM attempt a JOIN event e ON e.id = a.event_id
            \(end("a", isLast))
            """
        let selectsDelivered = [nil, .delivered].contains(filter.state)
        statements = (states.isEmpty ? [] : [queued]) + (selectsDelivered ? [delivered] : [])
    }
}

extension DeliveryQuery {
    /// Returns the page out of all that the statements of a store have found.
    package func page(of records: [DeliveryRecord]) -> [DeliveryRecord] {
        Array(records.sorted { order.areOrdered($0.id, $1.id) }.prefix(limit))
    }
}
