import Synchronization

/// Remembers digests of passwords that were right, for a few minutes: checking one costs a quarter of a second on
/// purpose, and clients that send theirs with every call would otherwise get four answers a second.
///
/// The digests are keyed with what only this process knows, and are nowhere but in its memory.
final class VerifiedPasswords: Sendable {
    private let key: [UInt8]
    private let cryptography: any CallerCryptography
    private let entries = Mutex<[[UInt8]: Entry]>([:])
    private let lifetime: Duration

    private struct Entry {
        var end: Timestamp
        /// Of the session that calls with this password may go on with, unless it has ended.
        var ticket: String?
    }

    private static let mostEntries = 10_000

    init(cryptography: any CallerCryptography, lifetime: Duration) {
        self.cryptography = cryptography
        self.lifetime = lifetime
        key = cryptography.randomBytes(32)
    }

    func contains(_ password: String, of user: User, tenant: String, now: Timestamp) -> Bool {
        entry(password, user, tenant, now) != nil
    }

    func ticket(_ password: String, of user: User, tenant: String, now: Timestamp) -> String? {
        entry(password, user, tenant, now)?.ticket
    }

    func insert(_ password: String, of user: User, tenant: String, now: Timestamp) {
        let digest = digest(password, user, tenant)
        entries.withLock { entries in
            if entries.count >= Self.mostEntries { entries.removeAll(keepingCapacity: true) }
            entries[digest] = Entry(end: now.advanced(by: lifetime))
        }
    }

    func remember(ticket: String, _ password: String, of user: User, tenant: String) {
        let digest = digest(password, user, tenant)
        entries.withLock { $0[digest]?.ticket = ticket }
    }

    private func entry(_ password: String, _ user: User, _ tenant: String, _ now: Timestamp) -> Entry? {
        let digest = digest(password, user, tenant)
        return entries.withLock { entries in
            // A clock that is set back does not make them last.
            guard let entry = entries[digest], now < entry.end, entry.end.since(now) <= lifetime else { return nil }
            return entry
        }
    }

    private func digest(_ password: String, _ user: User, _ tenant: String) -> [UInt8] {
        let parts = [tenant, user.name, user.passwordHash, password].map { Array($0.utf8) }
        // The length before each part: no two lists of parts make the same bytes.
        return cryptography.digest(of: parts.reduce(key) { $0 + Array("\($1.count):".utf8) + $1 })
    }
}
