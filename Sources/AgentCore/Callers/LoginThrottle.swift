import StoreContracts
import Synchronization
package import WebhookModel

/// Slows down guesses of passwords: by address, so that one attacker gets nowhere, and by user, so that many attackers
/// together get nowhere either. The contract does not ask for this; an installation that faces the internet needs it.
///
/// A few failures cost nothing. After them, attempts are made one at a time, with a pause between them that doubles.
/// Attempts that come meanwhile wait in a queue, and are refused where the queue is full. Attempts in progress count as
/// failures until they finish: otherwise a thousand concurrent guesses would all be free. A caller who has been let in
/// from an address before waits there neither for others who try the same name, nor for others of that address.
///
/// The state is kept in tables of bounded size, by hash with a seed for each process: an attacker can make them neither grow
/// nor forget. Keys that collide share a delay.
package final class LoginThrottle: Sendable {
    /// What an attempt must do next.
    package enum Admission: Sendable, Hashable {
        /// The attempt is made. ``leave(_:succeeded:now:)`` must then be told what came of it.
        case admitted
        /// The attempt is the next one. It asks again after this pause.
        case pause(Duration)
        /// Other attempts come before it. It asks again after ``wait(_:atMost:)``.
        case queued
        /// The attempt is not made. Another attempt may ask after this time.
        case refused(for: Duration)
    }

    /// One attempt: its slots in the tables, and where it waits.
    package struct Attempt: Sendable {
        fileprivate let address: Slot.ID
        /// The slot of the user; nil when the attempts of others do not count.
        fileprivate let user: Slot.ID?
        fileprivate let pair: Int
        /// Whether the caller has been let in from the address before.
        package let isKnown: Bool
        fileprivate var waiting: Waiting?
    }

    /// How an attempt waits, and at which slot.
    struct Waiting: Sendable {
        let slot: Slot.ID
        /// Lower than that of every attempt that came to the slot later.
        let arrival: Int
        /// Resumes the attempt when its turn may have come; nil for an attempt that asks again by itself after a pause.
        let waiter: LoginWaiter?
    }

    /// How one kind of key is slowed.
    package struct Limits: Sendable {
        /// Failures that cost nothing.
        package var freeFailures: Int
        /// The first pause between two attempts; it doubles with every failure.
        package var firstPause: Duration
        /// The longest pause.
        package var longestPause: Duration

        /// Creates limits for one kind of key.
        package init(freeFailures: Int, firstPause: Duration, longestPause: Duration) {
            (self.freeFailures, self.firstPause, self.longestPause) = (freeFailures, firstPause, longestPause)
        }
    }

    private let state: Mutex<State>
    private let hash: @Sendable (String) -> Int
    private let sleep: @Sendable (Duration) async throws -> Void

    /// Creates a throttle that knows of no attempts.
    ///
    /// - Parameters:
    ///   - addresses: How attempts of one address are slowed.
    ///   - users: How attempts at one user are slowed.
    ///   - hash: Tells the slots of keys.
    ///   - sleep: Bounds how long an attempt is queued; throws when the task is cancelled.
    package init(
        addresses: Limits = Limits(freeFailures: 3, firstPause: .milliseconds(100), longestPause: .seconds(5)),
        users: Limits = Limits(freeFailures: 3, firstPause: .milliseconds(100), longestPause: .seconds(1)),
        hash: @escaping @Sendable (String) -> Int = { $0.hashValue },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        state = Mutex(State(addresses: addresses, users: users))
        self.hash = hash
        self.sleep = sleep
    }

    /// Returns an attempt that has not asked yet whether it may be made.
    ///
    /// - Parameters:
    ///   - caller: The tenant, with the name of a user or the digest of a token.
    ///   - isGuessable: Whether others can know the caller's name and try secrets for it, so that all attempts at it count.
    ///   - address: Where the attempt comes from.
    package func attempt(by caller: String, isGuessable: Bool, from address: String) -> Attempt {
        let pair = hash(caller + "\n" + address)
        let isKnown = state.withLock { $0.isKnown(pair) }
        return Attempt(
            address: .address(isKnown ? pair : hash(address)),
            user: isKnown || !isGuessable ? nil : .user(hash(caller)),
            pair: pair,
            isKnown: isKnown
        )
    }

    /// Asks whether an attempt may be made now. An attempt asks at first, and again after each wait.
    package func enter(_ attempt: inout Attempt, now: Timestamp) -> Admission {
        let (admission, next) = state.withLock { state in
            let left = attempt.waiting
            if let left { state.end(left) }
            let slots = [attempt.address, attempt.user].compactMap { $0 }
            let (admission, waiting) = state.admit(to: slots, returningTo: left, now)
            attempt.waiting = waiting
            return (admission, left.flatMap { state.dequeue(at: $0.slot, now) })
        }
        next?.resume()
        return admission
    }

    /// Waits while an attempt is queued. Returns true when the attempt may ask again. Returns false when its task is cancelled
    /// or the time is over; then ``giveUp(_:now:)`` must be called.
    package func wait(_ attempt: Attempt, atMost time: Duration) async -> Bool {
        guard let waiter = attempt.waiting?.waiter else { return true }
        let sleep = sleep
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await waiter.wait()
                return !Task.isCancelled
            }
            group.addTask {
                try? await sleep(time)
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }

    /// Takes back an attempt that waits no longer. Returns the pause that is left at the slot where it waited.
    @discardableResult
    package func giveUp(_ attempt: Attempt, now: Timestamp) -> Duration {
        guard let waiting = attempt.waiting else { return .zero }
        let (pause, next) = state.withLock { state in
            state.end(waiting)
            return (state.pause(at: waiting.slot, now), state.dequeue(at: waiting.slot, now))
        }
        next?.resume()
        return pause
    }

    /// Says what came of an attempt that was admitted.
    ///
    /// - Parameter succeeded: Whether the credentials were right; nil when the attempt could not be made after all.
    package func leave(_ attempt: Attempt, succeeded: Bool?, now: Timestamp) {
        let slots = [attempt.address, attempt.user].compactMap { $0 }
        let next = state.withLock { state in
            state.leave(slots, user: attempt.user, pair: attempt.pair, succeeded: succeeded, now)
            return slots.compactMap { state.dequeue(at: $0, now) }
        }
        for waiter in next { waiter.resume() }
    }
}
