import COpenSSL

/// Bytes that nobody can guess, from OpenSSL's generator.
package enum SecureRandom {
    /// `count` bytes.
    package static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        // Without a source of randomness nothing that is made of it would be a secret, so nothing goes on.
        precondition(RAND_bytes(&bytes, Int32(count)) == 1, "OpenSSL has no random bytes")
        return bytes
    }
}
