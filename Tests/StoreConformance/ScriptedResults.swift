import Foundation
package import StoreContracts
package import WebhookModel

/// What is to become of a delivery whose webhook is Active, for cases that script the results of attempts.
package enum Scripted: Sendable, Hashable {
    case delivered
    case retry(at: Timestamp, error: String, pauseUntil: Timestamp? = nil)
    /// Half a second to fifteen seconds after the attempt.
    case postponed(to: Timestamp, error: String = "ours")
    case failed(error: String)
    /// Its webhook becomes TooManyErrors.
    case gone

    /// What the attempt brought.
    fileprivate var outcome: SendOutcome {
        switch self {
        case .delivered: .ok
        case .retry(_, let error, _), .failed(let error): .failed(SendError(.connection, error))
        case .postponed(_, let error): .failed(SendError(.local, error))
        case .gone: .gone
        }
    }

    /// The policy by which it follows from an attempt that was over at `time`.
    fileprivate func policy(at time: Timestamp) -> DeliveryPolicy {
        var policy = DeliveryPolicy.once
        guard case .retry(let due, _, let pauseEnd) = self else { return policy }
        policy.schedule = .cycles(delays: [], count: .max, pause: due.since(time))
        policy.breaker = pauseEnd.map { DeliveryPolicy.Breaker(failures: 1, pause: $0.since(time)) }
        return policy
    }

    /// Since when nothing can be sent, so that the wait is as long as it is to be.
    fileprivate func ownFailureSince(at time: Timestamp) -> Timestamp? {
        guard case .postponed(let due, _) = self else { return nil }
        return time.advanced(by: .zero - due.since(time) * 2)
    }
}

extension DeliveryPolicy {
    /// NetServer's with one attempt, after which no number of failures trips a webhook.
    package static var once: DeliveryPolicy {
        var policy = DeliveryPolicy.netServer
        policy.schedule = .cycles(delays: [], count: 1, pause: .zero)
        policy.failureLimit = nil
        return policy
    }
}

extension DeliveryResult {
    /// A result from which what is scripted follows, of an attempt that took no time.
    package init(
        _ delivery: ClaimedDelivery,
        _ scripted: Scripted,
        at time: Timestamp = Sample.start,
        attempt: Attempt? = nil
    ) {
        var decided = time
        switch scripted {
        case .retry, .failed:
            // A tick before it began, as where the clock is set back: so each failure says more than the one before,
            // although all are made at one time.
            decided = time.advanced(by: .nanoseconds(-100))
        case .delivered, .postponed, .gone: break
        }
        self.init(
            id: delivery.id,
            fence: delivery.fence,
            attempt: attempt
                ?? Attempt(started: time, duration: .zero, retry: delivery.attempts, outcome: scripted.outcome),
            outcome: scripted.outcome,
            decided: decided,
            policy: scripted.policy(at: decided),
            random: 0,
            ownFailureSince: scripted.ownFailureSince(at: decided)
        )
    }

    /// A result that `policy` judges. The attempt took no time, unless it began before `time`.
    package init(
        _ delivery: ClaimedDelivery,
        after outcome: SendOutcome,
        by policy: DeliveryPolicy = .netServer,
        began: Timestamp? = nil,
        at time: Timestamp = Sample.start,
        stateEvent: StateEvent.Seed = StateEvent.Seed()
    ) {
        let began = began ?? time
        self.init(
            id: delivery.id,
            fence: delivery.fence,
            attempt: Attempt(started: began, duration: time.since(began), retry: delivery.attempts, outcome: outcome),
            outcome: outcome,
            decided: time,
            policy: policy,
            random: 0,
            stateEvent: stateEvent
        )
    }
}

extension DeliveryQueue {
    /// Records results. Returns whether each counted.
    package func settle(_ results: [DeliveryResult]) async throws -> [Bool] {
        try await record(results).map { $0 != nil }
    }

    /// Records one result. Returns whether it counted.
    package func settle(
        _ delivery: ClaimedDelivery,
        _ scripted: Scripted,
        at time: Timestamp = Sample.start,
        attempt: Attempt? = nil
    ) async throws -> Bool {
        try await settle([DeliveryResult(delivery, scripted, at: time, attempt: attempt)]) == [true]
    }

    /// Records what `policy` makes of an outcome. Returns whether it counted.
    package func settle(
        _ delivery: ClaimedDelivery,
        after outcome: SendOutcome,
        by policy: DeliveryPolicy = .netServer,
        began: Timestamp? = nil,
        at time: Timestamp = Sample.start
    ) async throws -> Bool {
        try await settle([DeliveryResult(delivery, after: outcome, by: policy, began: began, at: time)]) == [true]
    }
}
