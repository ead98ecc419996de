import Synchronization

/// Hands a connection to the thread that works with it, and does not keep it.
package final class PostgreSQLHandover: Sendable {
    private let connection: Mutex<PostgreSQLConnection?>

    package init(_ connection: PostgreSQLConnection) {
        self.connection = Mutex(connection)
    }

    /// Returns the connection at the first call, and nil afterwards.
    package func take() -> PostgreSQLConnection? {
        connection.withLock { connection in
            defer { connection = nil }
            return connection
        }
    }
}
