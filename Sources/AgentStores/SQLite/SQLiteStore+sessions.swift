package import AgentCore
import Foundation
import GRDB

extension SQLiteStore {
    package func insert(_ session: Session, limit: Int) async throws(StoreError) {
        try await commits.write { database in
            try database.execute(
                sql: """
                    INSERT INTO session (digest, tenant, user_name, user_key, created, used) VALUES (?, ?, ?, ?, ?, ?)
                    ON CONFLICT (digest) DO UPDATE SET used = excluded.used
                    """,
                arguments: [
                    Data(session.key.digest), session.tenant, session.userName, session.userName.caseless,
                    session.created.ticks, session.used.ticks,
                ]
            )
            try database.execute(
                sql: """
                    DELETE FROM session WHERE digest IN (
                        SELECT digest FROM session WHERE tenant = ? AND user_key = ? AND digest <> ?
                        ORDER BY used DESC LIMIT -1 OFFSET ?)
                    """,
                arguments: [session.tenant, session.userName.caseless, Data(session.key.digest), limit - 1]
            )
        }
    }

    package func session(_ key: SessionKey) async throws(StoreError) -> Session? {
        try await read { database in
            let statement = try database.cachedStatement(sql: "SELECT * FROM session WHERE digest = ?")
            return try Row.fetchOne(statement, arguments: [Data(key.digest)]).map(Session.init)
        }
    }

    package func useSession(_ key: SessionKey, at time: Timestamp) async throws(StoreError) {
        try await commits.write { database in
            try database.execute(
                sql: "UPDATE session SET used = max(used, ?) WHERE digest = ?",
                arguments: [time.ticks, Data(key.digest)]
            )
        }
    }

    package func sessions(matching filter: SessionFilter, limit: Int) async throws(StoreError) -> [Session] {
        try await read { database in
            let sql = "SELECT * FROM session WHERE \(Self.condition) ORDER BY used DESC, created DESC LIMIT :limit"
            return try Row.fetchAll(
                database,
                sql: sql,
                arguments: Self.arguments(filter) + ["limit": limit]
            ).map(Session.init)
        }
    }

    package func endSessions(matching filter: SessionFilter) async throws(StoreError) -> Int {
        try await commits.write { database in
            try database.execute(
                sql: "DELETE FROM session WHERE \(Self.condition)",
                arguments: Self.arguments(filter)
            )
            return database.changesCount
        }
    }

    package func pruneSessions(usedBefore time: Timestamp, limit: Int) async throws(StoreError) -> Bool {
        try await commits.write { database in
            try database.execute(
                sql: """
                    DELETE FROM session WHERE digest IN (SELECT digest FROM session WHERE used < ? LIMIT ?)
                    """,
                arguments: [time.ticks, limit]
            )
            return database.changesCount == limit
        }
    }

    private static let condition = """
        (:tenant IS NULL OR tenant = :tenant) AND (:user IS NULL OR user_key = :user)
        AND (:id IS NULL OR lower(hex(substr(digest, 1, 8))) = :id)
        """

    private static func arguments(_ filter: SessionFilter) -> StatementArguments {
        ["tenant": filter.tenant, "user": filter.userName?.caseless, "id": filter.id]
    }
}

extension Session {
    fileprivate init(_ row: Row) {
        let digest: Data = row["digest"]
        self.init(
            key: SessionKey(digest: Array(digest)),
            tenant: row["tenant"],
            userName: row["user_name"],
            created: Timestamp(ticks: row["created"]),
            used: Timestamp(ticks: row["used"])
        )
    }
}
