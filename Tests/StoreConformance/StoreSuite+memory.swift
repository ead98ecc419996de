import StoreContracts
import Synchronization
import Testing
import WebhookModel

extension StoreSuite {
    static let memory = [
        StoreCase("A webhook that is held in memory is the one that is committed", run: heldIsCommitted),
        StoreCase("A webhook that is held in memory is only for its scope", run: heldIsScoped),
        StoreCase("A webhook that a result changes is held as it is then", run: heldAfterResult),
        StoreCase("Nothing of an emptied store is held in memory", run: heldAfterReset),
        StoreCase(
            "Readers beside a writer never see an older webhook than the writer has been told of",
            run: heldBeside
        ),
    ]

    /// What is held is nothing, or what the store answers.
    private static func expectHeldIsCommitted(
        _ id: Int32,
        in store: any AgentStore,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let before = store.heldWebhook(id: id, in: Sample.scope)
        let committed = try await store.webhook(id: id, in: Sample.scope)
        let after = store.heldWebhook(id: id, in: Sample.scope)
        for held in [before, after] {
            #expect(held == nil || held?.webhook == committed, sourceLocation: sourceLocation)
        }
    }

    private static func heldIsCommitted(_ store: any AgentStore) async throws {
        var webhook = try await store.add(Sample.webhook("one"))
        try await expectHeldIsCommitted(webhook.id, in: store)
        webhook.name = "two"
        _ = try await store.replace(webhook)
        try await expectHeldIsCommitted(webhook.id, in: store)
        for state in [WebhookState.stopped, .active, .tooManyErrors, .active] {
            try await store.put(webhook, state)
            try await expectHeldIsCommitted(webhook.id, in: store)
        }
        _ = try await store.delete(id: webhook.id, in: Sample.scope)
        #expect(store.heldWebhook(id: webhook.id, in: Sample.scope) == nil)
        try await expectHeldIsCommitted(webhook.id, in: store)
    }

    private static func heldIsScoped(_ store: any AgentStore) async throws {
        let own = WebhookScope(tenant: "Cust1", application: "A")
        let webhook = try await store.add(Sample.webhook("of A"), in: own)
        #expect(try await store.webhook(id: webhook.id, in: own) == webhook)
        for scope in [
            WebhookScope(tenant: "Cust1", application: "B"), WebhookScope(tenant: "Cust2", application: "A"),
            WebhookScope(tenant: "cust1"), WebhookScope(tenant: "Cust2"),
        ] {
            #expect(store.heldWebhook(id: webhook.id, in: scope) == nil)
        }
        let everyApplication = WebhookScope(tenant: "Cust1")
        #expect(try await store.webhook(id: webhook.id, in: everyApplication) == webhook)
        let held = store.heldWebhook(id: webhook.id, in: everyApplication)
        #expect(held == nil || held?.webhook == webhook)
        // Read by the tenant, it is still not another application's.
        #expect(store.heldWebhook(id: webhook.id, in: WebhookScope(tenant: "Cust1", application: "B")) == nil)
    }

    private static func heldAfterResult(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook("one"))
        try await store.signal(Sample.event())
        try await expectHeldIsCommitted(webhook.id, in: store)
        let delivery = try #require(try await store.take().first)
        #expect(try await store.settle(delivery, .gone))
        #expect(try await store.state(of: webhook) == .tooManyErrors)
        try await expectHeldIsCommitted(webhook.id, in: store)
    }

    private static func heldAfterReset(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook("one"))
        _ = try await store.webhook(id: webhook.id, in: Sample.scope)
        try await store.reset()
        #expect(store.heldWebhook(id: webhook.id, in: Sample.scope) == nil)
        #expect(try await store.webhook(id: webhook.id, in: Sample.scope) == nil)
    }

    private static func heldBeside(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook("0"))
        let isWritten = Flag()
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { isWritten.raise() }
            for _ in 0..<2 {
                group.addTask {
                    while !isWritten.isRaised {
                        _ = try await store.webhook(id: webhook.id, in: Sample.scope)
                        await Task.yield()
                    }
                }
            }
            for number in 1...100 {
                var changed = webhook
                changed.name = String(number)
                _ = try await store.replace(changed)
                let held = store.heldWebhook(id: webhook.id, in: Sample.scope)
                #expect(held == nil || held?.webhook.name == changed.name)
                await Task.yield()
            }
            isWritten.raise()
            try await group.waitForAll()
        }
    }

    /// Tells tasks once that something is over.
    private final class Flag: Sendable {
        private let value = Atomic(false)
        var isRaised: Bool { value.load(ordering: .relaxed) }
        func raise() { value.store(true, ordering: .relaxed) }
    }
}
