import WebhookModel

extension LoginThrottle {
    /// What the throttle knows of one key.
    struct Slot {
        /// The place of a slot in its table.
        struct ID: Hashable, Sendable {
            fileprivate var isUser: Bool
            fileprivate var index: Int

            static func address(_ hash: Int) -> ID { ID(isUser: false, index: State.index(hash)) }
            static func user(_ hash: Int) -> ID { ID(isUser: true, index: State.index(hash)) }
        }

        /// Why no attempt may be made.
        enum Obstacle {
            /// There are as many attempts in progress as may be made at once.
            case busy
            /// The last attempt failed a short time ago, and this pause is left.
            case pause(Duration)
        }

        var failures = 0
        /// Since when the oldest failure is being forgotten.
        var changed = Timestamp(ticks: 0)
        /// When the next attempt may be made.
        var next = Timestamp(ticks: 0)
        /// Attempts in progress.
        var running = 0
        /// Attempts that wait, in the queue or through a pause.
        var waiting = 0
        /// Whether the next attempt is known and waits through a pause.
        var isPausing = false

        /// How long one failure is remembered after the one before it is forgotten.
        private static let decayInterval = Duration.seconds(30)
        /// How many failures are counted at most, so that all are forgotten in minutes.
        private static let maximumFailures = 16

        /// Forgets old failures. Returns why no attempt may be made now; nil when one may be made.
        mutating func obstacle(_ limits: Limits, _ now: Timestamp) -> Obstacle? {
            // A clock that is set back must not shut anybody out.
            if changed > now { changed = now }
            if next.since(now) > limits.longestPause { next = now }
            let forgotten = min(failures, Int(now.since(changed) / Self.decayInterval))
            failures -= forgotten
            changed = changed.advanced(by: Self.decayInterval * forgotten)
            guard failures >= limits.freeFailures else {
                return failures + running < limits.freeFailures ? nil : .busy
            }
            guard running == 0 else { return .busy }
            return next > now ? .pause(next.since(now)) : nil
        }

        mutating func countFailure(_ limits: Limits, _ now: Timestamp) {
            if failures == 0 { changed = now }
            failures = min(Self.maximumFailures, failures + 1)
            guard failures >= limits.freeFailures else { return }
            let pause = limits.firstPause * (1 << (failures - limits.freeFailures))
            next = now.advanced(by: min(pause, limits.longestPause))
        }
    }

    struct State {
        private let addressLimits: Limits
        private let userLimits: Limits
        /// The slots that attempts have come to. The tables begin empty: most processes see few callers.
        private var used: [Slot.ID: Slot] = [:]
        /// The hashes of the pairs of caller and address that were let in last, by the slots of these pairs.
        private var known: [Int: Int] = [:]
        /// The attempts that are to be resumed, in the order in which they came.
        private var queues: [Slot.ID: [Waiting]] = [:]
        /// How many attempts have begun to wait at a slot.
        private var arrivals = 0

        /// How many slots a table may have.
        private static let slots = 1 << 14
        /// How many attempts of one address, or at one user, may wait: requests that wait hold connections. After failures,
        /// fewer may wait.
        private static let maximumWaiters = 256
        private static let maximumWaitersAfterFailures = 16

        init(addresses: Limits, users: Limits) {
            addressLimits = addresses
            userLimits = users
        }

        private subscript(id: Slot.ID) -> Slot {
            get { used[id] ?? Slot() }
            set { used[id] = newValue }
        }

        fileprivate static func index(_ hash: Int) -> Int { hash & (slots - 1) }

        private func limits(_ id: Slot.ID) -> Limits { id.isUser ? userLimits : addressLimits }

        /// Whether the last pair of caller and address with this slot that was let in has this hash.
        func isKnown(_ pair: Int) -> Bool { known[Self.index(pair)] == pair }

        // MARK: Waiting

        /// Admits an attempt to all of these slots, or has it wait at the first slot that is not free. So the many attempts
        /// that wait at one address are not in the way of other attempts at the user.
        ///
        /// - Parameter left: How the attempt has waited. An attempt that must wait at that slot again keeps its place there.
        mutating func admit(
            to slots: [Slot.ID],
            returningTo left: Waiting?,
            _ now: Timestamp
        ) -> (Admission, Waiting?) {
            for id in slots {
                if let obstacle = self[id].obstacle(limits(id), now) {
                    return wait(at: id, for: obstacle, arrival: left?.slot == id ? left?.arrival : nil)
                }
            }
            for id in slots { self[id].running += 1 }
            return (.admitted, nil)
        }

        private mutating func wait(
            at id: Slot.ID,
            for obstacle: Slot.Obstacle,
            arrival: Int?
        ) -> (Admission, Waiting?) {
            let slot = self[id]
            let hasFailures = slot.failures >= limits(id).freeFailures
            let pause: Duration = if case .pause(let time) = obstacle { time } else { .zero }
            guard slot.waiting < (hasFailures ? Self.maximumWaitersAfterFailures : Self.maximumWaiters) else {
                return (.refused(for: pause), nil)
            }
            self[id].waiting += 1
            if arrival == nil { arrivals += 1 }
            let arrival = arrival ?? arrivals
            if pause > .zero, !slot.isPausing {
                self[id].isPausing = true
                return (.pause(pause), Waiting(slot: id, arrival: arrival, waiter: nil))
            }
            let waiting = Waiting(slot: id, arrival: arrival, waiter: LoginWaiter())
            var queue = queues[id] ?? []
            queue.insert(waiting, at: queue.firstIndex { $0.arrival > arrival } ?? queue.endIndex)
            queues[id] = queue
            return (.queued, waiting)
        }

        /// Ends a wait. Another attempt may go on at its slot.
        mutating func end(_ waiting: Waiting) {
            let id = waiting.slot
            self[id].waiting -= 1
            guard waiting.waiter != nil else {
                self[id].isPausing = false
                return
            }
            queues[id]?.removeAll { $0.arrival == waiting.arrival }
            if queues[id]?.isEmpty ?? false { queues[id] = nil }
        }

        /// Returns the pause before the next attempt at a slot may be made.
        mutating func pause(at id: Slot.ID, _ now: Timestamp) -> Duration {
            if case .pause(let time) = self[id].obstacle(limits(id), now) { time } else { .zero }
        }

        /// Takes the first attempt out of the queue of a slot, unless it must wait there for another one. The caller must
        /// resume the attempt, which then asks again.
        mutating func dequeue(at id: Slot.ID, _ now: Timestamp) -> LoginWaiter? {
            guard let first = queues[id]?.first else { return nil }
            switch self[id].obstacle(limits(id), now) {
            case .busy: return nil
            case .pause where self[id].isPausing: return nil
            case .pause, nil: break
            }
            queues[id]?.removeFirst()
            if queues[id]?.isEmpty ?? false { queues[id] = nil }
            return first.waiter
        }

        // MARK: Outcomes

        /// Notes what came of an attempt that was admitted to these slots.
        ///
        /// - Parameter succeeded: nil when the attempt could not be made.
        mutating func leave(_ slots: [Slot.ID], user: Slot.ID?, pair: Int, succeeded: Bool?, _ now: Timestamp) {
            for id in slots { self[id].running -= 1 }
            switch succeeded {
            case true?:
                // The failures of the address stay: the owner of one account gets no free guesses at other accounts.
                if let user { self[user].failures = 0 }
                known[Self.index(pair)] = pair
            case false?: for id in slots { self[id].countFailure(limits(id), now) }
            case nil: break
            }
        }
    }
}
