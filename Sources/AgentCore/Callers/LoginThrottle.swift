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
        /// It may be made; then ``leave(_:succeeded:now:)`` must be told what came of it.
        case now
        /// It may ask again after this time.
        case wait(Duration)
        /// It may not be made; another may ask after this time.
        case refused(for: Duration)
    }

    /// One attempt's places in the tables.
    package struct Turn: Sendable, Hashable {
        fileprivate let address: Int
        fileprivate let user: Int?
        fileprivate let pair: Int?
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
        /// By hash of user and address, the hash of those who logged in last.
        var known = [Int](repeating: 0, count: LoginThrottle.places)

        mutating func changeRunning(_ turn: Turn, by change: Int) {
            addresses[turn.address].running += change
            if let user = turn.user { users[user].running += change }
        }

        mutating func changeWaiting(_ turn: Turn, by change: Int) {
            addresses[turn.address].waiting += change
            if let user = turn.user { users[user].waiting += change }
        }
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
    /// Attempts of one address, or at one user, that may wait: requests that wait hold connections. Fewer after failures.
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

    /// An attempt, from when it asks first until it has been made.
    ///
    /// - Parameter user: Tenant and name; nil where an attempt is for no user in particular.
    package func turn(user: String?, address: String) -> Turn {
        let pair = user.map { $0 + "\n" + address }
        // A user who has logged in from an address before waits neither for others who try the name nor for those who share
        // the address.
        let isKnown = pair.map { pair in state.withLock { $0.known[Self.place(pair)] == pair.hashValue } } ?? false
        return Turn(
            address: Self.place(isKnown ? pair ?? address : address),
            user: isKnown ? nil : user.map(Self.place),
            pair: pair?.hashValue
        )
    }

    /// Asks whether an attempt may be made now.
    ///
    /// - Parameter isWaiting: Whether it was told to wait before.
    package func enter(_ turn: Turn, isWaiting: Bool, now: Timestamp) -> Admission {
        state.withLock { state in
            if isWaiting { state.changeWaiting(turn, by: -1) }
            var wait = Self.wait(&state.addresses[turn.address], addressLimits, now)
            var isSuspect = state.addresses[turn.address].failures >= addressLimits.free
            if let user = turn.user {
                wait = max(wait, Self.wait(&state.users[user], userLimits, now))
                isSuspect = isSuspect || state.users[user].failures >= userLimits.free
            }
            guard wait > .zero else {
                state.changeRunning(turn, by: 1)
                return .now
            }
            let waiting = max(state.addresses[turn.address].waiting, turn.user.map { state.users[$0].waiting } ?? 0)
            guard waiting < (isSuspect ? Self.mostWaitingAfterFailures : Self.mostWaiting) else {
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
                if let pair = turn.pair { state.known[pair & (Self.places - 1)] = pair }
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

    private static func place(_ key: String) -> Int {
        key.hashValue & (places - 1)
    }
}
