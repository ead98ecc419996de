import AgentCore
import Foundation
import GRDB

/// How a webhook stands in a row: what is never searched for is JSON.
enum WebhookRow {
    /// The columns that every save sets, with their values.
    static func columns(
        of webhook: Webhook,
        bodySuffix: [UInt8]
    ) throws -> [(String, (any DatabaseValueConvertible)?)] {
        [
            ("name", webhook.name),
            ("events", try json(webhook.events)),
            ("target_url", webhook.targetURL),
            ("target", Webhook.target(of: webhook.targetURL ?? "")),
            ("secret", webhook.secret),
            ("state", webhook.state.rawValue),
            ("type", webhook.type),
            ("is_deliverable", webhook.isDeliverable),
            ("headers", try json(webhook.headers)),
            ("properties", try json(webhook.properties)),
            ("body_suffix", Data(bodySuffix)),
            ("updated", webhook.updated.ticks),
            ("updated_by", try json(webhook.updatedBy)),
            ("extras", try json(webhook.extras)),
        ]
    }

    static func webhook(_ row: Row) throws -> Webhook {
        var webhook = Webhook()
        webhook.id = row["id"]
        webhook.name = row["name"]
        webhook.events = try value(row["events"])
        webhook.targetURL = row["target_url"]
        webhook.secret = row["secret"]
        webhook.state = try state(row["state"], of: webhook.id)
        webhook.type = row["type"]
        webhook.headers = try value(row["headers"])
        webhook.properties = try value(row["properties"])
        webhook.registered = Timestamp(ticks: row["registered"])
        webhook.registeredBy = try value(row["registered_by"])
        webhook.updated = Timestamp(ticks: row["updated"])
        webhook.updatedBy = try value(row["updated_by"])
        webhook.extras = try value(row["extras"]) ?? WebhookExtras()
        return webhook
    }

    static func usage(_ row: Row) -> WebhookUsage {
        WebhookUsage(
            totalCalls: row["total_calls"],
            totalErrors: row["total_errors"],
            consecutiveErrors: row["consecutive_errors"],
            lastError: row["last_error"]
        )
    }

    /// What ``counters(_:from:)`` reads; `u` is the webhook's usage.
    static let counters = """
        u.total_calls, u.total_errors, u.consecutive_errors, u.last_error, u.failing_since, u.last_failure
        """

    /// Reads ``counters``, which begin at a column.
    static func counters(_ row: Row, from column: Int) -> WebhookCounters {
        WebhookCounters(
            totalCalls: row[column],
            totalErrors: row[column + 1],
            lastError: row[column + 3],
            failures: FailureRow(
                count: row[column + 2],
                began: (row[column + 4] as Int64?).map(Timestamp.init(ticks:)),
                latest: (row[column + 5] as Int64?).map(Timestamp.init(ticks:))
            )
        )
    }

    static func state(_ number: Int16, of webhook: Int32) throws -> WebhookState {
        guard let state = WebhookState(rawValue: number) else {
            throw StoreError.corrupt("webhook \(webhook) has an unknown state")
        }
        return state
    }

    static func guid(_ text: String) throws -> UUID {
        guard let id = UUID(uuidString: text) else { throw StoreError.corrupt("an event's id is no GUID") }
        return id
    }

    static func bytes(_ row: Row, _ column: Int) -> [UInt8] {
        Array(row[column] as Data)
    }

    /// A duration in the unit of ``Timestamp``.
    static func ticks(_ duration: Duration) -> Int64 {
        Timestamp(ticks: 0).advanced(by: duration).ticks
    }

    static func json<Value: Encodable>(_ value: Value?) throws -> String? {
        try value.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
    }

    static func value<Value: Decodable>(_ json: String?) throws -> Value? {
        try json.map { try JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
    }
}
