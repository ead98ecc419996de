import Foundation
package import StoreContracts
import Synchronization

/// The webhooks that may have something pending: from where on in the queue's index each is to be looked at, and when.
///
/// A mark is a lower bound, never a promise. Claims look at webhooks whose time has come and whose target has room, as far
/// as that was known at the last look, and move their marks to what they find; all others cost nothing. What this process
/// does lowers marks at once, what others do lowers them by hints, and a sweep beside the claims looks at all that is
/// pending and finds what neither said.
///
/// Claims begin to look where the mark says. Without it each would walk over what has been delivered since the oldest
/// snapshot that is open anywhere in the database: its rows cannot be removed until then, and stand at the front of the
/// queue's index.
package final class DueWatermarks: Sendable {
    /// A webhook that has something pending, as a look at the queue found it.
    package struct Found: Sendable {
        package let webhook: Int32
        /// Nothing stands before that in the queue's index.
        package let from: Int64
        /// When the first is due or its lease ends, and the target's pause is over.
        package let time: Int64
        package let target: String
        package let consecutiveErrors: Int

        package init(webhook: Int32, from: Int64, time: Int64, target: String, consecutiveErrors: Int) {
            (self.webhook, self.from, self.time) = (webhook, from, time)
            (self.target, self.consecutiveErrors) = (target, consecutiveErrors)
        }
    }

    private struct Mark {
        var from: Int64
        var time: Int64
        var group: Group
        /// Whether it has been looked at since something was last heard of it.
        var isFresh = false
        /// The least that was heard since a look began.
        var heard = Int64.max
        /// When something was last heard or found.
        var touched = 0
    }

    /// Webhooks that share the room of a target.
    private struct Group: Hashable, Comparable {
        /// The target. It is nil for webhooks that have not been looked at.
        var target: String?
        var isFailing = false

        init() {}

        init(_ found: Found) {
            target = found.target
            isFailing = found.consecutiveErrors > 0
        }

        static func < (left: Group, right: Group) -> Bool { (left.target ?? "") < (right.target ?? "") }

        func room(_ limits: ClaimLimits) -> Int {
            target.map { limits.room(target: $0, consecutiveErrors: isFailing ? 1 : 0) } ?? .max
        }
    }

    private struct State {
        private(set) var marks: [Int32: Mark] = [:]
        /// Each group's webhooks.
        private var queues: [Group: PriorityTable<Int32>] = [:]
        /// The groups by their first webhooks' times.
        private var healthy = PriorityTable<Group>()
        private var failing = PriorityTable<Group>()
        /// Counts what happens.
        var clock = 0

        subscript(webhook: Int32) -> Mark? {
            get { marks[webhook] }
            set {
                if let old = marks[webhook], old.group != newValue?.group { order(webhook, in: old.group, at: nil) }
                marks[webhook] = newValue
                if let newValue { order(webhook, in: newValue.group, at: newValue.time) }
            }
        }

        private mutating func order(_ webhook: Int32, in group: Group, at time: Int64?) {
            queues[group, default: PriorityTable()][webhook] = time
            order(group)
        }

        private mutating func order(_ group: Group) {
            let first = queues[group]?.first?.time
            if first == nil { queues[group] = nil }
            if group.isFailing { failing[group] = first } else { healthy[group] = first }
        }

        /// The webhooks whose time has come and that have room if each gets one delivery, in the order of their times.
        ///
        /// Of those that have none only one of each target is come across, and none of those that fail where these have
        /// no room at all.
        mutating func due(_ limits: ClaimLimits, at now: Int64, most: Int) -> [Int32] {
            var left = limits
            var found: [(webhook: Int32, group: Group)] = []
            var full: [Group] = []
            while found.count < most {
                let group: Group
                switch (healthy.first, left.failing > 0 ? failing.first : nil) {
                case (let one?, let other?) where other.time < one.time: group = other.key
                case (let one?, _): group = one.key
                case (nil, let other?): group = other.key
                case (nil, nil): group = Group()
                }
                guard let first = queues[group]?.first, first.time <= now else { break }
                guard group.room(left) > 0 else {
                    full.append(group)
                    if group.isFailing { failing[group] = nil } else { healthy[group] = nil }
                    continue
                }
                if let target = group.target {
                    left.take(1, target: target, consecutiveErrors: group.isFailing ? 1 : 0)
                }
                found.append((first.key, group))
                queues[group]?[first.key] = nil
                order(group)
            }
            for (webhook, group) in found { order(webhook, in: group, at: marks[webhook]?.time) }
            for group in full { order(group) }
            return found.map(\.webhook)
        }
    }

    private let state = Mutex(State())

    /// A time before all.
    package static let ever = Int64.min

    /// Says that these webhooks may have something that is due from these times on; from ``ever`` on also that what was
    /// known of them may no longer be so.
    func lower(_ dues: [Int32: Int64]) {
        state.withLock { state in
            state.clock += 1
            for (webhook, due) in dues {
                var mark = state[webhook] ?? Mark(from: due, time: due, group: Group())
                mark.from = min(mark.from, due)
                mark.time = min(mark.time, due)
                mark.heard = min(mark.heard, due)
                if due == Self.ever { mark.group = Group() }
                mark.isFresh = false
                mark.touched = state.clock
                state[webhook] = mark
            }
        }
    }

    /// Says that the targets of these webhooks may have room.
    package func forget(_ webhooks: some Sequence<Int32>) {
        state.withLock { state in
            state.clock += 1
            for webhook in webhooks {
                guard var mark = state[webhook] else { continue }
                mark.group = Group()
                mark.isFresh = false
                mark.touched = state.clock
                state[webhook] = mark
            }
        }
    }

    /// Says that all is gone.
    package func removeAll() {
        state.withLock { $0 = State() }
    }

    /// The webhooks, at most `most`, that may have something due at `now` and have room, in the order of their times.
    package func due(_ limits: ClaimLimits, at now: Int64, most: Int) -> [Int32] {
        state.withLock { $0.due(limits, at: now, most: most) }
    }

    /// The earliest time of all that have room, and whether it was found by a look since something was last heard.
    package func next(_ limits: ClaimLimits) -> (time: Int64, isFresh: Bool)? {
        state.withLock { state in
            state.due(limits, at: .max, most: 1).first.flatMap { state[$0] }.map { ($0.time, $0.isFresh) }
        }
    }

    /// Says that a look at these webhooks begins; only one may be under way. Returns from where on to look.
    package func look(at webhooks: [Int32]) -> [Int64] {
        state.withLock { state in
            webhooks.map { webhook in
                state[webhook]?.heard = .max
                return state[webhook]?.from ?? Self.ever
            }
        }
    }

    /// Says what a look at these webhooks has found: nothing pending where there is none of a webhook.
    package func found(_ found: [Int32: Found], of webhooks: [Int32]) {
        state.withLock { state in
            state.clock += 1
            for webhook in webhooks {
                guard var mark = state[webhook] else { continue }
                guard let found = found[webhook] else {
                    mark.from = mark.heard
                    mark.time = mark.heard
                    state[webhook] = mark.heard == .max ? nil : mark
                    continue
                }
                mark.from = min(found.from, mark.heard)
                mark.time = min(found.time, mark.heard)
                mark.isFresh = mark.heard == .max
                mark.group = mark.heard == Self.ever ? Group() : Group(found)
                mark.touched = state.clock
                state[webhook] = mark
            }
        }
    }

    /// Says that something of these webhooks was claimed, and that a lease ends then.
    package func claimed(_ webhooks: some Sequence<Int32>, until end: Int64) {
        state.withLock { state in
            for webhook in webhooks {
                guard var mark = state[webhook] else { continue }
                // A clock that is ahead claims what is due later than its lease ends.
                mark.from = min(mark.from, end)
                mark.isFresh = false
                state[webhook] = mark
            }
        }
    }

    /// Says that others are at these webhooks: they are looked at again then.
    package func postpone(_ webhooks: some Sequence<Int32>, until time: Int64) {
        state.withLock { state in
            for webhook in webhooks {
                guard var mark = state[webhook], mark.isFresh else { continue }
                mark.time = max(mark.time, time)
                state[webhook] = mark
            }
        }
    }

    /// The number of what has happened so far.
    package var moment: Int {
        state.withLock { $0.clock }
    }

    /// Takes the findings of a sweep that began at that moment. Newer news of a webhook counts for more.
    /// Returns whether some may be due earlier than was known.
    package func swept(_ found: [Found], since moment: Int) -> Bool {
        state.withLock { state in
            var isNews = false
            for found in found {
                var mark = state[found.webhook] ?? Mark(from: .max, time: .max, group: Group())
                let isEarlier = found.from < mark.from
                if mark.touched > moment {
                    // It may have been claimed since. The next look finds what has not.
                    guard isEarlier else { continue }
                } else {
                    if mark.time > found.time || mark.group != Group(found) { isNews = true }
                    mark.time = found.time
                    mark.group = Group(found)
                }
                if isEarlier || mark.touched <= moment { mark.from = found.from }
                if isEarlier {
                    isNews = true
                    mark.heard = min(mark.heard, found.from)
                }
                mark.isFresh = false
                state[found.webhook] = mark
            }
            return isNews
        }
    }
}
