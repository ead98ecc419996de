package import PostgreSQLClient

/// Numbers of advisory locks, beside that of the installation.
///
/// A transaction that takes an event in holds `webhooks` shared until its commit. A transaction that changes which webhooks
/// are Active holds `webhooks` alone during its commit, so that no delivery appears for a webhook that was stopped or deleted
/// meanwhile. No transaction waits for a row while it holds this lock.
package enum PostgreSQLLock {
    static let migration = 1_464_353_792
    package static let webhooks = 1_464_353_793
    package static let pruning = 1_464_353_794
    package static let sessions = 1_464_353_795
    /// Each connection that serves a store holds this lock shared. A copy from or to the store holds it alone.
    package static let serving = 1_464_353_796

    /// Keeps a step of pruning from removing an event that is queued again. The transaction holds the lock until its end.
    package static let sharePruning = PostgreSQLConnection.Call(
        "SELECT pg_advisory_xact_lock_shared(\(pruning), 'webhook'::regclass::oid::int4)::text"
    )
    /// Takes `webhooks` shared. The transaction holds the lock until its end.
    package static let shareWebhooks = PostgreSQLConnection.Call(
        "SELECT pg_advisory_xact_lock_shared(\(webhooks), 'webhook'::regclass::oid::int4)::text"
    )
    /// Takes `webhooks` alone. The transaction holds the lock until its end.
    package static let ownWebhooks = PostgreSQLConnection.Call(
        "SELECT pg_advisory_xact_lock(\(webhooks), 'webhook'::regclass::oid::int4)::text"
    )

    /// Tells `store copy` that a process serves the store, for as long as the connection lives.
    @Sendable
    package static func shareServing(_ connection: PostgreSQLConnection) throws(PostgreSQLError) {
        let isTaken = try connection.run(
            "SELECT pg_try_advisory_lock_shared(\(serving), 'webhook'::regclass::oid::int4)"
        )
        guard isTaken[0].optionalInt(0) == 1 else {
            throw PostgreSQLError(.statement, "'store copy' works on this store; it ends before a service can start")
        }
    }
}
