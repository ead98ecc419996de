import COpenSSL
import Synchronization

/// HMAC-SHA256 under one key, ready for many messages.
///
/// The context is keyed once and set back for each message: measured at a third of the cost of the one-shot calls, which
/// look the algorithm up and key it anew every time.
///
/// `@unchecked Sendable`: `context` is touched only inside `lock`.
package final class HMACSHA256: @unchecked Sendable {
    /// Length of a tag, in bytes.
    package static let tagBytes = 32

    private let lock = Mutex<Void>(())
    private let context: OpaquePointer

    /// - Parameter key: Any length, empty included.
    package init(key: [UInt8]) {
        // OpenSSL without HMAC or SHA-256, or out of memory: nothing could be signed, so nothing goes on.
        guard let algorithm = EVP_MAC_fetch(nil, OSSL_MAC_NAME_HMAC, nil), let context = EVP_MAC_CTX_new(algorithm)
        else { preconditionFailure("OpenSSL has no HMAC") }
        EVP_MAC_free(algorithm)
        self.context = context
        var name = Array("SHA256".utf8CString)
        // A null key pointer would mean "keep the key"; an empty array may have one.
        var key = key + [0]
        let keyed = name.withUnsafeMutableBufferPointer { name in
            var parameters = [
                OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.baseAddress, 0),
                OSSL_PARAM_construct_end(),
            ]
            return EVP_MAC_init(context, &key, key.count - 1, &parameters)
        }
        precondition(keyed == 1, "OpenSSL has no HMAC-SHA256")
        OPENSSL_cleanse(&key, key.count)
    }

    deinit {
        EVP_MAC_CTX_free(context)
    }

    /// The tag of `message`, ``tagBytes`` long.
    package func tag(of message: [UInt8]) -> [UInt8] {
        lock.withLock { _ in
            var tag = [UInt8](repeating: 0, count: Self.tagBytes)
            var count = 0
            let done =
                EVP_MAC_init(context, nil, 0, nil) == 1
                && EVP_MAC_update(context, message, message.count) == 1
                && EVP_MAC_final(context, &tag, &count, tag.count) == 1
            precondition(done && count == Self.tagBytes, "OpenSSL could not compute an HMAC")
            return tag
        }
    }
}
