import Synchronization

/// Remembers for a moment what the store said about a ticket, so that a client that calls a thousand times a second has
/// it looked up once.
///
/// The price is that a session which another process has ended goes on here for as long as a moment lasts.
final class SessionCache: Sendable {
    private struct Entry {
        var session: Session
        var read: Timestamp
    }

    private let entries = Mutex<[[UInt8]: Entry]>([:])

    /// How long the store's word is good for.
    let moment: Duration
    private static let mostEntries = 10_000

    init(moment: Duration) {
        self.moment = moment
    }

    /// The session of the ticket with this digest, if the store was asked within the last moment.
    func session(_ digest: [UInt8], now: Timestamp) -> Session? {
        entries.withLock { entries in
            guard let entry = entries[digest], now >= entry.read, now.since(entry.read) < moment else {
                return nil
            }
            return entry.session
        }
    }

    func remember(_ session: Session, _ digest: [UInt8], now: Timestamp) {
        entries.withLock { entries in
            if entries.count >= Self.mostEntries { entries.removeAll(keepingCapacity: true) }
            entries[digest] = Entry(session: session, read: now)
        }
    }

    func forget() {
        entries.withLock { $0.removeAll() }
    }
}
