import Synchronization

/// Hands a connection to the thread that works with it, and keeps no hold of it.
package final class PostgreSQLHandover: Sendable {
    private let connection: Mutex<PostgreSQLConnection?>

    package init(_ connection: PostgreSQLConnection) {
        self.connection = Mutex(connection)
    }

    /// The connection, the first time.
    package func take() -> PostgreSQLConnection? {
        connection.withLock { connection in
            defer { connection = nil }
            return connection
        }
    }
}
