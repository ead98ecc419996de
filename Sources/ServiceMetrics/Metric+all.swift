extension Metric {
    /// Every metric of the service, in the order of the documentation.
    package static let all = [
        requests, loginAttempts, eventCommits, eventsCommitted, storedDeliveries, queueOldestDueAge, deliveriesInFlight,
        deliveryAttempts, deliveryAttemptDuration, ownFailures, postgreSQLRoundTrips, postgreSQLClockSkew,
        postgreSQLDeadDeliveryRows, postgreSQLDeliveryTableBytes, postgreSQLOldestSnapshotAge,
        postgreSQLOldestSnapshotTransactions, seriesDropped,
    ]

    // MARK: Calls

    /// Counts requests of operations.
    package static let requests = Metric(
        "requests_total",
        .counter,
        of: "requests",
        labels: ["service", "operation", "outcome"],
        "Requests of operations over SOAP and REST."
    )

    /// Counts attempts to log in.
    package static let loginAttempts = Metric(
        "login_attempts_total",
        .counter,
        of: "attempts",
        labels: ["outcome"],
        """
        Attempts to log in with a password, an access token or a ticket: succeeded, failed, or refused because there were \
        too many at once or after failed ones.
        """
    )

    /// Counts transactions that stored events.
    package static let eventCommits = Metric(
        "event_commits_total",
        .counter,
        of: "commits",
        "Transactions of this process that stored events."
    )

    /// Counts events that were stored.
    package static let eventsCommitted = Metric(
        "events_committed_total",
        .counter,
        of: "events",
        "Events that this process stored. Divided by the commits, this is how many events share a commit."
    )

    // MARK: Deliveries

    /// The deliveries that the store holds.
    package static let storedDeliveries = Metric(
        "stored_deliveries",
        .gauge,
        of: "deliveries",
        labels: ["state"],
        "Deliveries in the store that are pending, parked, missed or failed."
    )

    /// How late the oldest due delivery is.
    package static let queueOldestDueAge = Metric(
        "queue_oldest_due_age_seconds",
        .gauge,
        of: "seconds",
        "Time for which the oldest due delivery has been due."
    )

    /// The deliveries that are being made.
    package static let deliveriesInFlight = Metric(
        "deliveries_in_flight",
        .gauge,
        of: "deliveries",
        "Deliveries of this process between claim and recorded result."
    )

    /// Counts attempts to deliver.
    package static let deliveryAttempts = Metric(
        "delivery_attempts_total",
        .counter,
        of: "attempts",
        labels: ["outcome", "error"],
        """
        Attempts to deliver, by what became of the delivery (delivered, retry, postponed, parked, failed, or stale when \
        another process held the lease) and by kind of error.
        """
    )

    /// How long attempts took.
    package static let deliveryAttemptDuration = Metric(
        "delivery_attempt_duration_seconds",
        .histogram,
        of: "seconds",
        "Duration of attempts to deliver."
    )

    /// Counts attempts that failed through no fault of the target.
    package static let ownFailures = Metric(
        "own_failures_total",
        .counter,
        of: "attempts",
        labels: ["kind"],
        """
        Attempts that failed through no fault of the target and count against no webhook: local (this machine could not \
        send), network (no way to the target, or silent name servers), proxy (the forward proxy did not let the \
        notification through).
        """
    )

    // MARK: PostgreSQL

    /// Counts waits for the database.
    package static let postgreSQLRoundTrips = Metric(
        "postgresql_round_trips_total",
        .counter,
        of: "round trips",
        labels: ["lane"],
        "Times that a connection of this kind waited for the database server."
    )

    /// The difference between two clocks.
    package static let postgreSQLClockSkew = Metric(
        "postgresql_clock_skew_seconds",
        .gauge,
        of: "seconds",
        "This machine's clock minus the database server's."
    )

    /// Rows of deliveries that wait for vacuum.
    package static let postgreSQLDeadDeliveryRows = Metric(
        "postgresql_delivery_dead_rows",
        .gauge,
        of: "rows",
        "Dead rows of the table of deliveries."
    )

    /// The size of the table of deliveries.
    package static let postgreSQLDeliveryTableBytes = Metric(
        "postgresql_delivery_table_bytes",
        .gauge,
        of: "bytes",
        "Size of the table of deliveries."
    )

    /// The age of the oldest snapshot.
    package static let postgreSQLOldestSnapshotAge = Metric(
        "postgresql_oldest_snapshot_age_seconds",
        .gauge,
        of: "seconds",
        "Age of the oldest snapshot, which keeps dead rows from being removed."
    )

    /// The age of the oldest snapshot, by the database's own count.
    package static let postgreSQLOldestSnapshotTransactions = Metric(
        "postgresql_oldest_snapshot_age_transactions",
        .gauge,
        of: "transactions",
        "Age of the oldest snapshot, in transactions that have begun since."
    )

    // MARK: The metrics themselves

    /// Counts series that were not kept.
    package static let seriesDropped = Metric(
        "metric_series_dropped_total",
        .counter,
        of: "series",
        "Times that a new series was not kept, because there are as many as this process keeps."
    )
}
