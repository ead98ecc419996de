package import WebhookModel

/// Says which records are kept.
package struct LogLimits: Sendable, Hashable {
    /// Attempts that began before this time are removed.
    package var attemptsBefore: Timestamp
    /// Attempts beyond this number are removed, the oldest first.
    package var attempts: Int
    /// Deliveries that failed or were missed before this time are removed.
    package var failedBefore: Timestamp
    /// Rows of each kind that one step removes.
    package var rowsPerStep: Int
    /// The present time. A record that is dated later was made while the clock was ahead, and says nothing about the age
    /// of the records that follow it.
    package var now: Timestamp

    /// Creates limits.
    package init(
        attemptsBefore: Timestamp,
        attempts: Int,
        failedBefore: Timestamp,
        rowsPerStep: Int,
        now: Timestamp
    ) {
        (self.now, self.attemptsBefore, self.attempts) = (now, attemptsBefore, attempts)
        (self.failedBefore, self.rowsPerStep) = (failedBefore, rowsPerStep)
    }
}
