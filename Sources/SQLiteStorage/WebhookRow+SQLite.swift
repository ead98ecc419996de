import GRDB
import StoreSupport
import WebhookModel

extension WebhookRow {
    /// The columns that every save sets, with their values.
    static func columns(
        of webhook: Webhook,
        bodySuffix: [UInt8]
    ) throws -> [(String, (any DatabaseValueConvertible)?)] {
        zip(saved.names, try values(of: webhook, bodySuffix: bodySuffix)).map { ($0, $1.databaseValue) }
    }

    private static let readNames = read.names
    private static let usageNames = usage.names

    /// Reads a row of `webhook`.
    static func webhook(_ row: Row) throws -> Webhook { try webhook(SQLiteRow(row, readNames)) }

    /// The tenant of a row of `webhook`.
    static func tenant(_ row: Row) throws -> String { try tenant(SQLiteRow(row, readNames)) }

    /// Reads a row of `webhook_usage`.
    static func usage(_ row: Row) throws -> WebhookUsage { try usage(SQLiteRow(row, usageNames), from: 0) }
}
