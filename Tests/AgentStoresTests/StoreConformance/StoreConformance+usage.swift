import AgentCore
import AgentStores
import Foundation
import Testing

extension StoreConformance {
    static let usage = [
        StoreCase("A webhook's attempts are counted", run: countsAttempts),
        StoreCase("What is no attempt is not counted", run: countsNothingElse),
        StoreCase("Usage is a webhook's own and ends with it", run: usageIsOwn),
        StoreCase("The counters of a scope's webhooks, and of no others, are told by id", run: usagesOfScope),
        StoreCase("Every webhook is listed by id, whoever registered it", run: listsAllWebhooks),
    ]

    private static func countsAttempts(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        #expect(try await store.usage(of: webhook.id) == WebhookUsage())
        let steps: [(DeliveryDecision, WebhookUsage)] = [
            (.delivered, WebhookUsage(totalCalls: 1)),
            (
                .retry(at: Sample.farFuture, error: "first"),
                WebhookUsage(totalCalls: 2, totalErrors: 1, consecutiveErrors: 1, lastError: "first")
            ),
            (
                .failed(error: "second"),
                WebhookUsage(totalCalls: 3, totalErrors: 2, consecutiveErrors: 2, lastError: "second")
            ),
            (
                .parked(attempts: 1, error: "third"),
                WebhookUsage(totalCalls: 4, totalErrors: 3, consecutiveErrors: 3, lastError: "third")
            ),
            (.delivered, WebhookUsage(totalCalls: 5, totalErrors: 3, consecutiveErrors: 0, lastError: "third")),
            (
                .failed(error: ""),
                WebhookUsage(totalCalls: 6, totalErrors: 4, consecutiveErrors: 1, lastError: "")
            ),
        ]
        for (decision, expected) in steps {
            try await store.signal(Sample.event())
            let delivery = try #require(try await store.take().first)
            #expect(try await store.settle(delivery, decision))
            #expect(try await store.usage(of: webhook.id) == expected)
        }
    }

    private static func usagesOfScope(_ store: any AgentStore) async throws {
        let own = WebhookScope(tenant: "Cust1", application: "A")
        #expect(try await store.usages(of: nil, in: own) == [:])
        let called = try await store.add(Sample.webhook("called"), in: own)
        let idle = try await store.add(Sample.webhook("idle", events: []), in: own)
        let others = try await store.add(
            Sample.webhook("other", events: []),
            in: WebhookScope(tenant: "Cust1", application: "B")
        )
        _ = try await store.add(Sample.webhook("abroad"), in: WebhookScope(tenant: "Cust2", application: "A"))
        for error in ["first", "r\u{E9}fus\u{E9}"] {
            try await store.signal(Sample.event(tenant: "Cust1"))
            let delivery = try #require(try await store.take().first)
            let decision = DeliveryDecision(.failed, error: "in a line", lastError: error)
            #expect(try await store.settle(delivery, decision))
        }
        let usage = WebhookUsage(totalCalls: 2, totalErrors: 2, consecutiveErrors: 2, lastError: "r\u{E9}fus\u{E9}")
        #expect(try await store.usages(of: nil, in: own) == [called.id: usage, idle.id: WebhookUsage()])
        let tenant = try await store.usages(of: nil, in: WebhookScope(tenant: "Cust1"))
        #expect(tenant == [called.id: usage, idle.id: WebhookUsage(), others.id: WebhookUsage()])
        #expect(try await store.list().map(\.reason) == ["in a line", "in a line"])
        #expect(try await store.delete(id: called.id, in: own))
        #expect(try await store.usages(of: nil, in: own) == [idle.id: WebhookUsage()])
    }

    private static func countsNothingElse(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        let script = try await store.add(Sample.webhook("script", type: "crmscript"))
        try await store.signal(Sample.event())
        let stale = try #require(try await store.take().first)
        try await store.release(owner: Sample.owner, now: Sample.start)
        #expect(try await store.settle(stale, .failed(error: "stale")) == false)
        try await store.put(webhook, .stopped)
        try await store.put(webhook, .active)
        #expect(try await store.usage(of: webhook.id) == WebhookUsage())
        #expect(try await store.usage(of: script.id) == WebhookUsage())
    }

    private static func usageIsOwn(_ store: any AgentStore) async throws {
        let first = try await store.add(Sample.webhook("first"), in: WebhookScope(tenant: "Cust1", application: "A"))
        let second = try await store.add(Sample.webhook("second"), in: WebhookScope(tenant: "Cust1"))
        try await store.signal(Sample.event(tenant: "Cust1"))
        for delivery in try await store.take() where delivery.id.webhook == first.id {
            #expect(try await store.settle(delivery, .failed(error: "no")))
        }
        #expect(try await store.usage(of: first.id)?.totalCalls == 1)
        #expect(try await store.usage(of: second.id)?.totalCalls == 0)
        #expect(try await store.usage(of: second.id + 1) == nil)
        #expect(try await store.delete(id: first.id, in: WebhookScope(tenant: "Cust1")))
        #expect(try await store.usage(of: first.id) == nil)
    }

    private static func listsAllWebhooks(_ store: any AgentStore) async throws {
        let scopes = [
            WebhookScope(tenant: "Cust2"), WebhookScope(tenant: "Cust1", application: "A"),
            WebhookScope(tenant: "Cust1"),
        ]
        var expected: [Webhook] = []
        for (webhook, scope) in zip([Sample.full, Sample.null, Sample.empty], scopes) {
            expected.append(try await store.add(webhook, in: scope))
        }
        let listed = try await store.allWebhooks()
        #expect(listed.map(\.webhook) == expected)
        #expect(listed.map(\.tenant) == scopes.map(\.tenant))
    }
}
