/// Sends notifications: signs, posts, and reads the answer up to a bound. Never throws: a failure is an outcome.
package protocol NotificationSender: Sendable {
    /// Returns within the sender's own time limit; a cancelled task gets ``SendError/Kind/shutdown``.
    func send(_ notification: WebhookNotification) async -> SendOutcome
}
