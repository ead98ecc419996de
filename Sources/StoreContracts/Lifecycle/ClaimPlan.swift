package import WebhookModel

/// An Active webhook that has something pending.
package struct WaitingWebhook: Sendable, Hashable {
    /// The webhook.
    package var id: Int32
    /// When its first delivery may be claimed: the delivery is due then, and the pause of its target is over.
    package var due: Timestamp
    /// See ``Webhook/target``.
    package var target: String
    /// Failed attempts since the last success.
    package var consecutiveErrors: Int

    /// Creates a webhook that waits since `due`.
    package init(id: Int32, due: Timestamp, target: String, consecutiveErrors: Int) {
        (self.id, self.due, self.target, self.consecutiveErrors) = (id, due, target, consecutiveErrors)
    }

    /// Whether its last attempt failed.
    package var isFailing: Bool { consecutiveErrors > 0 }
}

/// How many deliveries one claim takes of each webhook (docs/contract.md#section-7).
///
/// Each webhook gets a fair share, the one that has waited longest first, as far as the limits leave its target room.
package struct ClaimPlan: Sendable {
    private let waiting: [WaitingWebhook]
    private let share: Int
    private var left: ClaimLimits

    /// Creates the plan of a claim at `now`.
    package init(_ waiting: [WaitingWebhook], limits: ClaimLimits, now: Timestamp) {
        self.waiting = waiting.filter { $0.due <= now }.sorted { ($0.due, $0.id) < ($1.due, $1.id) }
        share = max(1, limits.total / max(1, self.waiting.count))
        left = limits
    }

    /// Takes deliveries of one webhook after the other.
    ///
    /// - Parameter take: Takes up to that many deliveries of a webhook, and returns how many it took.
    package mutating func carryOut(_ take: (WaitingWebhook, _ limit: Int) throws -> Int) rethrows {
        for webhook in waiting {
            let count = min(share, left.room(for: webhook), left.total)
            guard count > 0 else { continue }
            left.take(try take(webhook, count), target: webhook.target, consecutiveErrors: webhook.consecutiveErrors)
        }
    }
}

extension ClaimLimits {
    /// How many more deliveries a webhook may have.
    fileprivate func room(for webhook: WaitingWebhook) -> Int {
        room(target: webhook.target, consecutiveErrors: webhook.consecutiveErrors)
    }

    /// When the first delivery of the webhooks that have room may be claimed; nil when no webhook has room.
    package func firstDue(of waiting: some Sequence<WaitingWebhook>) -> Timestamp? {
        waiting.filter { room(for: $0) > 0 }.map(\.due).min()
    }
}
