/// Sends notifications: signs, posts, and reads the answer up to a bound. Never throws: a failure is an outcome.
package protocol NotificationSender: Sendable {
    /// Returns within the sender's own time limit; a cancelled task gets ``SendError/Kind/shutdown``.
    func send(_ notification: WebhookNotification) async -> SendOutcome

    /// Sends some notifications at the same time, each as the other form does. Returns when each has its outcome.
    ///
    /// - Parameter receive: Takes the outcome of each notification once, as soon as it is there, with the notification's
    ///   index. It is called on any thread, for several at a time, and must not block.
    func send(
        _ notifications: [WebhookNotification],
        _ receive: @escaping @Sendable (_ index: Int, _ outcome: SendOutcome) -> Void
    ) async
}

extension NotificationSender {
    package func send(
        _ notifications: [WebhookNotification],
        _ receive: @escaping @Sendable (_ index: Int, _ outcome: SendOutcome) -> Void
    ) async {
        await withDiscardingTaskGroup { group in
            for (index, notification) in notifications.enumerated() {
                group.addTask { receive(index, await send(notification)) }
            }
        }
    }
}
