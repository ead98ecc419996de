package import WebhookModel

/// What is kept on record.
package struct LogLimits: Sendable, Hashable {
    /// Attempts that began before it are removed,
    package var attemptsBefore: Timestamp
    /// and so are those beyond this many, oldest first.
    package var attempts: Int
    /// Deliveries that failed before it are removed, and so are those that were missed before it.
    package var failedBefore: Timestamp
    /// Rows of each kind that one step removes.
    package var rowsPerStep: Int
    /// What is dated later was recorded while the clock was ahead, and says nothing about the age of what follows it.
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
