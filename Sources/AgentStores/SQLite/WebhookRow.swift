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
            ("secret", webhook.secret),
            ("state", webhook.state.rawValue),
            ("type", webhook.type),
            ("is_deliverable", webhook.isDeliverable),
            ("headers", try json(webhook.headers)),
            ("properties", try json(webhook.properties)),
            ("body_suffix", Data(bodySuffix)),
            ("updated", webhook.updated.ticks),
            ("updated_by", try json(webhook.updatedBy)),
        ]
    }

    static func webhook(_ row: Row) throws -> Webhook {
        var webhook = Webhook()
        webhook.id = row["id"]
        webhook.name = row["name"]
        webhook.events = try value(row["events"])
        webhook.targetURL = row["target_url"]
        webhook.secret = row["secret"]
        guard let state = WebhookState(rawValue: row["state"]) else {
            throw StoreError.corrupt("webhook \(webhook.id) has an unknown state")
        }
        webhook.state = state
        webhook.type = row["type"]
        webhook.headers = try value(row["headers"])
        webhook.properties = try value(row["properties"])
        webhook.registered = Timestamp(ticks: row["registered"])
        webhook.registeredBy = try value(row["registered_by"])
        webhook.updated = Timestamp(ticks: row["updated"])
        webhook.updatedBy = try value(row["updated_by"])
        return webhook
    }

    static func json<Value: Encodable>(_ value: Value?) throws -> String? {
        try value.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
    }

    static func value<Value: Decodable>(_ json: String?) throws -> Value? {
        try json.map { try JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
    }
}
