import Networking
import Synchronization
import Text
import WebhookModel

/// The URLs of targets as the log of attempts shows them, of the webhooks that were sent to last.
final class ShownURLs: Sendable {
    private let texts = Mutex(BoundedCache<ExactText, String>(capacity: 1024))

    /// The URL without its credentials.
    func text(of url: String) -> String {
        let key = ExactText(url)
        if let known = texts.withLock({ $0[key] }) { return known }
        let text = TargetURL.withoutCredentials(url)
        texts.withLock { $0.insert(text, for: key) }
        return text
    }
}
