import Synchronization
import WebhookModel

/// Remembers which passwords were right, for a few minutes: checking one costs a quarter of a second on purpose, and
/// clients that send theirs with every call would otherwise get four answers a second.
///
/// It keeps authentication codes of the passwords, under a key that only this process knows.
final class VerifiedPasswords: Sendable {
    /// Stands for one password of one user.
    struct Key: Hashable, Sendable {
        fileprivate let code: [UInt8]
    }

    private struct Entry {
        var end: Timestamp
        /// Of the session that calls with this password may go on with, unless it has ended.
        var ticket: String?
    }

    private let secret: [UInt8]
    private let cryptography: any CallerCryptography
    private let entries = Mutex(BoundedCache<Key, Entry>(capacity: VerifiedPasswords.maximumEntries))
    private let lifetime: Duration

    private static let maximumEntries = 10_000

    init(cryptography: any CallerCryptography, lifetime: Duration) {
        self.cryptography = cryptography
        self.lifetime = lifetime
        secret = cryptography.randomBytes(32)
    }

    /// Returns the keyed digest of a password, under which it is remembered when it was right.
    func key(_ password: String, of user: User, tenant: String) -> Key {
        let parts = [tenant, user.name, user.passwordHash, password].map { Array($0.utf8) }
        // The length before each part: no two lists of parts make the same bytes.
        let message = parts.reduce([]) { $0 + Array("\($1.count):".utf8) + $1 }
        return Key(code: cryptography.authenticationCode(of: message, key: secret))
    }

    func contains(_ key: Key, now: Timestamp) -> Bool { entry(key, now) != nil }

    func ticket(_ key: Key, now: Timestamp) -> String? { entry(key, now)?.ticket }

    func insert(_ key: Key, now: Timestamp) {
        entries.withLock { $0.insert(Entry(end: now.advanced(by: lifetime)), for: key) }
    }

    /// Has later calls with this password go on with a session; nothing when the password is not remembered.
    func remember(ticket: String, for key: Key) {
        entries.withLock { entries in
            guard var entry = entries[key] else { return }
            entry.ticket = ticket
            entries.insert(entry, for: key)
        }
    }

    private func entry(_ key: Key, _ now: Timestamp) -> Entry? {
        entries.withLock { entries in
            // A clock that is set back does not make them last.
            guard let entry = entries[key], now < entry.end, entry.end.since(now) <= lifetime else { return nil }
            return entry
        }
    }
}
