import Synchronization

/// Slows down who guesses passwords: by address, so that one attacker gets nowhere, and by user, so that many together
/// do not either (contract, section 5).
///
/// A few failures cost nothing. After them attempts are made one at a time, with a pause between them that doubles; who
/// comes meanwhile waits, and where too many wait already is refused unheard. Attempts that are being made count as if
/// they failed, so that a thousand at once are not a thousand at no cost, while many right ones at once only wait for each
/// other. Failures are forgotten with time. A user who has logged in from an address before does not wait there for
/// others who try the same name.
///
/// What is known is kept in tables of fixed size by hash, seeded for each process: they cannot be made to grow or to
/// forget. What shares a place by chance shares its wait.
package final class LoginThrottle: Sendable {
    /// What becomes of an attempt.
    package enum Admission: Sendable, Hashable {
        /// It may be made; then ``leave(user:address:succeeded:now:)`` must be told what came of it.
        case now
        /// It may ask again after this time.
        case wait(Duration)
        /// It may not be made; another may ask after this time.
        case refused(for: Duration)
    }

    /// How one kind of key is slowed.
    package struct Limits: Sendable {
        /// Failures that cost nothing.
        package var free: Int
        /// The first pause between two attempts; it doubles with every failure.
        package var firstPause: Duration
        /// The longest pause.
        package var longestPause: Duration

        /// With these members.
        package init(free: Int, firstPause: Duration, longestPause: Duration) {
            self.free = free
            self.firstPause = firstPause
            self.longestPause = longestPause
        }
    }

    private struct Place {
        var failures = 0
        var changed = Timestamp(ticks: 0)
        /// When the next attempt may be made.
        var next = Timestamp(ticks: 0)
        /// Attempts that are being made.
        var running = 0
        /// Attempts that were told to ask again.
        var waiting = 0
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
    /// How often who waits for another attempt's end asks.
    private static let turn = Duration.milliseconds(20)
    /// Attempts of one address that may wait: requests that wait hold connections. Fewer where it has failed too often.
    private static let mostWaiting = 256
    private static let mostWaitingAfterFailures = 16

    /// The limits may be given for tests.
    package init(
        addresses: Limits = Limits(free: 3, firstPause: .milliseconds(100), longestPause: .seconds(5)),
        users: Limits = Limits(free: 3, firstPause: .milliseconds(100), longestPause: .seconds(1))
    ) {
        addressLimits = addresses
        userLimits = users
    }

    /// Asks whether an attempt may be made now.
    ///
    /// - Parameters:
    ///   - user: Tenant and name; nil where an attempt is for no user in particular.
    ///   - isWaiting: Whether this attempt was told to wait before.
    package func enter(user: String?, address: String, isWaiting: Bool, now: Timestamp) -> Admission {
        state.withLock { state in
            let place = Self.place(address)
            if isWaiting { state.addresses[place].waiting -= 1 }
            var wait = Self.wait(&state.addresses[place], addressLimits, now)
            let userPlace = user.flatMap { Self.isKnown($0, address, state) ? nil : Self.place($0) }
            if let userPlace { wait = max(wait, Self.wait(&state.users[userPlace], userLimits, now)) }
            guard wait > .zero else {
                state.addresses[place].running += 1
                if let user { state.users[Self.place(user)].running += 1 }
                return .now
            }
            let isSuspect = state.addresses[place].failures >= addressLimits.free
            let most = isSuspect ? Self.mostWaitingAfterFailures : Self.mostWaiting
            guard state.addresses[place].waiting < most else { return .refused(for: wait) }
            state.addresses[place].waiting += 1
            return .wait(wait)
        }
    }

    /// Takes back a wait that nobody waits any longer.
    package func giveUp(address: String) {
        state.withLock { $0.addresses[Self.place(address)].waiting -= 1 }
    }

    /// Says what came of an attempt that was admitted.
    ///
    /// - Parameter succeeded: nil when it could not be made after all.
    package func leave(user: String?, address: String, succeeded: Bool?, now: Timestamp) {
        state.withLock { state in
            let place = Self.place(address)
            state.addresses[place].running -= 1
            if let user { state.users[Self.place(user)].running -= 1 }
            switch succeeded {
            case true?:
                guard let user else { return }
                // Only the user's: who has one account does not get free guesses at the others of the address.
                state.users[Self.place(user)].failures = 0
                let hash = Self.hash(user, address)
                state.known[hash & (Self.places - 1)] = hash
            case false?:
                Self.countFailure(&state.addresses[place], addressLimits, now)
                if let user { Self.countFailure(&state.users[Self.place(user)], userLimits, now) }
            case nil: break
            }
        }
    }

    private static func isKnown(_ user: String, _ address: String, _ state: State) -> Bool {
        let hash = hash(user, address)
        return state.known[hash & (places - 1)] == hash
    }

    /// How long an attempt has to wait for its turn.
    private static func wait(_ place: inout Place, _ limits: Limits, _ now: Timestamp) -> Duration {
        // A clock that is set back must not shut anybody out.
        if place.changed > now { place.changed = now }
        if place.next.since(now) > limits.longestPause { place.next = now }
        let forgotten = Int(now.since(place.changed) / forgetsOneIn)
        if forgotten > 0 {
            place.failures = max(0, place.failures - forgotten)
            place.changed = now
        }
        guard place.failures >= limits.free else {
            return place.failures + place.running < limits.free ? .zero : turn
        }
        guard place.running == 0 else { return turn }
        return max(.zero, place.next.since(now))
    }

    private static func countFailure(_ place: inout Place, _ limits: Limits, _ now: Timestamp) {
        place.failures = min(mostFailures, place.failures + 1)
        place.changed = now
        guard place.failures >= limits.free else { return }
        let pause = min(limits.firstPause * (1 << (place.failures - limits.free)), limits.longestPause)
        place.next = now.advanced(by: pause)
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
