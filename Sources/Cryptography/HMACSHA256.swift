import COpenSSL
import Synchronization

/// HMAC-SHA256 under one key, ready for many messages.
///
/// The context is keyed once and reset for each message. A tag of 300 bytes then takes 0.36 µs of a processor, against
/// 0.65 µs with a copy of the context for each message, and 1.2 µs with a context that is keyed anew. Concurrent callers
/// therefore take turns, each for as long as its message takes.
package final class HMACSHA256: Sendable {
    /// Length of a tag, in bytes.
    package static let tagBytes = 32

    private let context: Mutex<MACContext>

    /// Creates a key.
    ///
    /// - Parameter key: Any length, empty included.
    package init(key: [UInt8]) {
        context = Mutex(MACContext(key: key))
    }

    /// The tag of `message`, ``tagBytes`` long.
    package func tag(of message: [UInt8]) -> [UInt8] {
        context.withLock { $0.tag(of: message) }
    }
}

/// Owns one of OpenSSL's contexts for HMAC-SHA256.
private struct MACContext: ~Copyable {
    private let context: OpaquePointer

    init(key: [UInt8]) {
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

    mutating func tag(of message: [UInt8]) -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: HMACSHA256.tagBytes)
        var count = 0
        let done =
            EVP_MAC_init(context, nil, 0, nil) == 1
            && EVP_MAC_update(context, message, message.count) == 1
            && EVP_MAC_final(context, &tag, &count, tag.count) == 1
        precondition(done && count == HMACSHA256.tagBytes, "OpenSSL could not compute an HMAC")
        return tag
    }
}
