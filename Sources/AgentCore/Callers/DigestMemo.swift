import Synchronization

/// The digests of secrets that were sent lately. A client sends the same ticket and the same application token with every call,
/// and to compute their digests costs several times as much as to find them here.
///
/// A secret is compared with one that was sent before in a time that does not depend on where they differ. So the time of an
/// answer tells nobody how much of a guess is right.
final class DigestMemo: Sendable {
    private struct Entry {
        let secret: String
        let digest: [UInt8]
    }

    private let cryptography: any CallerCryptography
    /// Each secret has one place, which it shares with others.
    private let entries = Mutex([Entry?](repeating: nil, count: DigestMemo.places))

    private static let places = 256
    /// In bytes of UTF-8. A longer text is no secret of ours, and is not kept.
    private static let longestSecret = 1024

    init(_ cryptography: any CallerCryptography) {
        self.cryptography = cryptography
    }

    /// The digest of a secret.
    func digest(of secret: String) -> [UInt8] {
        guard secret.utf8.count <= Self.longestSecret else { return cryptography.digest(of: Array(secret.utf8)) }
        let place = Self.place(of: secret)
        let known = entries.withLock { entries in
            entries[place].flatMap { Self.areSame($0.secret, secret) ? $0.digest : nil }
        }
        if let known { return known }
        let digest = cryptography.digest(of: Array(secret.utf8))
        entries.withLock { $0[place] = Entry(secret: secret, digest: digest) }
        return digest
    }

    /// The place of a secret, which nobody can foresee: Swift's hashes depend on a random seed of the process.
    private static func place(of secret: String) -> Int {
        var hasher = Hasher()
        var secret = secret
        secret.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        return Int(UInt(bitPattern: hasher.finalize()) % UInt(places))
    }

    private static func areSame(_ one: String, _ other: String) -> Bool {
        var (one, other) = (one, other)
        return one.withUTF8 { one in
            other.withUTF8 { other in
                guard one.count == other.count else { return false }
                var difference: UInt8 = 0
                for index in one.indices { difference |= one[index] ^ other[index] }
                return difference == 0
            }
        }
    }
}
