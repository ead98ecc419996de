/// A table that both SQL stores have. Lists of columns in statements, rows and copies come from here.
///
/// The migrations say the same in each database's own words, and do not change: a test compares.
package struct StoreTable: Sendable {
    package enum Kind {
        case int, text, bytes
        /// Text of 36 characters, or PostgreSQL's type.
        case guid
        /// 0 and 1, or PostgreSQL's type.
        case flag
    }

    package struct Column: Sendable {
        package let name: String
        package let kind: Kind
        /// What is copied instead of the column, in both dialects.
        package fileprivate(set) var source: String?
    }

    package let name: String
    /// What is copied. A table may have further columns (``uncopied``).
    package let columns: [Column]
    /// So many of the first columns are the key; the table is walked in its order.
    package let keyColumns: Int

    /// All of them, what is referred to first.
    package static let all = [webhook, webhookEvent, webhookUsage, event, delivery, attempt, session]
    /// Those whose ids are given out in order and never again.
    package static let numbered = ["webhook", "event", "attempt"]
    /// Columns that say something of a process or of one database, and are not copied: whoever holds a lease does not hold
    /// it in the copy. SQLite keeps one row for a webhook's usage, and needs no version of it.
    package static let uncopied = ["delivery": ["owner"], "webhook_usage": ["version"]]

    private init(_ name: String, key: Int = 1, _ columns: [(String, Kind)]) {
        self.name = name
        keyColumns = key
        self.columns = columns.map { column, kind in
            // What was leased is due since its event was signalled.
            let leased = "CASE WHEN owner IS NULL THEN due ELSE (SELECT created FROM event WHERE id = event_id) END"
            return Column(name: column, kind: kind, source: name == "delivery" && column == "due" ? leased : nil)
        }
    }

    /// Columns of the table in this order. A name that it does not have ends the process.
    package func columns(_ names: String...) -> [Column] {
        names.map { name in
            guard let column = columns.first(where: { $0.name == name }) else {
                preconditionFailure("the table \(self.name) has no column \(name)")
            }
            return column
        }
    }

    package static let webhook = StoreTable(
        "webhook",
        [
            ("id", .int), ("tenant", .text), ("application", .text), ("name", .text), ("events", .text),
            ("target_url", .text), ("target", .text), ("secret", .text), ("state", .int), ("type", .text),
            ("is_deliverable", .flag), ("headers", .text), ("properties", .text), ("body_suffix", .bytes),
            ("registered", .int), ("registered_by", .text), ("updated", .int), ("updated_by", .text),
            ("extras", .text),
        ]
    )
    static let webhookEvent = StoreTable(
        "webhook_event",
        key: 3,
        [("tenant", .text), ("event_key", .text), ("webhook_id", .int)]
    )
    static let webhookUsage = StoreTable(
        "webhook_usage",
        [
            ("webhook_id", .int), ("total_calls", .int), ("total_errors", .int), ("consecutive_errors", .int),
            ("last_error", .text), ("paused_until", .int), ("failing_since", .int), ("last_failure", .int),
        ]
    )
    package static let event = StoreTable(
        "event",
        [
            ("id", .int), ("guid", .guid), ("tenant", .text), ("name", .text), ("name_key", .text),
            ("body_head", .bytes), ("body_tail", .bytes), ("created", .int),
        ]
    )
    package static let delivery = StoreTable(
        "delivery",
        key: 2,
        [
            ("event_id", .int), ("webhook_id", .int), ("state", .int), ("attempts", .int), ("due", .int),
            ("fence", .int), ("body_suffix", .bytes), ("reason", .text), ("is_replay", .flag),
        ]
    )
    package static let attempt = StoreTable(
        "attempt",
        [
            ("id", .int), ("event_id", .int), ("webhook_id", .int), ("url", .text), ("own_headers", .text),
            ("started", .int), ("duration", .int), ("retry", .int), ("status", .int), ("error_class", .text),
            ("summary", .text), ("signature", .text), ("answer", .bytes), ("delivered_suffix", .bytes),
        ]
    )
    package static let session = StoreTable(
        "session",
        [
            ("digest", .bytes), ("tenant", .text), ("user_name", .text), ("user_key", .text), ("created", .int),
            ("used", .int),
        ]
    )
}

extension [StoreTable.Column] {
    package var names: [String] { map(\.name) }

    /// The names, as SQL lists them.
    package var sqlList: String { names.joined(separator: ", ") }
}
