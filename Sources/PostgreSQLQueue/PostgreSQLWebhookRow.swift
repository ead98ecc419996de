package import PostgreSQLClient
package import StoreSupport
package import WebhookModel

/// How a webhook stands in a row of PostgreSQL (``WebhookRow``).
package enum PostgreSQLWebhookRow {
    /// The columns that every save sets.
    package static let saved = WebhookRow.saved.sqlList

    /// Their parameters, from 1 on.
    package static let parameters = WebhookRow.saved.parameters(from: 1)

    package static func values(of webhook: Webhook, bodySuffix: [UInt8]) throws -> [PostgreSQLValue] {
        zip(WebhookRow.saved, try WebhookRow.values(of: webhook, bodySuffix: bodySuffix)).map { column, value in
            column.kind.parameter(value)
        }
    }

    /// What ``WebhookRow/webhook(_:)`` reads.
    package static let columns = WebhookRow.read.sqlList

    package static func webhook(_ row: PostgreSQLRow) throws -> Webhook { try WebhookRow.webhook(row) }
    package static func tenant(_ row: PostgreSQLRow) throws -> String { try WebhookRow.tenant(row) }

    package static func usage(_ row: PostgreSQLRow, from column: Int) throws -> WebhookUsage {
        try WebhookRow.usage(row, from: column)
    }
}

extension StoreTable.Kind {
    /// A parameter of this kind; null where the value is of another.
    package func parameter(_ value: StoredValue) -> PostgreSQLValue {
        switch (self, value) {
        case (.flag, .int(let number)): .bool(number != 0)
        case (.int, .int(let number)): .int(number)
        case (.text, .text(let text)), (.guid, .text(let text)): .text(text)
        case (.bytes, .bytes(let bytes)): .bytes(bytes)
        case (.int, _), (.flag, _): .int(nil)
        case (.text, _), (.guid, _): .text(nil)
        case (.bytes, _): .bytes(nil)
        }
    }
}
