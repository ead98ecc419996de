import COpenSSL
import Text

/// SHA-256, one-shot.
package enum SHA256Digest {
    /// Fetched once, since OpenSSL otherwise looks it up for every digest. Nothing frees or changes it, so that threads share it.
    nonisolated(unsafe) private static let algorithm = EVP_MD_fetch(nil, "SHA256", nil)

    /// The 32 bytes of the digest.
    package static func of(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        let done = EVP_Digest(bytes, bytes.count, &digest, nil, algorithm, nil)
        precondition(done == 1, "OpenSSL has no SHA-256")
        return digest
    }

    /// The digest in lower-case hexadecimal.
    package static func hex(of bytes: [UInt8]) -> String {
        Hexadecimal.text(of(bytes))
    }
}
