import Foundation
import Networking
import Text
package import WebhookModel

/// When deliveries are tried again and what an attempt says about its webhook, as data, and the decision as a pure
/// function of it (docs/contract.md#section-7).
package struct DeliveryPolicy: Sendable, Hashable {
    /// When a delivery is tried again.
    package enum Schedule: Sendable, Hashable {
        /// The waits between the attempts of a cycle, how often the cycle is gone through, and the wait between cycles.
        case cycles(delays: [Duration], count: Int, pause: Duration)
        /// That many attempts in all. The wait is `first`, doubled for every attempt up to `longest`. Chance shortens each
        /// wait by up to half, so that deliveries that failed together are not tried again together.
        ///
        /// Attempt n waits min(first · 2ⁿ⁻¹, longest) · (½ … 1).
        case exponential(first: Duration, longest: Duration, attempts: Int)
    }

    /// The statuses that mean that a delivery arrived.
    package enum Success: String, Sendable, Hashable, CaseIterable {
        /// 200 alone.
        case ok = "200"
        /// 200 to 299.
        case any2xx = "2xx"

        /// Whether `status` does.
        package func includes(_ status: Int) -> Bool {
            self == .ok ? status == 200 : (200..<300).contains(status)
        }

        /// Whether `outcome` is an answer with such a status.
        package func includes(_ outcome: SendOutcome) -> Bool {
            if case .answered(let answer) = outcome { includes(answer.status) } else { false }
        }
    }

    /// After how many consecutive failures nothing is sent to a target for a while; then the few attempts that a failing
    /// target gets probe it.
    package struct Breaker: Sendable, Hashable {
        /// Failures in a row.
        package var failures: Int
        /// How long the target is left alone then.
        package var pause: Duration

        /// Creates a breaker.
        package init(failures: Int, pause: Duration) {
            (self.failures, self.pause) = (failures, pause)
        }
    }

    /// When a delivery is tried again.
    package var schedule: Schedule
    /// Which statuses mean that a delivery arrived.
    package var success: Success
    /// Consecutive failed attempts of a webhook that make it TooManyErrors, once they have lasted as long as that many
    /// attempts of one delivery take; nil for no number.
    package var failureLimit: Int?
    /// The longest wait that a `Retry-After` of the target may ask for; nil to ignore it.
    package var retryAfterLimit: Duration?
    /// When a target is left alone; nil for never.
    package var breaker: Breaker?

    /// Creates a delivery policy.
    package init(
        schedule: Schedule,
        success: Success,
        failureLimit: Int?,
        retryAfterLimit: Duration? = nil,
        breaker: Breaker? = nil
    ) {
        (self.schedule, self.success, self.failureLimit) = (schedule, success, failureLimit)
        (self.retryAfterLimit, self.breaker) = (retryAfterLimit, breaker)
    }

    /// As NetServer does: three attempts at 0, +1 s and +4 s, three times; nine failures in a row and the webhook is
    /// TooManyErrors.
    package static let netServer = DeliveryPolicy(
        schedule: .cycles(delays: [.seconds(1), .seconds(4)], count: 3, pause: .seconds(10)),
        success: .ok,
        failureLimit: 9
    )

    /// For targets that may be away for days: 5 s doubling to 2 h, 58 attempts, which take about three days.
    package static let durable = DeliveryPolicy(
        schedule: .exponential(first: .seconds(5), longest: .seconds(7200), attempts: 58),
        success: .any2xx,
        failureLimit: nil,
        retryAfterLimit: .seconds(3600),
        breaker: Breaker(failures: 5, pause: .seconds(30))
    )

    /// What follows from an attempt that began at `began` and ended at `now`.
    ///
    /// - Parameters:
    ///   - random: From 0 up to but not including 1; the only chance in the decision.
    ///   - ownFailureSince: Since when nothing could be sent to the target for reasons that are not the target's; nil for
    ///     a first failure of that kind.
    package func decide(
        on outcome: SendOutcome,
        _ snapshot: DeliverySnapshot,
        began: Timestamp,
        now: Timestamp,
        random: Double,
        ownFailureSince: Timestamp? = nil
    ) -> DeliveryDecision {
        if success.includes(outcome) { return DeliveryDecision(.delivered) }
        var status: Int?
        switch outcome {
        case .answered(let answer): status = answer.status
        case .failed(let failure) where !failure.kind.isTargets:
            let wait = Self.postponement(since: ownFailureSince ?? now, now: now, random: random)
            return DeliveryDecision(.postponed(to: now.advanced(by: wait)), error: outcome.summary)
        case .failed: break
        }
        let (error, lastError) = (outcome.summary, outcome.lastError)
        let failures = snapshot.isReplay ? snapshot.failures : snapshot.failures.adding(from: began, to: now)
        let attempts = snapshot.attempts + 1
        var decision = DeliveryDecision(.failed, error: error, lastError: lastError, failures: failures)
        let wait = wait(afterAttempt: attempts, random: random)
        if snapshot.webhookState != .active {
            // A delivery fails for good only while its webhook is Active.
            decision.fate = .parked(attempts: wait == nil ? 0 : attempts)
        } else if !snapshot.isReplay, status == 410 || areTooMany(failures, now: now) {
            decision.fate = .parked(attempts: 0)
            decision.webhookState = .tooManyErrors
        } else if let wait {
            let asked = retryAfter(outcome, now: now).map { max($0, wait) } ?? wait
            decision.fate = .retry(at: now.advanced(by: asked))
            if let breaker, !snapshot.isReplay, failures.count >= breaker.failures {
                decision.pauseUntil = now.advanced(by: breaker.pause)
            }
        }
        return decision
    }

    /// Whether a webhook with these failures is not sent to any more. A receiver that is away for less time than the
    /// attempts of one delivery take keeps its subscription, however much is sent to it.
    private func areTooMany(_ failures: FailureRow, now: Timestamp) -> Bool {
        guard let failureLimit else { return false }
        return failures.count >= failureLimit && failures.length(at: now) >= span(ofAttempts: failureLimit)
    }

    /// How long so many attempts of one delivery take if each fails at once and chance shortens no wait: 35 s for the nine
    /// of ``netServer``. For a policy whose deliveries have fewer attempts, the time is worked out as if they had so many.
    package func span(ofAttempts count: Int) -> Duration {
        let waits = max(0, count - 1)
        switch schedule {
        case .cycles(let delays, _, let pause):
            let (cycles, rest) = waits.quotientAndRemainder(dividingBy: delays.count + 1)
            return (delays.reduce(pause, +)) * cycles + delays.prefix(rest).reduce(.zero, +)
        case .exponential(let first, let longest, _):
            var (span, next, left) = (Duration.zero, first, waits)
            while left > 0, next > .zero, next < longest {
                (span, next, left) = (span + next, next * 2, left - 1)
            }
            return span + min(next, longest) * left
        }
    }

    /// The bounds of ``postponement(since:now:random:)``, before chance shortens it.
    private static let postponements: ClosedRange<Duration> = .seconds(1) ... .seconds(30)

    /// The wait after a failure that is not the target's: as long as nothing could be sent so far, so that it doubles from
    /// one attempt to the next, within bounds, and shortened by up to half at random.
    private static func postponement(since start: Timestamp, now: Timestamp, random: Double) -> Duration {
        min(max(now.since(start), postponements.lowerBound), postponements.upperBound) * (0.5 + random / 2)
    }

    /// The longest wait that a decision can ask for.
    package var longestWait: Duration {
        let scheduled =
            switch schedule {
            case .cycles(let delays, _, let pause): delays + [pause]
            case .exponential(_, let longest, _): [longest]
            }
        let others = [retryAfterLimit, breaker?.pause].compactMap { $0 }
        return (scheduled + others).reduce(Self.postponements.upperBound, max)
    }

    /// The wait before the next attempt, nil when there is none left. `attempts` have been made.
    private func wait(afterAttempt attempts: Int, random: Double) -> Duration? {
        switch schedule {
        case .cycles(let delays, let count, let pause):
            let (cycle, position) = (attempts - 1).quotientAndRemainder(dividingBy: delays.count + 1)
            if position < delays.count { return delays[position] }
            return cycle + 1 < count ? pause : nil
        case .exponential(let first, let longest, let limit):
            guard attempts < limit else { return nil }
            // Past 2³⁰ every first wait is longer than the longest.
            let full = min(first * (1 << min(attempts - 1, 30)), longest)
            return full * (0.5 + random / 2)
        }
    }

    /// The wait that the target asks for, within bounds: seconds, or the date of its end (RFC 9110, 10.2.3).
    private func retryAfter(_ outcome: SendOutcome, now: Timestamp) -> Duration? {
        guard let retryAfterLimit, case .answered(let answer) = outcome,
            let text = answer.headers.first(where: { $0.key.lowercased() == "retry-after" })?.value?.trimmingSpace
        else { return nil }
        if let seconds = Int64(text) { return seconds < 0 ? nil : min(.seconds(seconds), retryAfterLimit) }
        guard let end = HTTPDate.parse(text) else { return nil }
        return min(max(Timestamp(end).since(now), .zero), retryAfterLimit)
    }
}
