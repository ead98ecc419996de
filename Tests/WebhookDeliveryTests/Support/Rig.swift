import AgentCore
import AgentStores
import Foundation
import Logging
import ServiceLifecycleTestKit
import WebhookDelivery

/// An engine between a watched memory store and a scripted sender, on a clock of its own.
struct Rig: Sendable {
    let clock: ManualClock
    let queue: ObservedQueue
    let sender: ScriptedSender
    let owner = UUID()
    /// Whether the engine has returned.
    let ended = Watched(false)
    var policy = RetryPolicy()
    /// Leases and polls so long that they are told apart from retries.
    var settings = DeliveryEngine.Settings(
        concurrency: 8,
        lease: .seconds(1800),
        pollInterval: .seconds(3600),
        drain: .seconds(15)
    )

    /// - Parameters:
    ///   - isSilent: See ``ObservedQueue``.
    ///   - answer: What the sender answers to its calls, numbered from 0.
    init(isSilent: Bool = false, answer: @escaping @Sendable (Int) async -> SendOutcome) {
        clock = ManualClock()
        queue = ObservedQueue(isSilent: isSilent)
        sender = ScriptedSender(clock: clock, answer: answer)
    }

    /// Runs the engine during `body`, then cancels it if it has not ended.
    func running(_ body: (GracefulShutdownTestTrigger) async throws -> Void) async throws {
        let engine = DeliveryEngine(
            queue: queue,
            sender: sender,
            policy: policy,
            settings: settings,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            clock: clock.deliveryClock,
            owner: owner
        )
        try await testGracefulShutdown { trigger in
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

    /// A webhook that is stored and listens to `event`.
    @discardableResult
    func addWebhook(event: String = "contact.created") async throws -> Webhook {
        var webhook = Webhook()
        webhook.name = "Rig"
        webhook.events = [event]
        webhook.targetURL = "https://example.com/hook"
        webhook.state = .active
        webhook.headers = StringDictionary([.init(key: "X-Own", value: "1")])
        webhook.secret = "s3cret"
        return try await queue.store.insert(webhook, bodySuffix: Array("-suffix-".utf8), in: Self.scope)
    }

    static let scope = WebhookScope(tenant: "Default")

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

    /// Waits until so many sends have begun.
    func sent(_ count: Int) async throws {
        try await sender.state.wait { $0.calls.count >= count }
    }
}
