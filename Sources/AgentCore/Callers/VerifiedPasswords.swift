import Synchronization

/// Remembers digests of passwords that were right, for a few minutes: checking one costs a quarter of a second on
/// purpose, and clients that send theirs with every call would otherwise get four answers a second.
///
/// The digests are keyed with what only this process knows, and are nowhere but in its memory.
final class VerifiedPasswords: Sendable {
    private let key: [UInt8]
    private let cryptography: any CallerCryptography
    private let ends = Mutex<[[UInt8]: Timestamp]>([:])

    private static let lifetime = Duration.seconds(300)
    private static let mostEntries = 10_000

    init(cryptography: any CallerCryptography) {
        self.cryptography = cryptography
        key = cryptography.randomBytes(32)
    }

    func contains(_ password: String, of user: User, tenant: String, now: Timestamp) -> Bool {
        let digest = digest(password, user, tenant)
        return ends.withLock { ends in
            guard let end = ends[digest] else { return false }
            return now < end && end.since(now) <= Self.lifetime
        }
    }

    func insert(_ password: String, of user: User, tenant: String, now: Timestamp) {
        let digest = digest(password, user, tenant)
        ends.withLock { ends in
            if ends.count >= Self.mostEntries { ends.removeAll(keepingCapacity: true) }
            ends[digest] = now.advanced(by: Self.lifetime)
        }
    }

    private func digest(_ password: String, _ user: User, _ tenant: String) -> [UInt8] {
        let parts = [tenant, user.name, user.passwordHash, password].map { Array($0.utf8) }
        // The length before each part: no two lists of parts make the same bytes.
        return cryptography.digest(of: parts.reduce(key) { $0 + Array("\($1.count):".utf8) + $1 })
    }
}
