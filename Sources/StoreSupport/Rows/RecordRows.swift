package import StoreContracts

extension DeliveryRowState {
    /// The state that stands in a database as this number.
    ///
    /// - Throws: ``StoreError/corrupt(_:)`` when no state does.
    package init(stored number: Int64) throws(StoreError) {
        guard let state = Int(exactly: number).flatMap(DeliveryRowState.init(rawValue:)) else {
            throw .corrupt("the column state of the table delivery holds \(number), which is no state of a delivery")
        }
        self = state
    }
}

extension DeliveryRecord {
    /// Reads `event_id, webhook_id, guid, name, tenant, created, state, attempts, due, reason`. State, due time and reason
    /// are null for what was delivered.
    package init(_ row: some StoreRow) throws(StoreError) {
        let state = try row.optionalInt(6).map(DeliveryRowState.init(stored:))
        self.init(
            id: DeliveryID(event: try row.int(0), webhook: try row.int32(1)),
            eventID: try row.uuid(2),
            event: try row.text(3),
            tenant: try row.text(4),
            signalled: try row.timestamp(5),
            state: state?.deliveryState ?? .delivered,
            attempts: try row.count(7),
            due: state == .pending ? try row.optionalTimestamp(8) : nil,
            reason: try row.optionalText(9)
        )
    }
}

extension Attempt {
    /// The columns of `attempt` that a result fills.
    package static let columns = StoreTable.attempt.columns(
        "url",
        "own_headers",
        "started",
        "duration",
        "retry",
        "status",
        "error_class",
        "summary",
        "signature",
        "answer"
    )

    /// Reads ``columns``.
    package init(_ row: some StoreRow) throws {
        self.init(
            url: try row.text(0),
            ownHeaders: try row.json(1) ?? [],
            started: try row.timestamp(2),
            duration: .nanoseconds(try row.int(3) * 100),
            retry: try row.count(4),
            status: try row.optionalInt(5).map(Int.init),
            errorClass: try row.optionalText(6),
            summary: try row.text(7),
            signature: try row.optionalText(8),
            answer: try row.bytes(9)
        )
    }
}

extension Session {
    /// The columns that ``init(_:)`` reads.
    package static let columns = StoreTable.session.columns("digest", "tenant", "user_name", "created", "used")

    package init(_ row: some StoreRow) throws(StoreError) {
        self.init(
            key: SessionKey(digest: try row.bytes(0)),
            tenant: try row.text(1),
            userName: try row.text(2),
            created: try row.timestamp(3),
            used: try row.timestamp(4)
        )
    }
}
