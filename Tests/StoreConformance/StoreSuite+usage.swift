import Foundation
import StoreContracts
import Testing
import WebhookModel

extension StoreSuite {
    static let usage = [
        StoreCase("A webhook's attempts are counted", run: countsAttempts),
        StoreCase("What is no attempt is not counted", run: countsNothingElse),
        StoreCase("Usage is a webhook's own and ends with it", run: usageIsOwn),
        StoreCase("The counters of a scope's webhooks, and of no others, are told by id", run: usagesOfScope),
        StoreCase("Every webhook is listed by id, whoever registered it", run: listsAllWebhooks),
        StoreCase("Counters are told of a range of ids, and of its lowest so many", run: usagesOfRange),
        StoreCase("All webhooks are listed in pages that follow an id", run: pagesAllWebhooks),
    ]

    private static func usagesOfRange(_ store: any AgentStore) async throws {
        let scope = Sample.scope
        var ids: [Int32] = []
        for _ in 0..<5 {
            ids.append(try await store.add(Sample.webhook()).id)
            _ = try await store.add(Sample.webhook(), in: WebhookScope(tenant: "Cust9"))
        }
        func found(_ range: ClosedRange<Int32>, _ limit: Int = .max) async throws -> [Int32] {
            try await store.usages(of: range, in: scope, limit: limit).keys.sorted()
        }
        #expect(try await found(ids[1]...ids[3]) == Array(ids[1...3]))
        #expect(try await found(ids[1]...(.max), 2) == Array(ids[1...2]))
        #expect(try await found(ids[4]...ids[4]) == [ids[4]])
        #expect(try await found((ids[4] + 100)...(ids[4] + 200)).isEmpty)
        #expect(try await found(.min...(.max)) == ids)
    }

    private static func pagesAllWebhooks(_ store: any AgentStore) async throws {
        var ids: [Int32] = []
        for tenant in ["Cust1", "Cust2", "Cust1", "Cust3"] {
            ids.append(try await store.add(Sample.webhook(), in: WebhookScope(tenant: tenant)).id)
        }
        func page(after id: Int32, _ limit: Int) async throws -> [Int32] {
            try await store.allWebhooks(after: id, limit: limit).map(\.webhook.id)
        }
        #expect(try await page(after: 0, 3) == Array(ids[..<3]))
        #expect(try await page(after: ids[2], 3) == [ids[3]])
        #expect(try await page(after: ids[3], 3).isEmpty)
        #expect(try await page(after: .max, 3).isEmpty)
    }

    private static func countsAttempts(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        #expect(try await store.usage(of: webhook.id) == WebhookUsage())
        let steps: [(Scripted, WebhookUsage)] = [
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
                .retry(at: Sample.farFuture, error: "third"),
                WebhookUsage(totalCalls: 4, totalErrors: 3, consecutiveErrors: 3, lastError: "third")
            ),
            (.delivered, WebhookUsage(totalCalls: 5, totalErrors: 3, consecutiveErrors: 0, lastError: "third")),
            (
                .failed(error: ""),
                WebhookUsage(totalCalls: 6, totalErrors: 4, consecutiveErrors: 1, lastError: "")
            ),
        ]
        for (decision, expected) in steps {
            let delivery = try await store.signalAndTake()
            #expect(try await store.settle(delivery, decision))
            #expect(try await store.usage(of: webhook.id) == expected)
        }
    }

    private static func usagesOfScope(_ store: any AgentStore) async throws {
        let own = WebhookScope(tenant: "Cust1", application: "A")
        #expect(try await store.usages(in: own) == [:])
        let called = try await store.add(Sample.webhook("called"), in: own)
        let idle = try await store.add(Sample.webhook("idle", events: []), in: own)
        let others = try await store.add(
            Sample.webhook("other", events: []),
            in: WebhookScope(tenant: "Cust1", application: "B")
        )
        _ = try await store.add(Sample.webhook("abroad"), in: WebhookScope(tenant: "Cust2", application: "A"))
        for (time, error) in [(Sample.start, "first"), (Sample.after(.seconds(1)), "r\u{E9}fus\u{E9}")] {
            let delivery = try await store.signalAndTake(Sample.event(tenant: "Cust1"))
            let answer = TargetAnswer(status: 500, reason: "no", body: Array(error.utf8))
            #expect(try await store.settle(delivery, after: .answered(answer), by: .once, at: time))
        }
        let lastError = "HTTP/1.1 500 no\n\nr\u{E9}fus\u{E9}"
        let usage = WebhookUsage(totalCalls: 2, totalErrors: 2, consecutiveErrors: 2, lastError: lastError)
        #expect(try await store.usages(in: own) == [called.id: usage, idle.id: WebhookUsage()])
        let tenant = try await store.usages(in: WebhookScope(tenant: "Cust1"))
        #expect(tenant == [called.id: usage, idle.id: WebhookUsage(), others.id: WebhookUsage()])
        #expect(try await store.list().map(\.reason) == ["HTTP/1.1 500 no", "HTTP/1.1 500 no"])
        #expect(try await store.delete(id: called.id, in: own))
        #expect(try await store.usages(in: own) == [idle.id: WebhookUsage()])
    }

    private static func countsNothingElse(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        let script = try await store.add(Sample.webhook("script", type: "crmscript"))
        let stale = try await store.signalAndTake()
        try await store.giveUpLeases(at: Sample.start)
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
