import Cryptography
import DeliveryTransport
import Foundation
import LogThrottling
import Logging
import Networking
import StoreContracts
import WebhookModel

extension DeliveryEngine {
    /// Makes the attempts that deliveries were claimed for, at the same time. Records what came of each as soon as it has
    /// come, together with what else has come meanwhile.
    func deliver(_ deliveries: [ClaimedDelivery]) async {
        let notifications = deliveries.map { delivery in
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
            return notification
        }
        let ended = EndedAttempts(count: deliveries.count)
        let (started, begun) = (clock.now(), clock.elapsed())
        await withDiscardingTaskGroup { group in
            group.addTask {
                await sender.send(notifications) { index, outcome in
                    let result = self.result(
                        of: deliveries[index],
                        outcome,
                        started: started,
                        duration: clock.elapsed() - begun,
                        signature: notifications[index].signature
                    )
                    ended.add(EndedAttempt(of: deliveries[index], result))
                }
            }
            while let attempts = await ended.next() { await record(attempts, retries: &group) }
        }
    }

    /// What is recorded of an attempt; nil when the service stopped. Then the target did not fail: the lease is given up and
    /// nothing is counted.
    private func result(
        of delivery: ClaimedDelivery,
        _ outcome: SendOutcome,
        started: Timestamp,
        duration: Duration,
        signature: String?
    ) -> DeliveryResult? {
        if case .failed(let failure) = outcome, failure.kind == .shutdown { return nil }
        let now = clock.now()
        let lasted = ownFailures.note(outcome, target: delivery.target, at: clock.elapsed())
        if case .failed(let failure) = outcome, lasted != nil { report(failure, of: delivery) }
        return DeliveryResult(
            id: delivery.id,
            fence: delivery.fence,
            attempt: Attempt(
                url: shownURLs.text(of: delivery.url),
                ownHeaders: delivery.headers?.entries.map(\.key) ?? [],
                started: started,
                duration: duration,
                retry: delivery.attempts,
                outcome: outcome,
                signature: signature
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

    /// Records attempts: those that delivered with one call, since stores take them in fewer steps, and the others with
    /// another. Each result of a call that failed is offered again alone.
    private func record(_ attempts: [EndedAttempt], retries: inout DiscardingTaskGroup) async {
        settle(attempts.filter { $0.result == nil }, fates: [], areRecorded: false)
        let delivered = attempts.filter { $0.result?.isDelivered == true }
        let others = attempts.filter { $0.result?.isDelivered == false }
        for together in [delivered, others] where !together.isEmpty {
            do {
                let fates = try await queue.record(together.compactMap(\.result))
                settle(together, fates: fates, areRecorded: true)
            } catch {
                for attempt in together {
                    report(error, of: attempt, offer: 1)
                    retries.addTask { await recordAgain(attempt) }
                }
            }
        }
    }

    /// Offers a result that the store did not take, until the store takes it or was asked often enough.
    private func recordAgain(_ attempt: EndedAttempt) async {
        var wait = Duration.milliseconds(50)
        for offer in 2...Self.recordAttempts {
            try? await clock.sleep(wait)
            wait *= 4
            do {
                let fates = try await queue.record([attempt.result].compactMap(\.self))
                return settle([attempt], fates: fates, areRecorded: true)
            } catch {
                report(error, of: attempt, offer: offer)
            }
        }
        settle([attempt], fates: [nil], areRecorded: false)
    }

    /// Tells operators that the store did not take a result.
    private func report(_ error: any Error, of attempt: EndedAttempt, offer: Int) {
        throttle.log(
            .error,
            "a result could not be recorded",
            metadata: ["delivery": "\(attempt.delivery.id)", "attempt": "\(offer)", "error": "\(error)"],
            to: logger
        )
    }

    /// Counts what has become of deliveries, which are no longer in flight.
    ///
    /// - Parameters:
    ///   - fates: The fates of those that have results; nil for a result that did not count, or could not be recorded.
    ///   - areRecorded: Whether the leases have ended with the results.
    private func settle(_ attempts: [EndedAttempt], fates: [DeliveryFate?], areRecorded: Bool) {
        guard !attempts.isEmpty else { return }
        for (attempt, fate) in zip(attempts, fates) {
            guard let result = attempt.result else { continue }
            metrics.count(result.attempt, fate: fate)
            log(attempt.delivery, fate: fate, outcome: result.outcome)
        }
        // What arrived at targets that had not failed makes nothing due.
        let isNews =
            fates.count < attempts.count || fates.contains { $0 != .delivered }
            || attempts.contains(where: \.delivery.isFailing)
        progress.end(attempts.map(\.delivery), areRecorded: areRecorded, isNews: isNews)
        metrics.end(attempts.count)
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
