import Foundation
package import StoreContracts
package import WebhookModel

/// How a webhook stands in a row of an SQL store: what is never searched for is JSON.
package enum WebhookRow {
    /// The columns that ``webhook(_:)`` and ``tenant(_:)`` read.
    package static let read = StoreTable.webhook.columns(
        "id",
        "name",
        "events",
        "target_url",
        "secret",
        "state",
        "type",
        "headers",
        "properties",
        "registered",
        "registered_by",
        "updated",
        "updated_by",
        "extras",
        "tenant"
    )

    package static func webhook(_ row: some StoreRow) throws -> Webhook {
        var webhook = Webhook()
        webhook.id = try row.int32(0)
        webhook.name = try row.optionalText(1)
        webhook.events = try row.json(2)
        webhook.targetURL = try row.optionalText(3)
        webhook.secret = try row.optionalText(4)
        webhook.state = try state(row.int(5), of: webhook.id)
        webhook.type = try row.optionalText(6)
        webhook.headers = try row.json(7)
        webhook.properties = try row.json(8)
        webhook.registered = try row.timestamp(9)
        webhook.registeredBy = try row.json(10)
        webhook.updated = try row.timestamp(11)
        webhook.updatedBy = try row.json(12)
        webhook.extras = try row.json(13) ?? WebhookExtras()
        return webhook
    }

    package static func tenant(_ row: some StoreRow) throws -> String { try row.text(14) }

    /// The columns that every save sets.
    package static let saved = StoreTable.webhook.columns(
        "name",
        "events",
        "target_url",
        "target",
        "secret",
        "state",
        "type",
        "is_deliverable",
        "headers",
        "properties",
        "body_suffix",
        "updated",
        "updated_by",
        "extras"
    )

    /// The values of ``saved``.
    package static func values(of webhook: Webhook, bodySuffix: [UInt8]) throws -> [StoredValue] {
        [
            StoredValue(webhook.name), StoredValue(try json(webhook.events)), StoredValue(webhook.targetURL),
            .text(Webhook.target(of: webhook.targetURL ?? "")), StoredValue(webhook.secret),
            .int(Int64(webhook.state.rawValue)), StoredValue(webhook.type), .int(webhook.isDeliverable ? 1 : 0),
            StoredValue(try json(webhook.headers)), StoredValue(try json(webhook.properties)), .bytes(bodySuffix),
            .int(webhook.updated.ticks), StoredValue(try json(webhook.updatedBy)),
            StoredValue(try json(webhook.extras)),
        ]
    }

    /// The columns that ``usage(_:from:)`` reads.
    package static let usage = StoreTable.webhookUsage.columns(
        "total_calls",
        "total_errors",
        "consecutive_errors",
        "last_error"
    )

    /// - Parameter column: Where the columns begin.
    package static func usage(_ row: some StoreRow, from column: Int) throws -> WebhookUsage {
        WebhookUsage(
            totalCalls: try row.count(column),
            totalErrors: try row.count(column + 1),
            consecutiveErrors: try row.count(column + 2),
            lastError: try row.optionalText(column + 3)
        )
    }

    /// What ``counters(_:from:)`` reads; `u` is the webhook's usage.
    package static let counters = (usage + StoreTable.webhookUsage.columns("failing_since", "last_failure")).names
        .map { "u." + $0 }.joined(separator: ", ")

    /// - Parameter column: Where the columns begin.
    package static func counters(_ row: some StoreRow, from column: Int) throws(StoreError) -> WebhookCounters {
        WebhookCounters(
            totalCalls: try row.count(column),
            totalErrors: try row.count(column + 1),
            lastError: try row.optionalText(column + 3),
            failures: FailureRow(
                count: try row.count(column + 2),
                began: try row.optionalTimestamp(column + 4),
                latest: try row.optionalTimestamp(column + 5)
            )
        )
    }

    /// The state that stands in a database as this number. Throws ``StoreError/corrupt(_:)`` when no state does.
    package static func state(_ number: Int64, of webhook: Int32) throws(StoreError) -> WebhookState {
        guard let state = Int16(exactly: number).flatMap(WebhookState.init(rawValue:)) else {
            throw .corrupt("webhook \(webhook) has an unknown state")
        }
        return state
    }

    /// A duration in the unit of ``Timestamp``.
    package static func ticks(_ duration: Duration) -> Int64 {
        Timestamp(ticks: 0).advanced(by: duration).ticks
    }

    package static func json<Value: Encodable>(_ value: Value?) throws -> String? {
        try value.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
    }

    package static func value<Value: Decodable>(_ json: String?) throws -> Value? {
        try json.map { try JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
    }
}
