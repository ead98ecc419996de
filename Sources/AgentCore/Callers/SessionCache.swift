import StoreContracts
import Synchronization
import WebhookModel

/// Remembers for a short time what the store said about a ticket, so that a client that calls a thousand times a second
/// does not have it looked up each time.
///
/// The price is that a session which another process has ended goes on here for as long as that.
final class SessionCache: Sendable {
    private struct Entry {
        var session: Session
        var read: Timestamp
    }

    private struct State {
        var entries = BoundedCache<SecretDigest, Entry>(capacity: SessionCache.maximumEntries)
        var generation = 0
    }

    private let state = Mutex(State())

    /// How long the store's word is good for.
    let timeToLive: Duration
    private static let maximumEntries = 10_000

    init(timeToLive: Duration) {
        self.timeToLive = timeToLive
    }

    /// The session of the ticket with this digest, if the store was asked lately.
    func session(_ digest: [UInt8], now: Timestamp) -> Session? {
        state.withLock { state in
            guard let entry = state.entries[SecretDigest(digest)], now >= entry.read, now.since(entry.read) < timeToLive
            else {
                return nil
            }
            return entry.session
        }
    }

    /// Changes whenever all is forgotten.
    var generation: Int { state.withLock { $0.generation } }

    /// Remembers a session.
    ///
    /// - Parameter generation: That of when the store was asked; what was forgotten since is not remembered.
    func remember(_ session: Session, _ digest: [UInt8], now: Timestamp, generation: Int) {
        state.withLock { state in
            guard state.generation == generation else { return }
            state.entries.insert(Entry(session: session, read: now), for: SecretDigest(digest))
        }
    }

    func forget() {
        state.withLock { state in
            state.entries.removeAll()
            state.generation += 1
        }
    }
}
