import Synchronization
package import WebhookModel

/// A webhook that a store holds in memory, with what others have made of it.
///
/// It never changes: where the webhook is saved anew, the store holds another one.
package final class HeldWebhook: Sendable {
    /// The webhook, as it is committed.
    package let webhook: Webhook
    /// Where it was registered.
    package let scope: WebhookScope
    private let made = Mutex<[Int: [UInt8]]>([:])

    /// How many forms are kept.
    package static let forms = 2

    /// Holds a webhook.
    package init(_ webhook: Webhook, registeredIn scope: WebhookScope) {
        (self.webhook, self.scope) = (webhook, scope)
    }

    /// Returns the bytes that the webhook has in a form. The first ``forms`` of them are made once.
    ///
    /// - Parameters:
    ///   - form: Tells the forms apart.
    ///   - make: Makes the bytes.
    package func bytes(_ form: Int, madeBy make: (Webhook) -> [UInt8]) -> [UInt8] {
        if let bytes = made.withLock({ $0[form] }) { return bytes }
        let bytes = make(webhook)
        made.withLock { if $0.count < Self.forms { $0[form] = bytes } }
        return bytes
    }
}
