/// Counters of a webhook (docs/contract.md#section-7).
package struct WebhookUsage: Sendable, Hashable {
    /// Attempts, replays not counted.
    package var totalCalls: Int
    /// Failed ones among them.
    package var totalErrors: Int
    /// Failed ones since the last that did not fail, those side by side counted as one (``FailureRow``).
    package var consecutiveErrors: Int
    /// The text of the last failed one.
    package var lastError: String?

    /// Creates counters; by default of a webhook that has not been called.
    package init(totalCalls: Int = 0, totalErrors: Int = 0, consecutiveErrors: Int = 0, lastError: String? = nil) {
        (self.totalCalls, self.totalErrors) = (totalCalls, totalErrors)
        (self.consecutiveErrors, self.lastError) = (consecutiveErrors, lastError)
    }
}
