import StoreContracts
import StoreSupport

/// Finds out whether each connection has a session of its own, as settings, prepared statements, advisory locks and LISTEN
/// need. PgBouncer gives a connection a session of its own in session mode only.
package enum PostgreSQLPooling {
    /// Throws when connections share sessions.
    package static func check(_ connections: [PostgreSQLConnection]) throws {
        guard let asked = connections.first else { return }
        let processes = try connections.map(process)
        // A server tells the number of its own process when a connection is made; a pooler cannot.
        guard zip(connections, processes).contains(where: { $0.toldProcess != $1 }) else { return }
        guard Set(processes).count == connections.count else { throw shared }
        // A pooler has to give the last one another session than before, if it gives sessions for a time only.
        let others = connections.dropFirst()
        defer { for connection in others { try? connection.rollBack() } }
        do {
            for connection in others { try connection.execute("BEGIN") }
            guard try process(asked) == processes[0], try others.map(process) == Array(processes.dropFirst()) else {
                throw shared
            }
        } catch is PostgreSQLError {
            // In statement mode there are no transactions, and in transaction mode there may be too few sessions.
            throw shared
        }
    }

    /// Throws when the connection shares its session. Opens another connection beside it if that is needed to find out.
    package static func check(_ connection: PostgreSQLConnection, of location: PostgreSQLLocation) throws {
        guard try connection.toldProcess != process(connection) else { return }
        try check([connection, PostgreSQLConnection(location)])
    }

    private static func process(_ connection: PostgreSQLConnection) throws -> Int64 {
        try connection.run([.init("SELECT pg_backend_pid()", isPrepared: false)])[0][0].int(0)
    }

    private static let shared = StoreError.unavailable(
        """
        the location leads to a pooler whose connections share sessions of PostgreSQL; set PgBouncer's \
        pool_mode = session for this database, or name the server itself
        """
    )
}
