import Cryptography
package import DeliveryTransport
package import Foundation
import LogThrottling
package import Logging
import ServiceLifecycle
package import StoreContracts
import Synchronization
package import WebhookModel

/// Makes the deliveries that are due, as long as the process runs: claims, sends, decides and records them.
///
/// Each delivery is made at least once (docs/contract.md#section-7): it leaves the queue only with its result. Deliveries that
/// a process had claimed when it died are due again when their leases end.
package struct DeliveryEngine: Service, CustomStringConvertible {
    package var description: String { "DeliveryEngine" }

    let queue: any DeliveryQueue
    let sender: any NotificationSender
    let policy: DeliveryPolicy
    let signer: NotificationSigner
    let metrics: EngineMetrics
    let settings: Settings
    let clock: DeliveryClock
    private let owner: UUID
    let random: @Sendable () -> Double
    let logger: Logger
    let throttle: LogThrottle
    let progress = EngineProgress()
    let ownFailures = OwnFailures()
    let shownURLs = ShownURLs()
    /// Makes the ids of events that tell of webhooks' states.
    let ids = RandomIDs()

    /// How many deliveries are between their claim and the record of their result.
    package var inFlight: Int { progress.inFlight }

    /// Deliveries that one claim takes, so that the first of many is not kept waiting by the last.
    private static let deliveriesPerClaim = 128
    /// Deliveries that one task makes and records. A target that hangs keeps in memory what the others of its task needed.
    private static let deliveriesPerTask = 16
    /// How many deliveries are tried in the time of a poll while this machine can send nothing at all.
    private static let probes = 8
    /// How often what is due too late is brought back, and how many deliveries at a time.
    private static let recallInterval = Duration.seconds(60)
    private static let recallRows = 1000
    /// How far the clocks of several processes may differ.
    private static let clockTolerance = Duration.seconds(60)
    /// How often a result is offered to a store that does not take it; then its lease ends and it is delivered again.
    static let recordAttempts = 5

    /// - Parameters:
    ///   - owner: Tells this engine's leases from others'.
    ///   - random: The chance in decisions, from 0 up to but not including 1.
    package init(
        queue: any DeliveryQueue,
        sender: any NotificationSender,
        policy: DeliveryPolicy,
        signer: NotificationSigner = NotificationSigner(),
        metrics: EngineMetrics = EngineMetrics(),
        settings: Settings,
        logger: Logger,
        clock: DeliveryClock = .system,
        owner: UUID = UUID(),
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        (self.queue, self.sender, self.policy, self.signer, self.metrics) = (queue, sender, policy, signer, metrics)
        (self.settings, self.clock, self.owner, self.random, self.logger) = (settings, clock, owner, random, logger)
        throttle = LogThrottle(elapsed: clock.elapsed)
    }

    /// Delivers until graceful shutdown, then lets what is in flight end within the drain time and gives up its leases.
    /// When the task is cancelled, what is in flight is cut off at once.
    package func run() async {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { helpers in
                helpers.addTask {
                    for await _ in queue.arrivals { progress.arrive() }
                }
                queue.handOver(
                    to: EngineReceiver(
                        progress: progress,
                        ownFailures: ownFailures,
                        settings: settings,
                        clock: clock,
                        owner: owner
                    )
                )
                // Not in the loop of claims, which waits for the store.
                helpers.addTask {
                    await withDiscardingTaskGroup { sends in
                        for await _ in progress.handOvers { start(progress.takeHandedOver(), in: &sends) }
                    }
                }
                await withDiscardingTaskGroup { sends in
                    await claimUntilStopped(progress, sends: &sends, alarms: &helpers)
                    queue.handOver(to: nil)
                    sends.cancelAll()
                }
                helpers.cancelAll()
            }
        } onGracefulShutdown: {
            progress.stop()
        }
        do {
            let leases = progress.leases
            if !leases.isEmpty { try await queue.release(leases, owner: owner, now: clock.now()) }
        } catch {
            logger.error("leases were not given up; they end by themselves", metadata: ["error": "\(error)"])
        }
    }

    /// Each turn is one wake: something arrived, a result was recorded, an alarm went off, or the service stops.
    private func claimUntilStopped(
        _ progress: EngineProgress,
        sends: inout DiscardingTaskGroup,
        alarms: inout DiscardingTaskGroup
    ) async {
        // Times of the clock's elapsed time: that of the machine may be set back.
        var alarm: Duration?
        var deadline: Duration?
        var claimsAgain = Duration.zero
        var looksAgain = Duration.zero
        var recallsAgain = Duration.zero
        progress.wake()
        for await _ in progress.wakes {
            let now = clock.elapsed()
            if let due = alarm, due <= now { alarm = nil }
            if recallsAgain <= now, !progress.isStopping { recallsAgain = now + (await recall()) }
            let next: Duration
            if progress.isStopping {
                let end = deadline ?? now + settings.drain
                deadline = end
                if progress.inFlight == 0 || end <= now { return }
                next = end
            } else if now < claimsAgain {
                next = claimsAgain
            } else if !progress.mayFindSomething(), now < looksAgain {
                next = looksAgain
            } else if let wait = await claim(progress, sends: &sends) {
                looksAgain = clock.elapsed() + wait
                next = looksAgain
            } else {
                claimsAgain = clock.elapsed() + settings.pollInterval
                next = claimsAgain
            }
            if let alarm, alarm <= next { continue }
            alarm = next
            alarms.addTask {
                try? await clock.sleep(next - clock.elapsed())
                progress.wake()
            }
        }
    }

    /// Claims and starts what there is room for. Returns after what time to look again if nothing wakes the engine before;
    /// nil to claim again at the next poll, whatever wakes the engine: the store takes no claims, or this machine can send
    /// nothing.
    private func claim(_ progress: EngineProgress, sends: inout DiscardingTaskGroup) async -> Duration? {
        do {
            while !progress.isStopping {
                let isProbing = ownFailures.isMachineWide
                let room = min(
                    settings.concurrency - progress.inFlight,
                    isProbing ? Self.probes : Self.deliveriesPerClaim
                )
                guard room > 0 else {
                    progress.fallBehind()
                    break
                }
                let limits = ClaimLimits(
                    total: room,
                    perTarget: settings.perTarget,
                    perFailingTarget: settings.perFailingTarget,
                    // Half of all there is, however many targets fail.
                    failing: max(1, settings.concurrency / 2) - progress.failing,
                    inFlight: ownFailures.occupying(
                        progress.inFlightByTarget,
                        perTarget: settings.perTarget,
                        perFailingTarget: settings.perFailingTarget,
                        at: clock.elapsed()
                    )
                )
                let lease = Lease(owner: owner, start: clock.now(), duration: settings.lease)
                let claimed = try await queue.claim(limits, for: lease)
                progress.hold(claimed)
                // A delivery that was claimed while the service was told to stop is given up with all other leases.
                try await begin(claimed, in: &sends)
                if isProbing { return nil }
                // Fair shares may leave some of what is due behind.
                guard claimed.isEmpty else { continue }
                let wait = min(ownFailures.nextRelease(at: clock.elapsed()) ?? .seconds(3600), settings.pollInterval)
                let earliest = try await queue.nextDue()
                // What is due and was not claimed waits for room at its target. A result makes that, and wakes the engine.
                let waitsForRoom = earliest.map { $0 <= clock.now() } ?? false
                progress.catchUp(limits, waitsForRoom: waitsForRoom)
                guard let due = waitsForRoom ? try await queue.nextDue(limits) : earliest else { return wait }
                return min(max(due.since(clock.now()), .zero), wait)
            }
        } catch {
            // GRDB reads nothing for a task that has been cancelled.
            guard !Task.isCancelled else { return nil }
            progress.fallBehind()
            throttle.log(.error, "deliveries could not be claimed", metadata: ["error": "\(error)"], to: logger)
            return nil
        }
        return settings.pollInterval
    }

    /// Begins what was claimed. What has no room any more, because other deliveries were handed over meanwhile, is given back.
    private func begin(_ claimed: [ClaimedDelivery], in sends: inout DiscardingTaskGroup) async throws(StoreError) {
        let (begun, surplus) = progress.begin(
            claimed,
            concurrency: settings.concurrency,
            perTarget: settings.perTarget
        )
        start(begun, in: &sends)
        guard !surplus.isEmpty else { return }
        try await queue.release(surplus.map(\.id), owner: owner, now: clock.now())
        progress.letGo(surplus)
    }

    /// Starts the attempts of deliveries that are counted as in flight.
    private func start(_ deliveries: [ClaimedDelivery], in sends: inout DiscardingTaskGroup) {
        for begin in stride(from: 0, to: deliveries.count, by: Self.deliveriesPerTask) {
            let together = Array(deliveries[begin..<min(begin + Self.deliveriesPerTask, deliveries.count)])
            metrics.begin(together.count)
            sends.addTask { await deliver(together) }
        }
    }

    /// Brings back what a clock that was ahead has put off for longer than any wait lasts: retries, pauses and leases
    /// would stand still until the time it showed. Returns after what time to look again.
    private func recall() async -> Duration {
        let now = clock.now()
        let limits = RecallLimits(
            latest: now.advanced(by: max(policy.longestWait, settings.lease) + Self.clockTolerance),
            now: now,
            leaseEnd: now.advanced(by: settings.lease),
            rowsPerStep: Self.recallRows
        )
        do {
            let recalled = try await queue.recall(limits)
            guard recalled != Recalled() else { return Self.recallInterval }
            logger.warning(
                "the clock was ahead: what was put off by it is due now",
                metadata: ["deliveries": "\(recalled.deliveries)", "pauses": "\(recalled.pauses)"]
            )
            progress.arrive()
            return recalled.deliveries == limits.rowsPerStep ? .zero : Self.recallInterval
        } catch {
            guard !Task.isCancelled else { return Self.recallInterval }
            throttle.log(.error, "due times could not be checked", metadata: ["error": "\(error)"], to: logger)
            return settings.pollInterval
        }
    }
}
