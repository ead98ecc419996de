import PostgreSQLClient
import PostgreSQLInstallation
import PostgreSQLQueue
package import StoreContracts
import StoreSupport
import Text
package import WebhookModel

extension PostgreSQLStore {
    private static let columns = Session.columns.sqlList
    /// The columns that tell whose the session is come first, since the other statements of a login take them too.
    private static let insertion = {
        let columns = StoreTable.session.columns("tenant", "user_key", "digest", "user_name", "created", "used")
        return "INSERT INTO session (\(columns.sqlList)) VALUES (\(columns.parameters(from: 1)))"
    }()

    package func insert(_ session: Session, limit: Int) async throws(StoreError) {
        try await lanes.calls.run { connection in
            let user: [PostgreSQLValue] = [.text(session.tenant), .text(session.userName.caseFolded)]
            try connection.run([
                .begin,
                // Of two that log in at once neither would see the other's session among those that are too many.
                .init(
                    """
                    SELECT pg_advisory_xact_lock(\(PostgreSQLLock.sessions),
                        hashtext(current_schema() || ' ' || $1::text || ' ' || $2::text))::text
                    """,
                    user
                ),
                .init(
                    Self.insertion,
                    user + [
                        .bytes(session.key.digest), .text(session.userName), .int(session.created.ticks),
                        .int(session.used.ticks),
                    ]
                ),
                .init(
                    """
                    DELETE FROM session WHERE digest IN (
                        SELECT digest FROM session WHERE tenant = $1::text AND user_key = $2::text AND digest <> $3::bytea
                        ORDER BY used DESC OFFSET $4::int8)
                    """,
                    user + [.bytes(session.key.digest), .int(limit - 1)]
                ), .commit,
            ])
        }
    }

    package func session(_ key: SessionKey) async throws(StoreError) -> Session? {
        try await lanes.calls.run(isRepeatable: true) { connection in
            try connection.run(
                "SELECT \(Self.columns) FROM session WHERE digest = $1::bytea",
                [.bytes(key.digest)]
            ).first.map(Session.init)
        }
    }

    package func useSession(_ key: SessionKey, at time: Timestamp) async throws(StoreError) {
        try await lanes.calls.run(isRepeatable: true) { connection in
            _ = try connection.run(
                "UPDATE session SET used = $1::int8 WHERE digest = $2::bytea AND used < $1::int8",
                [.int(time.ticks), .bytes(key.digest)]
            )
        }
    }

    package func sessions(matching filter: SessionFilter, limit: Int) async throws(StoreError) -> [Session] {
        let (condition, values) = Self.condition(filter)
        return try await lanes.lists.list(
            """
            SELECT \(Self.columns) FROM session \(condition)
            ORDER BY used DESC, created DESC LIMIT $\(values.count + 1)::int8
            """,
            values + [.int(limit)],
            as: Session.init
        )
    }

    package func endSessions(matching filter: SessionFilter) async throws(StoreError) -> Int {
        try await lanes.calls.run { connection in
            let (condition, values) = Self.condition(filter)
            return try connection.run("DELETE FROM session \(condition)", values).changes
        }
    }

    package func pruneSessions(usedBefore time: Timestamp, limit: Int) async throws(StoreError) -> Bool {
        try await lanes.upkeep.run(isRepeatable: true) { connection in
            try connection.run(
                """
                DELETE FROM session WHERE digest IN (
                    SELECT digest FROM session WHERE used < $1::int8 LIMIT $2::int8 FOR UPDATE SKIP LOCKED)
                """,
                [.int(time.ticks), .int(limit)]
            ).changes == limit
        }
    }

    /// Only what restricts, so that an index finds it.
    private static func condition(_ filter: SessionFilter) -> (sql: String, values: [PostgreSQLValue]) {
        var parts: [String] = []
        var values: [PostgreSQLValue] = []
        if let tenant = filter.tenant {
            values.append(.text(tenant))
            parts.append("tenant = $\(values.count)::text")
        }
        if let name = filter.userName {
            values.append(.text(name.caseFolded))
            parts.append("user_key = $\(values.count)::text")
        }
        if let id = filter.id {
            guard let range = SessionKeyRange(id: id) else { return ("WHERE false", []) }
            values += [.bytes(range.first), .bytes(range.last)]
            parts.append("digest BETWEEN $\(values.count - 1)::bytea AND $\(values.count)::bytea")
        }
        return (parts.isEmpty ? "" : "WHERE " + parts.joined(separator: " AND "), values)
    }
}
