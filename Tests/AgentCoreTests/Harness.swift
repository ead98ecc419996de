import AgentCore
import Foundation
import Logging
import MemoryStorage
import StoreContracts
import Synchronization
import TestSupport
import WebhookModel

/// An agent on a store in memory, with a clock and a target that do as they are told.
struct Harness: Sendable {
    let store = MemoryStore()
    let sender: ScriptedSender
    let clock = SteppedClock()
    let agent: WebhookAgent
    let caller = Caller(tenant: "Default", associate: Fixed.anna)

    /// - Parameter outcomes: What the target does, in order; it answers 200 once they are used up.
    init(_ outcomes: SendOutcome..., rules: AgentRules = AgentRules()) {
        sender = ScriptedSender(outcomes)
        let clock = clock
        agent = WebhookAgent(
            store: store,
            sender: sender,
            rules: rules,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            now: { clock.now },
            makeID: { Fixed.id }
        )
    }

    /// Every webhook of the tenant.
    func stored() async throws -> [Webhook] {
        try await store.webhooks(WebhookQuery(), in: caller.scope)
    }

    /// The bodies that are due, which are claimed by this.
    func dueBodies() async throws -> [String] {
        try await store.claim(
            ClaimLimits(total: 100),
            for: Lease(owner: Fixed.id, start: clock.now, duration: .seconds(60))
        )
        .map { String(decoding: $0.body, as: UTF8.self) }
    }
}

/// What an operation fails with, nil when it does not.
func failure(of operation: () async throws -> Void) async -> AgentError? {
    do {
        try await operation()
        return nil
    } catch {
        return error as? AgentError
    }
}

/// A target that does what it is told, and remembers what it was sent.
final class ScriptedSender: NotificationSender {
    private struct State {
        var outcomes: [SendOutcome]
        var sent: [WebhookNotification] = []
    }

    private let state: Mutex<State>

    init(_ outcomes: [SendOutcome]) {
        state = Mutex(State(outcomes: outcomes))
    }

    func send(_ notification: WebhookNotification) async -> SendOutcome {
        state.withLock { state in
            state.sent.append(notification)
            return state.outcomes.isEmpty ? .status(200, "OK") : state.outcomes.removeFirst()
        }
    }

    /// What was sent so far.
    var sent: [WebhookNotification] { state.withLock { $0.sent } }
}

extension SendOutcome {
    /// An answer without headers and body.
    static func status(_ status: Int, _ reason: String) -> SendOutcome {
        .answered(TargetAnswer(status: status, reason: reason))
    }
}

/// A store that is out of order.
struct BrokenStore: WebhookStore, EventIntake {
    static let cause = "disk I/O error at /var/lib/webhook.sqlite"

    private var error: StoreError { .unavailable(Self.cause) }

    func webhook(id: Int32, in scope: WebhookScope) async throws(StoreError) -> Webhook? { throw error }

    func webhooks(_ query: WebhookQuery, in scope: WebhookScope) async throws(StoreError) -> [Webhook] { throw error }

    func insert(
        _ webhook: Webhook,
        bodySuffix: [UInt8],
        in scope: WebhookScope
    ) async throws(StoreError) -> Webhook { throw error }

    func update(_ save: WebhookSave, in scope: WebhookScope) async throws(StoreError) -> WebhookUpdate { throw error }

    func delete(id: Int32, in scope: WebhookScope, at time: Timestamp) async throws(StoreError) -> Bool { throw error }

    func lastError(id: Int32, in scope: WebhookScope) async throws(StoreError) -> String? { throw error }

    func usages(
        of ids: ClosedRange<Int32>,
        in scope: WebhookScope,
        limit: Int
    ) async throws(StoreError) -> [Int32: WebhookUsage] { throw error }

    func signal(_ event: Event, completion: @escaping @Sendable (Result<Int, StoreError>) -> Void) {
        completion(.failure(error))
    }
}

extension WebhookAgent {
    /// All that pass the filter.
    func webhooks(matching filter: WebhookFilter, for caller: Caller) async throws(AgentError) -> [Webhook] {
        try await webhooks(matching: filter, after: 0, limit: .max, for: caller)
    }
}
