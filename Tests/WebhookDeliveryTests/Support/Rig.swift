import Foundation
import Logging
import MemoryStorage
import ServiceLifecycleTestKit
import StoreContracts
import TestSupport
import WebhookDelivery
import WebhookModel

/// An engine between a watched memory store and a scripted sender, on a clock of its own.
struct Rig: Sendable {
    let clock: ManualClock
    let queue: ObservedQueue
    let sender: ScriptedSender
    let owner = UUID()
    /// Whether the engine has returned.
    let ended = Watched(false)
    /// What the engine logged, each line with its metadata in order of their names.
    let log = Watched<[String]>([])
    let metrics = CountingMetrics()
    var policy = DeliveryPolicy.netServer
    var random = 0.0
    /// Leases and polls so long that they are told apart from retries, and room for everything.
    var settings = DeliveryEngine.Settings(
        concurrency: 8,
        perTarget: 1000,
        perFailingTarget: 1000,
        lease: .seconds(1800),
        pollInterval: .seconds(3600),
        drain: .seconds(15)
    )

    /// - Parameters:
    ///   - isSilent: See ``ObservedQueue``.
    ///   - answer: What the sender answers to its calls, numbered from 0.
    init(isSilent: Bool = false, answer: @escaping @Sendable (Int) async -> SendOutcome) {
        self.init(silent: isSilent, answerTo: { number, _ in await answer(number) })
    }

    private init(silent: Bool, answerTo answer: @escaping @Sendable (Int, WebhookNotification) async -> SendOutcome) {
        clock = ManualClock()
        queue = ObservedQueue(isSilent: silent)
        sender = ScriptedSender(clock: clock, answer: answer)
    }

    /// One whose sender answers by what it is given.
    static func answering(
        isSilent: Bool = false,
        _ answer: @escaping @Sendable (WebhookNotification) async -> SendOutcome
    ) -> Rig {
        Rig(silent: isSilent, answerTo: { _, notification in await answer(notification) })
    }

    /// Runs the engine during `body`, then cancels it if it has not ended. `prepare` is called before it begins.
    func running(
        preparing prepare: (GracefulShutdownTestTrigger) -> Void = { _ in },
        _ body: (GracefulShutdownTestTrigger) async throws -> Void
    ) async throws {
        let engine = DeliveryEngine(
            queue: queue,
            sender: sender,
            policy: policy,
            metrics: EngineMetrics(factory: metrics),
            settings: settings,
            logger: Logger(label: "test", factory: { [log] _ in RecordingLogHandler(lines: log) }),
            clock: clock.deliveryClock,
            owner: owner,
            random: { random }
        )
        try await testGracefulShutdown { trigger in
            prepare(trigger)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    await engine.run()
                    ended.update { $0 = true }
                }
                try await body(trigger)
                group.cancelAll()
                try await group.waitForAll()
            }
        }
    }

    /// Runs the engine with one event for a new webhook. Calls `change` while the event's delivery is in flight, then opens
    /// `gate`, and calls `next` when the result has been taken.
    @discardableResult
    func changing(
        inFlight gate: Gate,
        _ change: (Webhook) async throws -> Void,
        next: (Webhook) async throws -> Void = { _ in }
    ) async throws -> Webhook {
        let webhook = try await addWebhook()
        try await signal()
        try await running { _ in
            try await sent(1)
            try await change(webhook)
            gate.open()
            try await recorded(1)
            try await next(webhook)
        }
        return webhook
    }

    /// A webhook that is stored and listens to `event`.
    @discardableResult
    func addWebhook(event: String = "contact.created", url: String = Rig.url) async throws -> Webhook {
        var webhook = Webhook()
        webhook.name = "Rig"
        webhook.events = [event]
        webhook.targetURL = url
        webhook.state = .active
        webhook.headers = StringDictionary([.init(key: "X-Own", value: "1")])
        webhook.secret = "s3cret"
        return try await queue.store.insert(webhook, bodySuffix: Self.suffix, in: Self.scope)
    }

    /// Saves a webhook in a state, now.
    func put(_ webhook: Webhook, _ state: WebhookState) async throws {
        var webhook = webhook
        webhook.state = state
        webhook.updated = clock.now
        _ = try await queue.store.update(WebhookSave(webhook, bodySuffix: Self.suffix), in: Self.scope)
    }

    func state(of webhook: Webhook) async throws -> WebhookState? {
        try await queue.store.webhook(id: webhook.id, in: Self.scope)?.state
    }

    /// Takes everything that is due, as somebody else.
    func claimAll() async throws -> [ClaimedDelivery] {
        try await queue.store.claim(
            ClaimLimits(total: 1000),
            for: Lease(owner: UUID(), start: clock.now, duration: .seconds(1))
        )
    }

    static let scope = WebhookScope(tenant: "Default")
    static let url = "https://example.com/hook"
    private static let suffix = Array("-suffix-".utf8)

    /// Takes an event in, due `offset` after the clock's start.
    @discardableResult
    func signal(_ name: String = "contact.created", at offset: Duration = .zero) async throws -> UUID {
        let event = Event(
            id: UUID(),
            tenant: "Default",
            name: name,
            bodyHead: Array("head".utf8),
            bodyTail: Array("tail".utf8),
            time: ManualClock.start.advanced(by: offset)
        )
        _ = try await queue.store.signal(event)
        return event.id
    }

    /// Waits until so many results have been taken.
    func recorded(_ count: Int) async throws {
        try await queue.state.wait { $0.recorded.count >= count }
    }

    /// Moves to every next time that the engine wakes for within a minute, until so many results have been taken.
    func advance(untilRecorded count: Int) async throws {
        var taken = queue.state.value.recorded.count
        while taken < count {
            try await recorded(taken + 1)
            taken = queue.state.value.recorded.count
            if taken < count { clock.advance(to: try await clock.nextWake(within: .seconds(60))) }
        }
    }

    /// Waits until so many sends have begun.
    func sent(_ count: Int) async throws {
        try await sender.state.wait { $0.calls.count >= count }
    }
}
