package import PostgreSQLClient

/// Numbers of advisory locks, beside that of the installation.
///
/// Who takes an event in holds `webhooks` shared until it is committed; who changes which webhooks are Active holds it
/// alone while that is committed, so that no delivery appears for a webhook that was stopped or deleted meanwhile. Nobody
/// waits for a row while holding it.
package enum PostgreSQLLock {
    static let migration = 1_464_353_792
    package static let webhooks = 1_464_353_793
    package static let pruning = 1_464_353_794
    package static let sessions = 1_464_353_795
    /// Held shared by each connection that serves a store, and alone by who copies from or to it.
    package static let serving = 1_464_353_796

    /// Keeps a step of pruning from removing an event that is queued again. Taken until the transaction ends.
    package static let sharePruning = PostgreSQLConnection.Call(
        "SELECT pg_advisory_xact_lock_shared(\(pruning), 'webhook'::regclass::oid::int4)::text"
    )
    /// Taken until the transaction ends.
    package static let shareWebhooks = PostgreSQLConnection.Call(
        "SELECT pg_advisory_xact_lock_shared(\(webhooks), 'webhook'::regclass::oid::int4)::text"
    )
    /// Taken until the transaction ends.
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
