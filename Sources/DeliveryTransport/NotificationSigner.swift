import Cryptography
import Foundation
import Synchronization
import Text
import WebhookModel

/// Signs bodies: base64 of HMAC-SHA256 under the webhook's secret (docs/contract.md#section-7).
///
/// The signer keeps a keyed context for each secret, since keying one costs twice as much as signing with it.
package final class NotificationSigner: Sendable {
    private let keys = Mutex(BoundedCache<ExactText, HMACSHA256>(capacity: 1024))

    /// Creates a signer that keeps no key yet.
    package init() {}

    /// Returns the value of `X-SuperOffice-Signature`; nil without a secret.
    package func signature(of body: [UInt8], secret: String?) -> String? {
        guard let secret, !secret.isEmpty else { return nil }
        return Data(key(for: secret).tag(of: body)).base64EncodedString()
    }

    private func key(for secret: String) -> HMACSHA256 {
        keys.withLock { keys in
            if let key = keys[ExactText(secret)] { return key }
            let key = HMACSHA256(key: Array(secret.utf8))
            keys.insert(key, for: ExactText(secret))
            return key
        }
    }
}
