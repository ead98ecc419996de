import PostgreSQLClient
import PostgreSQLInstallation
import PostgreSQLQueue
package import StoreContracts
import StoreSupport
package import WebhookModel

extension PostgreSQLStore {
    package func deliveries(_ query: DeliveryQuery) async throws(StoreError) -> [DeliveryRecord] {
        let selection = DeliverySelection(query, parameter: Self.parameter)
        let found = try await lanes.lists.run(isRepeatable: true) { try Self.rows(selection, $0) }
        var records: [DeliveryRecord] = []
        for rows in found { records += try rows.decoded(as: DeliveryRecord.init) }
        return query.page(of: records)
    }

    private static func parameter(_ number: Int, _ kind: StoreTable.Kind) -> String {
        "$\(number)::\(kind.parameterType)"
    }

    /// The rows of each statement.
    private static func rows(
        _ selection: DeliverySelection,
        _ connection: PostgreSQLConnection
    ) throws -> [PostgreSQLRows] {
        let values = selection.values.map { $0.kind.parameter($0.value) }
        return try selection.statements.map { try connection.run($0, values) }
    }

    package func delivery(_ id: DeliveryID) async throws(StoreError) -> DeliveryDetail? {
        try await lanes.calls.run(isRepeatable: true) { connection in
            // One state of the database for all that is read.
            try connection.run([.init("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", isPrepared: false)])
            let selection = DeliverySelection(of: id, parameter: Self.parameter)
            let row = try Self.rows(selection, connection).compactMap(\.first).first
            guard let record = try row.map({ try DeliveryRecord($0) }) else { return nil }
            let attempts = try connection.run(
                """
                SELECT \(Attempt.columns.sqlList) FROM attempt WHERE event_id = $1::int8 AND webhook_id = $2::int8 ORDER BY id
                """,
                [.int(id.event), .int(id.webhook)]
            )
            return DeliveryDetail(
                record: record,
                body: try Self.body(of: id, connection),
                attempts: try attempts.map(Attempt.init)
            )
        }
    }

    private static func body(of id: DeliveryID, _ connection: PostgreSQLConnection) throws -> [UInt8] {
        guard let suffix = try suffix(of: id, connection),
            let row = try connection.run("SELECT body_head, body_tail FROM event WHERE id = $1::int8", [.int(id.event)])
                .first
        else { return [] }
        return try row.bytes(0) + suffix + row.bytes(1)
    }

    private static func suffix(of id: DeliveryID, _ connection: PostgreSQLConnection) throws -> [UInt8]? {
        try connection.run(
            """
            SELECT body_suffix FROM delivery WHERE event_id = $1::int8 AND webhook_id = $2::int8
            UNION ALL
            SELECT delivered_suffix FROM attempt
            WHERE event_id = $1::int8 AND webhook_id = $2::int8 AND delivered_suffix IS NOT NULL
            LIMIT 1
            """,
            [.int(id.event), .int(id.webhook)]
        ).first?.optionalBytes(0)
    }

    package func replay(_ id: DeliveryID, now: Timestamp) async throws(StoreError) -> ReplayOutcome {
        let outcome: ReplayOutcome = try await lanes.calls.run { connection in
            let state = try connection.run([
                .begin, PostgreSQLLock.sharePruning,
                .init(
                    "SELECT state FROM delivery WHERE event_id = $1::int8 AND webhook_id = $2::int8 FOR UPDATE",
                    [.int(id.event), .int(id.webhook)]
                ),
                PostgreSQLLock.shareWebhooks,
            ])[2].first?.int(0)
            let suffix = try Self.suffix(of: id, connection)
            let outcome = try ReplayOutcome(
                isKnown: suffix != nil,
                row: state.map(DeliveryRowState.init(stored:))
            ) {
                try connection.run([PostgreSQLWebhookStates.standing(of: id.webhook)])[0].first.map(
                    PostgreSQLWebhookStates.standing
                )
            }
            guard let suffix, let rowState = outcome.rowState else { return outcome }
            // A fence higher than any that its former row had, so that who held that cannot record.
            let changed = try connection.run([
                .init(
                    """
                    INSERT INTO delivery AS d (\(InsertedColumns.replayedDelivery.sqlList))
                    VALUES ($1::int8, $2::int8, $3::int8, 0, $4::int8, $4::int8, $5::bytea, true)
                    ON CONFLICT (event_id, webhook_id) DO UPDATE SET state = excluded.state, attempts = 0,
                        due = excluded.due, owner = NULL, reason = NULL, is_replay = true
                        WHERE d.state IN (\(DeliveryRowState.onRecord.sqlList))
                    """,
                    [
                        .int(id.event), .int(id.webhook), .int(rowState.rawValue), .int(now.ticks), .bytes(suffix),
                    ]
                ), .commit,
            ])[0].changes
            // Somebody else has just replayed it.
            guard changed == 1 else { return .alreadyQueued }
            return outcome
        }
        if outcome == .queued { due.announce([id.webhook: now.ticks]) }
        return outcome
    }

    package func usage(of webhook: Int32) async throws(StoreError) -> WebhookUsage? {
        try await lanes.calls.run(isRepeatable: true) { connection in
            try connection.run(
                """
                SELECT \(WebhookRow.usage.sqlList) FROM webhook_usage
                WHERE webhook_id = $1::int8 ORDER BY version DESC LIMIT 1
                """,
                [.int(webhook)]
            ).first.map { try PostgreSQLWebhookRow.usage($0, from: 0) }
        }
    }

    package func allWebhooks(
        after id: Int32,
        limit: Int
    ) async throws(StoreError) -> [(tenant: String, webhook: Webhook)] {
        try await lanes.lists.list(
            "SELECT \(PostgreSQLWebhookRow.columns) FROM webhook WHERE id > $1::int8 ORDER BY id LIMIT $2::int8",
            [.int(id), .int(limit)]
        ) { row in (try PostgreSQLWebhookRow.tenant(row), try PostgreSQLWebhookRow.webhook(row)) }
    }

    package func counts() async throws(StoreError) -> DeliveryCounts {
        try await lanes.lists.run(isRepeatable: true) { connection in
            let rows = try connection.run(
                "SELECT state, count(*), min(due) FILTER (WHERE state = 0) FROM delivery GROUP BY state"
            )
            let byState = Dictionary(uniqueKeysWithValues: try rows.map { (try $0.count(0), $0) })
            func count(_ state: DeliveryRowState) throws -> Int { try byState[state.rawValue]?.count(1) ?? 0 }
            return DeliveryCounts(
                pending: try count(.pending),
                failed: try count(.failed),
                parked: try count(.parked),
                missed: try count(.missed),
                oldestDue: try byState[DeliveryRowState.pending.rawValue]?.optionalTimestamp(2)
            )
        }
    }

    package func measurements() async throws(StoreError) -> [StoreMeasurement] {
        var measurements = lanes.named.map { name, lane in
            StoreMeasurement(.roundTrips(lane: name), Double(lane.roundTrips))
        }
        if let skew = watch.clockSkew { measurements.append(StoreMeasurement(.clockSkew, skew / .seconds(1))) }
        let (known, snapshots) = (measurements, snapshots)
        return try await lanes.lists.run(isRepeatable: true) { connection in
            let row = try connection.run(
                """
                SELECT n_dead_tup, pg_relation_size('delivery') FROM pg_stat_user_tables
                WHERE relid = 'delivery'::regclass
                """
            )[0]
            return known + [
                StoreMeasurement(.deadDeliveryRows, Double(try row.int(0))),
                StoreMeasurement(.deliveryTableSize, Double(try row.int(1))),
            ] + (try snapshots.measurements(connection))
        }
    }

    package func reset() async throws(StoreError) {
        try await lanes.calls.run { connection in
            _ = try connection.run([
                .begin, PostgreSQLLock.ownWebhooks,
                .init("TRUNCATE webhook_usage, webhook, webhook_event, delivery, event, attempt", isPrepared: false),
                .commit,
            ])
        }
        due.marks.removeAll()
    }
}
