import Foundation
import GRDB
package import StoreContracts
import StoreSupport
import Text
package import WebhookModel

extension SQLiteStore {
    package func insert(_ session: Session, limit: Int) async throws(StoreError) {
        try await commits.write { database in
            try database.execute(
                sql: """
                    INSERT INTO session (\(StoreTable.session.columns.sqlList))
                    VALUES (\(StoreTable.session.columns.sqlMarks))
                    """,
                arguments: [
                    Data(session.key.digest), session.tenant, session.userName, session.userName.caseFolded,
                    session.created.ticks, session.used.ticks,
                ]
            )
            try database.execute(
                sql: """
                    DELETE FROM session WHERE digest IN (
                        SELECT digest FROM session WHERE tenant = ? AND user_key = ? AND digest <> ?
                        ORDER BY used DESC LIMIT -1 OFFSET ?)
                    """,
                arguments: [session.tenant, session.userName.caseFolded, Data(session.key.digest), limit - 1]
            )
        }
    }

    package func session(_ key: SessionKey) async throws(StoreError) -> Session? {
        try await read { database in
            let sql = "SELECT \(Session.columns.sqlList) FROM session WHERE digest = ?"
            let statement = try database.cachedStatement(sql: sql)
            return try Row.fetchOne(statement, arguments: [Data(key.digest)]).map { try Session(SQLiteRow($0)) }
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
            let (condition, arguments) = Self.condition(filter)
            let sql = """
                SELECT \(Session.columns.sqlList) FROM session \(condition) ORDER BY used DESC, created DESC LIMIT ?
                """
            let rows = try Row.fetchAll(database, sql: sql, arguments: arguments + [limit])
            return try rows.map { try Session(SQLiteRow($0)) }
        }
    }

    package func endSessions(matching filter: SessionFilter) async throws(StoreError) -> Int {
        try await commits.write { database in
            let (condition, arguments) = Self.condition(filter)
            try database.execute(sql: "DELETE FROM session \(condition)", arguments: arguments)
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

    /// Only what restricts, so that an index finds it.
    private static func condition(_ filter: SessionFilter) -> (sql: String, arguments: StatementArguments) {
        var parts: [String] = []
        var arguments: StatementArguments = []
        if let tenant = filter.tenant {
            parts.append("tenant = ?")
            arguments += [tenant]
        }
        if let name = filter.userName {
            parts.append("user_key = ?")
            arguments += [name.caseFolded]
        }
        if let id = filter.id {
            guard let range = SessionKeyRange(id: id) else { return ("WHERE 0", []) }
            parts.append("digest BETWEEN ? AND ?")
            arguments += [Data(range.first), Data(range.last)]
        }
        return (parts.isEmpty ? "" : "WHERE " + parts.joined(separator: " AND "), arguments)
    }
}
