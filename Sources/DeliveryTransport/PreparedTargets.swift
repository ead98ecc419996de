import Networking
import Synchronization
import Text
import WebhookModel

/// Keeps what was prepared for the webhooks that were sent to last.
///
/// It keeps neither addresses nor what the address policy says of them, because both may change between two attempts.
final class PreparedTargets: Sendable {
    /// Text that only looks the same is not: each byte goes over the connection.
    private struct Key: Hashable {
        let url: String
        let headers: StringDictionary?

        static func == (left: Key, right: Key) -> Bool {
            left.url.isSame(as: right.url) && left.headers.isSame(as: right.headers)
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(ExactText(url))
            for header in headers?.entries ?? [] {
                hasher.combine(ExactText(header.key))
                hasher.combine(header.value.map { ExactText($0) })
            }
        }
    }

    private let request: NotificationRequest
    private let route: TargetRoute
    private let prepared = Mutex(BoundedCache<Key, PreparedTarget>(capacity: 1024))

    init(request: NotificationRequest, route: TargetRoute) {
        (self.request, self.route) = (request, route)
    }

    /// What is prepared for the target of a notification.
    func target(of notification: WebhookNotification) throws(TargetURL.ParseError) -> PreparedTarget {
        let key = Key(url: notification.url, headers: notification.headers)
        if let known = prepared.withLock({ $0[key] }) { return known }
        let target = try PreparedTarget(url: key.url, headers: key.headers, request: request, route: route)
        prepared.withLock { $0.insert(target, for: key) }
        return target
    }
}
