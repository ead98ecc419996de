import Foundation
import MemoryStorage
import StoreContracts
import Testing
import WebhookModel

@Suite("A receiver that is away for a while")
struct ShortOutageTests {
    private static let start = Timestamp(ticks: 17_400_000_001_234_567)
    private static let scope = WebhookScope(tenant: "Default")
    /// How long an attempt takes.
    private static let latency = Duration.milliseconds(5)

    @Test(
        "Stays subscribed and gets every event, however much is sent to it",
        arguments: [
            (300, 5), (300, 20), (300, 80), (1000, 5), (1000, 20), (1000, 80), (10_000, 5), (10_000, 20), (10_000, 80),
            (34_000, 5),
        ]
    )
    func shortOutage(milliseconds: Int, eventsPerSecond: Int) async throws {
        let (state, counts, delivered, signalled) = try await run(
            outage: .milliseconds(milliseconds),
            eventsPerSecond: eventsPerSecond,
            signalling: .milliseconds(milliseconds + 1000)
        )
        #expect(state == .active)
        #expect(counts == DeliveryCounts())
        #expect(delivered == signalled)
    }

    @Test("A webhook trips when its receiver is away longer than a delivery's attempts take")
    func longOutage() async throws {
        let (state, counts, delivered, signalled) = try await run(
            outage: .seconds(60),
            eventsPerSecond: 5,
            signalling: .seconds(20)
        )
        #expect(state == .tooManyErrors)
        #expect(counts.parked == signalled && signalled == 100, "none is given up, all wait for it to be Active")
        #expect(delivered == 0)
    }

    /// Sends events to a receiver that answers 503 until `outage` is over; all that is due at a time at once.
    private func run(
        outage: Duration,
        eventsPerSecond: Int,
        signalling: Duration
    ) async throws -> (state: WebhookState?, counts: DeliveryCounts, delivered: Int, signalled: Int) {
        let store = MemoryStore()
        var webhook = Webhook()
        webhook.events = ["a.b"]
        webhook.targetURL = "https://example.com/"
        webhook.state = .active
        webhook = try await store.insert(webhook, bodySuffix: [], in: Self.scope)
        let interval = Duration.seconds(1) / eventsPerSecond
        let end = Self.start.advanced(by: signalling)
        var nextSignal = Self.start
        var signalled = 0
        while true {
            let signal = nextSignal < end ? nextSignal : nil
            guard let now = [signal, try await store.nextDue()].compactMap(\.self).min() else { break }
            if now == signal {
                let event = Event(id: UUID(), tenant: "Default", name: "a.b", bodyHead: [], bodyTail: [], time: now)
                if try await store.signal(event) > 0 { signalled += 1 }
                nextSignal = nextSignal.advanced(by: interval)
            }
            let limits = ClaimLimits(total: 64)
            let lease = Lease(owner: UUID(), start: now, duration: .seconds(30))
            let claimed = try await store.claim(limits, for: lease)
            let isUp = now.since(Self.start) >= outage
            let status = isUp ? 200 : 503
            let outcome = SendOutcome.answered(TargetAnswer(status: status, reason: "Test"))
            let ended = now.advanced(by: Self.latency)
            let results = claimed.map { delivery in
                DeliveryResult(
                    id: delivery.id,
                    fence: delivery.fence,
                    attempt: Attempt(
                        started: now,
                        duration: Self.latency,
                        retry: delivery.attempts,
                        outcome: outcome
                    ),
                    outcome: outcome,
                    decided: ended,
                    policy: .netServer,
                    random: 0.5
                )
            }
            #expect(try await store.record(results).allSatisfy { $0 != nil })
        }
        let state = try await store.webhook(id: webhook.id, in: Self.scope)?.state
        let filter = DeliveryFilter(state: .delivered)
        let delivered = try await store.deliveries(matching: filter, after: nil, limit: .max).count
        return (state, try await store.counts(), delivered, signalled)
    }
}
