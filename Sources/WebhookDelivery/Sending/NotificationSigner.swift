import AgentCore
import Cryptography
import Foundation
import Synchronization
import Text

/// Signs bodies: base64 of HMAC-SHA256 under the webhook's secret (contract, section 7).
///
/// Keyed contexts are kept by secret, since keying one costs twice as much as signing with it.
package final class NotificationSigner: Sendable {
    private let keys = Mutex<[ExactText: HMACSHA256]>([:])

    /// At most this many are kept; then all are dropped, which costs one keying each.
    private static let capacity = 1024

    /// With no key kept yet.
    package init() {}

    /// The value of `X-SuperOffice-Signature`, nil without a secret.
    package func signature(of body: [UInt8], secret: String?) -> String? {
        guard let secret, !secret.isEmpty else { return nil }
        return Data(key(for: secret).tag(of: body)).base64EncodedString()
    }

    private func key(for secret: String) -> HMACSHA256 {
        keys.withLock { keys in
            if let key = keys[ExactText(secret)] { return key }
            if keys.count >= Self.capacity { keys.removeAll(keepingCapacity: true) }
            let key = HMACSHA256(key: Array(secret.utf8))
            keys[ExactText(secret)] = key
            return key
        }
    }
}
