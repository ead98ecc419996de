import Synchronization

/// Slows down who guesses passwords: by address, so that one attacker gets nowhere, and by user, so that many together
/// do not either (contract, section 5).
///
/// Every attempt counts as failed until it has succeeded, so that a thousand at once are not a thousand at no cost. After
/// a few, each has to wait for its turn, longer and longer; who would wait too long is refused unheard. Failures are
/// forgotten with time. A user who has logged in from an address before does not wait for others who try the same name.
///
/// Failures are kept in tables of fixed size by hash, seeded for each process: they cannot be made to grow or to forget.
/// What shares a place by chance shares its wait.
package final class LoginThrottle: Sendable {
    /// What becomes of an attempt.
    package enum Admission: Sendable, Hashable {
        /// It may be made after this wait.
        case after(Duration)
        /// It may not be made; another will not be refused after this time.
        case refused(for: Duration)
    }

    /// How one kind of key is slowed.
    package struct Limits: Sendable {
        /// Failures that cost nothing.
        package var free: Int
        /// The first wait; it doubles with every failure.
        package var firstWait: Duration
        /// The longest wait of one attempt for the one before it.
        package var longestWait: Duration

        /// With these members.
        package init(free: Int, firstWait: Duration, longestWait: Duration) {
            self.free = free
            self.firstWait = firstWait
            self.longestWait = longestWait
        }
    }

    private struct Place {
        var failures = 0
        var changed = Timestamp(ticks: 0)
        /// When the next attempt may be made.
        var next = Timestamp(ticks: 0)
    }

    private struct State {
        var addresses = [Place](repeating: Place(), count: LoginThrottle.places)
        var users = [Place](repeating: Place(), count: LoginThrottle.places)
        /// By hash of user and address, the hash of those who logged in last.
        var known = [Int](repeating: 0, count: LoginThrottle.places)
    }

    private let addressLimits: Limits
    private let userLimits: Limits
    private let state = Mutex(State())

    private static let places = 1 << 14
    /// Failures that are counted at most, so that what is forgotten is forgotten in minutes.
    private static let mostFailures = 16
    private static let forgetsOneIn = Duration.seconds(30)
    /// Who would have to wait longer is refused: requests that wait hold connections.
    private static let longestTurn = Duration.seconds(10)

    /// The limits may be given for tests.
    package init(
        addresses: Limits = Limits(free: 3, firstWait: .milliseconds(100), longestWait: .seconds(5)),
        users: Limits = Limits(free: 3, firstWait: .milliseconds(100), longestWait: .seconds(1))
    ) {
        addressLimits = addresses
        userLimits = users
    }

    /// Asks whether an attempt may be made.
    ///
    /// - Parameter user: Tenant and name; nil where an attempt is for no user in particular.
    package func admit(user: String?, address: String, now: Timestamp) -> Admission {
        state.withLock { state in
            let place = Self.place(address)
            let wait = Self.wait(&state.addresses[place], addressLimits, now)
            guard wait <= Self.longestTurn else { return .refused(for: wait) }
            var userWait = Duration.zero
            if let user, !Self.isKnown(user, address, state) {
                userWait = Self.wait(&state.users[Self.place(user)], userLimits, now)
                guard userWait <= Self.longestTurn else { return .refused(for: userWait) }
                Self.count(&state.users[Self.place(user)], userLimits, now, wait: userWait)
            }
            Self.count(&state.addresses[place], addressLimits, now, wait: wait)
            return .after(max(wait, userWait))
        }
    }

    /// Takes back what ``admit(user:address:now:)`` counted: the attempt succeeded.
    package func succeeded(user: String?, address: String) {
        state.withLock { state in
            let place = Self.place(address)
            // Only its own: who has one account does not get free guesses at the others.
            state.addresses[place].failures = max(0, state.addresses[place].failures - 1)
            guard let user else { return }
            state.users[Self.place(user)] = Place()
            let hash = Self.hash(user, address)
            state.known[hash & (Self.places - 1)] = hash
        }
    }

    private static func isKnown(_ user: String, _ address: String, _ state: State) -> Bool {
        let hash = hash(user, address)
        return state.known[hash & (places - 1)] == hash
    }

    /// How long an attempt has to wait for its turn.
    private static func wait(_ place: inout Place, _ limits: Limits, _ now: Timestamp) -> Duration {
        let forgotten = Int(max(.zero, now.since(place.changed)) / forgetsOneIn)
        if forgotten > 0 {
            place.failures = max(0, place.failures - forgotten)
            place.changed = now
        }
        guard place.failures > limits.free else { return .zero }
        // A clock that is set back must not shut anybody out.
        return min(max(.zero, place.next.since(now)), longestTurn + limits.longestWait)
    }

    private static func count(_ place: inout Place, _ limits: Limits, _ now: Timestamp, wait: Duration) {
        place.failures = min(mostFailures, place.failures + 1)
        place.changed = now
        guard place.failures > limits.free else { return }
        let delay = min(limits.firstWait * (1 << (place.failures - limits.free - 1)), limits.longestWait)
        place.next = now.advanced(by: wait + delay)
    }

    private static func place(_ key: String) -> Int {
        key.hashValue & (places - 1)
    }

    private static func hash(_ user: String, _ address: String) -> Int {
        var hasher = Hasher()
        hasher.combine(user)
        hasher.combine(address)
        return hasher.finalize()
    }
}
