import Synchronization

/// Remembers for a moment what the store said about a ticket, so that a client that calls a thousand times a second does
/// not have it looked up each time.
///
/// The price is that a session which another process has ended goes on here for as long as a moment lasts.
final class SessionCache: Sendable {
    private struct Entry {
        var session: Session
        var read: Timestamp
    }

    private struct State {
        var entries: [[UInt8]: Entry] = [:]
        var generation = 0
    }

    private let state = Mutex(State())

    /// How long the store's word is good for.
    let moment: Duration
    private static let mostEntries = 10_000

    init(moment: Duration) {
        self.moment = moment
    }

    /// The session of the ticket with this digest, if the store was asked within the last moment.
    func session(_ digest: [UInt8], now: Timestamp) -> Session? {
        state.withLock { state in
            guard let entry = state.entries[digest], now >= entry.read, now.since(entry.read) < moment else {
                return nil
            }
            return entry.session
        }
    }

    /// Changes whenever all is forgotten.
    var generation: Int { state.withLock { $0.generation } }

    /// - Parameter generation: That of when the store was asked; what was forgotten since is not remembered.
    func remember(_ session: Session, _ digest: [UInt8], now: Timestamp, generation: Int) {
        state.withLock { state in
            guard state.generation == generation else { return }
            if state.entries.count >= Self.mostEntries { state.entries.removeAll(keepingCapacity: true) }
            state.entries[digest] = Entry(session: session, read: now)
        }
    }

    func forget() {
        state.withLock { state in
            state.entries.removeAll()
            state.generation += 1
        }
    }
}
