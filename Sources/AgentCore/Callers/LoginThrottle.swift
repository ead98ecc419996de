import Synchronization

/// Slows down who guesses passwords: by address, so that one attacker gets nowhere, and by user, so that many together
/// do not either. The contract asks for nothing of the kind; an installation that faces the internet does.
///
/// A few failures cost nothing. After them attempts are made one at a time, with a pause between them that doubles; who
/// comes meanwhile waits, and where too many wait already is refused unheard. Attempts that are being made count as if
/// they failed, so that a thousand at once are not a thousand at no cost, while many right ones at once only wait for each
/// other. Failures are forgotten with time. Who has been let in from an address before does not wait there for others who
/// try the same name, nor for others of that address.
///
/// What is known is kept in tables of fixed size by hash, seeded for each process: they cannot be made to grow or to
/// forget. What shares a place by chance shares its wait.
package final class LoginThrottle: Sendable {
    /// What becomes of an attempt.
    package enum Admission: Sendable, Hashable {
        /// It may be made; then ``leave(_:succeeded:now:)`` must be told what came of it.
        case now
        /// It may ask again after this time.
        case wait(Duration)
        /// It may not be made; another may ask after this time.
        case refused(for: Duration)
    }

    /// One attempt: its places in the tables, and where it waits.
    package struct Turn: Sendable, Hashable {
        fileprivate enum Wait: Sendable, Hashable {
            case forAddress, forUser
        }

        fileprivate let address: Int
        /// nil where attempts of others do not count.
        fileprivate let user: Int?
        fileprivate let pair: Int
        /// Whether the caller has been let in from the address before.
        package let isKnown: Bool
        fileprivate var wait: Wait?
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
        /// Since when the oldest of them fades.
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
        /// By hash of caller and address, the hash of those who were let in last.
        var known = [Int](repeating: 0, count: LoginThrottle.places)

        mutating func changeRunning(_ turn: Turn, by change: Int) {
            addresses[turn.address].running += change
            if let user = turn.user { users[user].running += change }
        }

        mutating func changeWaiting(_ turn: Turn, by change: Int) {
            switch turn.wait {
            case .forAddress: addresses[turn.address].waiting += change
            case .forUser: if let user = turn.user { users[user].waiting += change }
            case nil: break
            }
        }
    }

    private let addressLimits: Limits
    private let userLimits: Limits
    private let hash: @Sendable (String) -> Int
    private let state = Mutex(State())

    private static let places = 1 << 14
    /// Failures that are counted at most, so that what is forgotten is forgotten in minutes.
    private static let mostFailures = 16
    private static let forgetsOneIn = Duration.seconds(30)
    /// How often who waits for another attempt's end asks.
    private static let turn = Duration.milliseconds(20)
    /// Attempts of one address, or at one user, that may wait: requests that wait hold connections. Fewer after failures.
    private static let mostWaiting = 256
    private static let mostWaitingAfterFailures = 16

    /// The limits may be given for tests, and so may what tells the places of keys.
    package init(
        addresses: Limits = Limits(free: 3, firstPause: .milliseconds(100), longestPause: .seconds(5)),
        users: Limits = Limits(free: 3, firstPause: .milliseconds(100), longestPause: .seconds(1)),
        hash: @escaping @Sendable (String) -> Int = { $0.hashValue }
    ) {
        self.hash = hash
        addressLimits = addresses
        userLimits = users
    }

    /// An attempt, from when it asks first until it has been made.
    ///
    /// - Parameters:
    ///   - caller: Who wants in: tenant and name, or the digest of a token. Whoever has been let in from an address before
    ///     waits neither for others who try the name nor for those who share the address.
    ///   - isGuessable: Whether others can know the caller's name and try secrets for it, so that all attempts at it count.
    package func turn(_ caller: String, isGuessable: Bool, address: String) -> Turn {
        let pair = hash(caller + "\n" + address)
        let isKnown = state.withLock { $0.known[Self.place(pair)] == pair }
        return Turn(
            address: Self.place(isKnown ? pair : hash(address)),
            user: isKnown || !isGuessable ? nil : Self.place(hash(caller)),
            pair: pair,
            isKnown: isKnown
        )
    }

    /// Asks whether an attempt may be made now: at first, and again when it has waited.
    package func enter(_ turn: inout Turn, now: Timestamp) -> Admission {
        state.withLock { state in
            state.changeWaiting(turn, by: -1)
            turn.wait = nil
            // One after the other, so that the many who wait for one address's sake are not in the way of others at the user.
            var wait = Self.wait(&state.addresses[turn.address], addressLimits, now)
            var (place, limits) = (state.addresses[turn.address], addressLimits)
            turn.wait = .forAddress
            if wait <= .zero, let user = turn.user {
                wait = Self.wait(&state.users[user], userLimits, now)
                (place, limits) = (state.users[user], userLimits)
                turn.wait = .forUser
            }
            guard wait > .zero else {
                turn.wait = nil
                state.changeRunning(turn, by: 1)
                return .now
            }
            guard place.waiting < (place.failures >= limits.free ? Self.mostWaitingAfterFailures : Self.mostWaiting)
            else {
                turn.wait = nil
                return .refused(for: wait)
            }
            state.changeWaiting(turn, by: 1)
            return .wait(wait)
        }
    }

    /// Takes back a wait that nobody waits any longer.
    package func giveUp(_ turn: Turn) {
        state.withLock { $0.changeWaiting(turn, by: -1) }
    }

    /// Says what came of an attempt that was admitted.
    ///
    /// - Parameter succeeded: nil when it could not be made after all.
    package func leave(_ turn: Turn, succeeded: Bool?, now: Timestamp) {
        state.withLock { state in
            state.changeRunning(turn, by: -1)
            switch succeeded {
            case true?:
                // Only the user's: who has one account does not get free guesses at the others of the address.
                if let user = turn.user { state.users[user].failures = 0 }
                state.known[Self.place(turn.pair)] = turn.pair
            case false?:
                Self.countFailure(&state.addresses[turn.address], addressLimits, now)
                if let user = turn.user { Self.countFailure(&state.users[user], userLimits, now) }
            case nil: break
            }
        }
    }

    /// How long an attempt has to wait for its turn.
    private static func wait(_ place: inout Place, _ limits: Limits, _ now: Timestamp) -> Duration {
        // A clock that is set back must not shut anybody out.
        if place.changed > now { place.changed = now }
        if place.next.since(now) > limits.longestPause { place.next = now }
        let forgotten = min(place.failures, Int(now.since(place.changed) / forgetsOneIn))
        place.failures -= forgotten
        place.changed = place.changed.advanced(by: forgetsOneIn * forgotten)
        guard place.failures >= limits.free else {
            return place.failures + place.running < limits.free ? .zero : turn
        }
        guard place.running == 0 else { return turn }
        return max(.zero, place.next.since(now))
    }

    private static func countFailure(_ place: inout Place, _ limits: Limits, _ now: Timestamp) {
        if place.failures == 0 { place.changed = now }
        place.failures = min(mostFailures, place.failures + 1)
        guard place.failures >= limits.free else { return }
        let pause = min(limits.firstPause * (1 << (place.failures - limits.free)), limits.longestPause)
        place.next = now.advanced(by: pause)
    }

    private static func place(_ hash: Int) -> Int {
        hash & (places - 1)
    }
}
