import Cryptography
import DeliveryTransport
import Foundation
import LogThrottling
import Logging
import Networking
import StoreContracts
import WebhookModel

extension DeliveryEngine {
    /// Makes the attempt that a delivery was claimed for, and records what came of it. Returns what has become of the delivery;
    /// nil where nothing was recorded, or the result did not count.
    func deliver(_ delivery: ClaimedDelivery) async -> DeliveryFate? {
        var notification = WebhookNotification(
            url: delivery.url,
            headers: delivery.headers,
            secret: delivery.secret,
            event: delivery.event,
            eventID: delivery.eventID,
            retry: delivery.attempts,
            isTest: false,
            body: delivery.body
        )
        notification.signature = signer.signature(of: delivery.body, secret: delivery.secret)
        let (started, begun) = (clock.now(), clock.elapsed())
        let outcome = await sender.send(notification)
        let duration = clock.elapsed() - begun
        // We stopped, the target did not fail: the lease is given up and nothing is counted.
        if case .failed(let failure) = outcome, failure.kind == .shutdown { return nil }
        let now = clock.now()
        let lasted = ownFailures.note(outcome, target: delivery.target, at: clock.elapsed())
        if case .failed(let failure) = outcome, lasted != nil { report(failure, of: delivery) }
        let result = DeliveryResult(
            id: delivery.id,
            fence: delivery.fence,
            attempt: Attempt(
                url: TargetURL.withoutCredentials(delivery.url),
                ownHeaders: delivery.headers?.entries.map(\.key) ?? [],
                started: started,
                duration: duration,
                retry: delivery.attempts,
                outcome: outcome,
                signature: notification.signature
            ),
            outcome: outcome,
            decided: now,
            policy: policy,
            random: random(),
            ownFailureSince: lasted.map { now.advanced(by: .zero - $0) },
            stateEvent: StateEvent.Seed(
                id: ids.next(),
                sendsFieldValues: settings.sendsFieldValues,
                missed: settings.missedEvents
            )
        )
        let fate = await record(result)
        metrics.count(result.attempt, fate: fate)
        log(delivery, fate: fate, outcome: outcome)
        return fate
    }

    /// Tells operators of a failure that is not the target's, which its webhook does not show.
    private func report(_ failure: SendError, of delivery: ClaimedDelivery) {
        metrics.countOwnFailure(failure.kind)
        let message: StaticString =
            failure.kind == .proxy
            ? "the forward proxy does not let deliveries through; they are tried again"
            : "this machine cannot send deliveries; they are tried again"
        throttle.log(
            .warning,
            message,
            metadata: ["error": "\(failure.text)", "target": "\(delivery.target)"],
            to: logger
        )
    }

    /// Returns what has become of the delivery; nil where the result did not count, or could not be recorded.
    private func record(_ result: DeliveryResult) async -> DeliveryFate? {
        var wait = Duration.milliseconds(50)
        for attempt in 1...Self.recordAttempts {
            do {
                let fates = try await queue.record([result])
                progress.letGo(result.id)
                return fates.first ?? nil
            } catch {
                throttle.log(
                    .error,
                    "a result could not be recorded",
                    metadata: ["delivery": "\(result.id)", "attempt": "\(attempt)", "error": "\(error)"],
                    to: logger
                )
                guard attempt < Self.recordAttempts else { break }
                try? await clock.sleep(wait)
                wait *= 4
            }
        }
        return nil
    }

    private func log(_ delivery: ClaimedDelivery, fate: DeliveryFate?, outcome: SendOutcome) {
        let level: Logger.Level =
            switch fate {
            case .delivered: .debug
            case .retry, .postponed: .info
            case .parked, .failed, nil: .warning
            }
        logger.log(
            level: level,
            fate == nil ? "an attempt's result did not count" : "delivery attempted",
            metadata: [
                "event": "\(delivery.eventID.uuidString.lowercased())", "delivery": "\(delivery.id)",
                "retry": "\(delivery.attempts)",
                "outcome": "\(outcome.summary)",
            ]
        )
    }
}
