/// A value on its way from one database to another.
enum CopyValue: Sendable {
    case null
    case int(Int64)
    case text(String)
    case bytes([UInt8])
}

/// A table that both SQL stores have, with what of it is copied.
struct CopyTable: Sendable {
    enum Kind {
        case int, text, bytes
        /// Text of 36 characters, or PostgreSQL's type.
        case guid
        /// 0 and 1, or PostgreSQL's type.
        case flag
    }

    struct Column {
        let name: String
        let kind: Kind
        /// What is read instead of the column, in both dialects.
        var source: String?
    }

    let name: String
    let columns: [Column]
    /// So many of the first columns are the key; the table is walked in its order.
    let keyColumns: Int

    /// All of them, what is referred to first.
    static let all = [webhook, webhookEvent, webhookUsage, event, delivery, attempt, session]
    /// Those whose ids are given out in order and never again.
    static let numbered = ["webhook", "event", "attempt"]

    private init(_ name: String, key: Int = 1, _ columns: [(String, Kind)]) {
        self.name = name
        keyColumns = key
        self.columns = columns.map { column, kind in
            // Whoever holds a lease does not hold it in the copy: it is due since its event was signalled.
            let leased = "CASE WHEN owner IS NULL THEN due ELSE (SELECT created FROM event WHERE id = event_id) END"
            return Column(name: column, kind: kind, source: name == "delivery" && column == "due" ? leased : nil)
        }
    }

    private static let webhook = CopyTable(
        "webhook",
        [
            ("id", .int), ("tenant", .text), ("application", .text), ("name", .text), ("events", .text),
            ("target_url", .text), ("target", .text), ("secret", .text), ("state", .int), ("type", .text),
            ("is_deliverable", .flag), ("headers", .text), ("properties", .text), ("body_suffix", .bytes),
            ("registered", .int), ("registered_by", .text), ("updated", .int), ("updated_by", .text),
            ("extras", .text),
        ]
    )
    private static let webhookEvent = CopyTable(
        "webhook_event",
        key: 3,
        [("tenant", .text), ("event_key", .text), ("webhook_id", .int)]
    )
    private static let webhookUsage = CopyTable(
        "webhook_usage",
        [
            ("webhook_id", .int), ("total_calls", .int), ("total_errors", .int), ("consecutive_errors", .int),
            ("last_error", .text), ("paused_until", .int), ("failing_since", .int), ("last_failure", .int),
        ]
    )
    private static let event = CopyTable(
        "event",
        [
            ("id", .int), ("guid", .guid), ("tenant", .text), ("name", .text), ("name_key", .text),
            ("body_head", .bytes), ("body_tail", .bytes), ("created", .int),
        ]
    )
    private static let delivery = CopyTable(
        "delivery",
        key: 2,
        [
            ("event_id", .int), ("webhook_id", .int), ("state", .int), ("attempts", .int), ("due", .int),
            ("fence", .int), ("body_suffix", .bytes), ("reason", .text), ("is_replay", .flag),
        ]
    )
    private static let attempt = CopyTable(
        "attempt",
        [
            ("id", .int), ("event_id", .int), ("webhook_id", .int), ("url", .text), ("own_headers", .text),
            ("started", .int), ("duration", .int), ("retry", .int), ("status", .int), ("error_class", .text),
            ("summary", .text), ("signature", .text), ("answer", .bytes), ("delivered_suffix", .bytes),
        ]
    )
    private static let session = CopyTable(
        "session",
        [
            ("digest", .bytes), ("tenant", .text), ("user_name", .text), ("user_key", .text), ("created", .int),
            ("used", .int),
        ]
    )
}
