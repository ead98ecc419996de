import AgentCore
import StoreContracts
import Synchronization
import WebhookModel

/// Stands for the network that notifications go out to: answers at once, and keeps what was sent.
final class ScriptedSender: NotificationSender {
    /// The one target that answers 500.
    static let failingURL = "http://127.0.0.1:9/failing"

    private let notifications = Mutex<[WebhookNotification]>([])
    private let arrivals = AsyncStream.makeStream(of: String.self)

    var sent: [WebhookNotification] { notifications.withLock { $0 } }

    /// The names of the first `count` events, once they have been sent.
    func events(count: Int) async -> [String] {
        var events: [String] = []
        for await event in arrivals.stream {
            events.append(event)
            if events.count == count { break }
        }
        return events
    }

    func send(_ notification: WebhookNotification) async -> SendOutcome {
        notifications.withLock { $0.append(notification) }
        arrivals.continuation.yield(notification.event)
        return notification.url == Self.failingURL
            ? .answered(TargetAnswer(status: 500, reason: "Internal Server Error", body: Array("broken".utf8)))
            : .answered(TargetAnswer(status: 200, reason: "OK", body: Array("ok".utf8)))
    }
}
