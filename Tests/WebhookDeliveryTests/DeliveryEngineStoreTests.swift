import Foundation
import Logging
import ServiceLifecycleTestKit
import StoreContracts
import TestSupport
import Testing
import WebhookDelivery
import WebhookModel

@Suite("Delivery engine on real stores", .timeLimit(.minutes(10)))
struct DeliveryEngineStoreTests {
    /// Longer than any wait, so that what is leased is told from what waits.
    private static let lease = Duration.seconds(3600)
    private static var settings: DeliveryEngine.Settings {
        var settings = DeliveryEngine.Settings()
        settings.lease = lease
        return settings
    }
    private static let scope = WebhookScope(tenant: "Default")
    private static let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    private static func engine(
        _ store: any AgentStore,
        _ sender: ScriptedSender,
        clock: DeliveryClock
    ) -> DeliveryEngine {
        DeliveryEngine(
            queue: store,
            sender: sender,
            policy: .netServer,
            settings: settings,
            logger: logger,
            clock: clock,
            random: { 0.5 }
        )
    }

    private func insert(_ url: String, in store: any AgentStore) async throws -> Webhook {
        var webhook = Webhook()
        webhook.events = ["a.b"]
        webhook.targetURL = url
        webhook.state = .active
        return try await store.insert(webhook, bodySuffix: [], in: Self.scope)
    }

    private func signal(at time: Timestamp, to store: any AgentStore) async throws {
        let event = Event(id: UUID(), tenant: "Default", name: "a.b", bodyHead: [], bodyTail: [], time: time)
        _ = try await store.signal(event)
    }

    @Test(
        "Stops at once while thousands are due at dead targets, and leaves no lease",
        arguments: StoreKind.allCases
    )
    func stops(kind: StoreKind) async throws {
        let (targets, events) = (250, 12)
        // Time stands still: whoever waits for a time to be over waits for ever.
        let clock = ManualClock()
        try await kind.withStore { store in
            let store = store
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<targets {
                    group.addTask { _ = try await insert("https://t\(number).example/", in: store) }
                }
                try await group.waitForAll()
            }
            let begun = clock.now
            for _ in 0..<events { try await signal(at: begun, to: store) }
            let sender = ScriptedSender(clock: clock) { _, _ in .refused }
            let engine = Self.engine(store, sender, clock: clock.deliveryClock)
            try await testGracefulShutdown { trigger in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await engine.run() }
                    try await sender.state.wait { $0.calls.count >= 200 }
                    trigger.triggerGracefulShutdown()
                    try await group.waitForAll()
                }
            }
            // Those in flight at most came after the stop.
            #expect(sender.calls.count < targets * events)
            let pending = try await store.counts().pending
            #expect(pending == targets * events)
            let limits = ClaimLimits(total: .max)
            let lease = Lease(owner: UUID(), start: begun.advanced(by: .seconds(600)), duration: .seconds(1))
            let due = try await store.claim(limits, for: lease)
            #expect(due.count == pending)
        }
    }

    @Test(
        "A receiver that answers 503 for a while stays subscribed and gets every event",
        arguments: StoreKind.allCases,
        [(300, 80), (1000, 20), (10_000, 5)]
    )
    func outage(kind: StoreKind, outage: (milliseconds: Int, eventsPerSecond: Int)) async throws {
        let clock = ManualClock()
        let isUp = Watched(false)
        let away = SendOutcome.answered(TargetAnswer(status: 503, reason: "Service Unavailable"))
        let sender = ScriptedSender(clock: clock) { _, _ in isUp.value ? .ok : away }
        try await kind.withStore { store in
            let webhook = try await insert("https://example.com/", in: store)
            let engine = Self.engine(store, sender, clock: clock.deliveryClock)
            let end = Duration.milliseconds(outage.milliseconds)
            let interval = Duration.seconds(1) / outage.eventsPerSecond
            var signalled = 0
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await engine.run() }
                var time = Duration.zero
                while time < end + .seconds(1) {
                    clock.advance(to: time)
                    if time >= end { isUp.update { $0 = true } }
                    try await signal(at: clock.now, to: store)
                    signalled += 1
                    try await settle(engine, store, clock)
                    time += interval
                }
                while let due = try await store.nextDue() {
                    clock.advance(to: max(due.since(ManualClock.start), clock.elapsed + .milliseconds(1)))
                    try await settle(engine, store, clock)
                }
                group.cancelAll()
            }
            #expect(try await store.webhook(id: webhook.id, in: Self.scope)?.state == .active)
            #expect(try await store.counts() == DeliveryCounts())
            #expect(Set(sender.calls.map(\.notification.eventID)).count == signalled)
            #expect(clock.elapsed < end + .seconds(20))
        }
    }

    /// Waits until nothing is in flight or due, nor on its way from the store to the engine.
    private func settle(_ engine: DeliveryEngine, _ store: any AgentStore, _ clock: ManualClock) async throws {
        try await eventually("Nothing is in flight or due", every: .microseconds(200)) {
            let due = try await store.nextDue()?.since(clock.now)
            return engine.inFlight == 0 && due.map { $0 > .zero && $0 < Self.lease / 2 } ?? true
        }
    }
}
