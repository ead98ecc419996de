import AgentCore
import AgentStores
import Foundation
import Logging
import Synchronization

/// What does not change from test to test.
enum Fixed {
    static let id = UUID(uuid: (1, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15, 16))
    static let idText = "01020304-0506-4708-890a-0b0c0d0e0f10"
    static let time = Timestamp(ticks: 17_092_098_151_234_500)
    static let anna = Associate(associateID: 7, name: "ANNA", fullName: "Anna Ek", userName: "anna")
    static let bert = Associate(associateID: 8, name: "BERT", fullName: "Bert Bok", userName: "bert")

    /// A webhook that nothing is wrong with.
    static var webhook: Webhook {
        var webhook = Webhook()
        webhook.name = "Hook"
        webhook.events = ["contact.created"]
        webhook.targetURL = "https://example.com/hook"
        return webhook
    }

    /// The body of the test event for `webhook` by Anna.
    static let testBody = """
        {"EventId":"\(idText)","Timestamp":"2024-02-29T12:30:15.12345Z","Changes":[],"Event":"test","PrimaryKey":0,\
        "Entity":"test","ContextIdentifier":"Default","ChangedByAssociateId":7,"WebhookName":"Hook"}
        """
}

/// An agent on a store in memory, with a clock and a target that do as they are told.
struct Harness: Sendable {
    let store = MemoryStore()
    let sender: ScriptedSender
    let clock = ManualClock()
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
        try await store.webhooks(in: caller.scope, matching: WebhookFilter(), after: 0, limit: .max)
    }

    /// The bodies that are due, which are claimed by this.
    func dueBodies() async throws -> [String] {
        try await store.claim(ClaimLimits(total: 100), owner: Fixed.id, now: clock.now, lease: .seconds(60))
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

/// A clock that is set by hand.
final class ManualClock: Sendable {
    private let time = Mutex(Fixed.time)

    var now: Timestamp { time.withLock { $0 } }

    func advance(by duration: Duration) {
        time.withLock { $0 = $0.advanced(by: duration) }
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

    func webhooks(
        in scope: WebhookScope,
        matching filter: WebhookFilter,
        after id: Int32,
        limit: Int
    ) async throws(StoreError) -> [Webhook] { throw error }

    func insert(
        _ webhook: Webhook,
        bodySuffix: [UInt8],
        in scope: WebhookScope
    ) async throws(StoreError) -> Webhook { throw error }

    func update(
        _ webhook: Webhook,
        bodySuffix: [UInt8],
        stateEvent: StateEvent.Seed,
        version: Timestamp?,
        in scope: WebhookScope
    ) async throws(StoreError) -> WebhookUpdate { throw error }

    func delete(id: Int32, in scope: WebhookScope, at time: Timestamp) async throws(StoreError) -> Bool { throw error }

    func lastError(id: Int32, in scope: WebhookScope) async throws(StoreError) -> String? { throw error }

    func usages(
        of ids: ClosedRange<Int32>,
        in scope: WebhookScope,
        limit: Int
    ) async throws(StoreError) -> [Int32: WebhookUsage] { throw error }

    func signal(_ event: Event) async throws(StoreError) -> Int { throw error }
}

extension ObjectDictionary {
    /// The value of a name, nil when it has none.
    subscript(key: String) -> TypedValue? {
        entries.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
    }
}

extension WebhookAgent {
    /// All that pass the filter.
    func webhooks(matching filter: WebhookFilter, for caller: Caller) async throws(AgentError) -> [Webhook] {
        try await webhooks(matching: filter, after: 0, limit: .max, for: caller)
    }
}
