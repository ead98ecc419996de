package import WebhookModel

/// A webhook's counters, with the times of its failures since its last success.
package struct WebhookCounters: Sendable, Hashable {
    /// Attempts, replays not counted.
    package var totalCalls: Int
    /// Failed attempts among them.
    package var totalErrors: Int
    /// The text of the last failed attempt.
    package var lastError: String?
    /// The failed attempts since the last success.
    package var failures: FailureRow

    /// Creates counters; by default of a webhook that has not been called.
    package init(
        totalCalls: Int = 0,
        totalErrors: Int = 0,
        lastError: String? = nil,
        failures: FailureRow = FailureRow()
    ) {
        (self.totalCalls, self.totalErrors) = (totalCalls, totalErrors)
        (self.lastError, self.failures) = (lastError, failures)
    }

    /// The counters as callers see them.
    package var usage: WebhookUsage {
        WebhookUsage(
            totalCalls: totalCalls,
            totalErrors: totalErrors,
            consecutiveErrors: failures.count,
            lastError: lastError
        )
    }

    /// Counts the attempt that `decision` was made on.
    mutating func count(_ decision: DeliveryDecision) {
        totalCalls += 1
        failures = decision.failures
        guard let error = decision.lastError else { return }
        totalErrors += 1
        lastError = error
    }
}
