import AgentCore
import AgentStores
import Foundation
import Testing

@Suite("A SQLite store that is opened again", .timeLimit(.minutes(1)))
struct SQLiteReopeningTests {
    @Test("Holds every webhook with every field")
    func webhooks() async throws {
        try await withDatabase { path in
            var expected: [Webhook] = []
            try await opening(path) { store in
                for webhook in [Sample.full, Sample.null, Sample.empty] {
                    expected.append(try await store.add(webhook))
                }
                _ = try await store.add(Sample.webhook("of A"), in: WebhookScope(tenant: "Default", application: "A"))
            }
            try await opening(path) { store in
                let stored = try await store.webhooks(in: Sample.scope, matching: WebhookFilter())
                #expect(Array(stored.prefix(3)) == expected)
                let ofA = WebhookScope(tenant: "Default", application: "A")
                #expect(try await store.names(in: ofA) == ["of A"])
            }
        }
    }

    @Test("Gives no id away again")
    func ids() async throws {
        try await withDatabase { path in
            var last: Int32 = 0
            for _ in 0..<3 {
                try await opening(path) { store in
                    let id = try await store.add(Sample.webhook()).id
                    #expect(id > last)
                    last = id
                    #expect(try await store.delete(id: id, in: Sample.scope))
                }
            }
        }
    }

    @Test("Holds pending deliveries, the time of retries, what failed and the last error")
    func queue() async throws {
        try await withDatabase { path in
            var webhook = Sample.webhook("before")
            let retried = Sample.event()
            let unclaimed = Sample.event(time: Sample.after(.seconds(1)))
            try await opening(path) { store in
                webhook = try await store.add(webhook)
                for event in [retried, Sample.event(), Sample.event(), unclaimed] { _ = try await store.signal(event) }
                let claimed = try await store.take()
                try #require(claimed.count == 3)
                #expect(try await store.settle(claimed[0], .retry(at: Sample.after(.seconds(90)), error: "no")))
                #expect(try await store.settle(claimed[1], .delivered))
                #expect(try await store.settle(claimed[2], .failed(error: "HTTP/1.1 410 Gone")))
                webhook.name = "after"
                _ = try await store.replace(webhook)
            }
            try await opening(path) { store in
                try await store.expectCounts(pending: 2, failed: 1)
                #expect(try await store.lastError(id: webhook.id, in: Sample.scope) == "HTTP/1.1 410 Gone")
                #expect(try await store.nextDue() == Sample.after(.seconds(1)))
                let due = try await store.take(at: Sample.after(.seconds(1)))
                try #require(due.map(\.eventID) == [unclaimed.id])
                #expect(due.map { String(decoding: $0.body, as: UTF8.self) } == ["head,\"WebhookName\":\"before\"tail"])
                #expect(try await store.settle(due[0], .delivered))
                #expect(try await store.take(at: Sample.after(.milliseconds(89_999))).isEmpty)
                let again = try await store.take(at: Sample.after(.seconds(90)))
                #expect(again.map(\.eventID) == [retried.id])
                #expect(again.map(\.attempts) == [1])
            }
        }
    }

    @Test("Has what a former process had claimed due at once, and takes no result from it")
    func leases() async throws {
        try await withDatabase { path in
            var former: [ClaimedDelivery] = []
            try await opening(path) { store in
                _ = try await store.add(Sample.webhook())
                for _ in 0..<3 { _ = try await store.signal(Sample.event()) }
                former = try await store.take(2, lease: .seconds(3600))
                try #require(former.count == 2)
            }
            try await opening(path) { store in
                #expect(try await store.settle(former[0], .delivered) == false)
                let claimed = try await store.take(by: UUID())
                #expect(claimed.count == 3)
                #expect(try await store.settle(former[1], .delivered) == false)
                for delivery in claimed {
                    #expect(delivery.attempts == 0)
                    let before = former.first { $0.id == delivery.id }?.fence ?? 0
                    #expect(delivery.fence > before)
                    #expect(try await store.settle(delivery, .delivered))
                }
            }
        }
    }

    @Test("Goes on pruning what was delivered before")
    func pruning() async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                _ = try await store.add(Sample.webhook())
                _ = try await store.signal(Sample.event())
                let delivery = try #require(try await store.take().first)
                #expect(try await store.settle(delivery, .delivered))
            }
            try await opening(path) { store in
                #expect(try await store.pruneEvents(before: Sample.farFuture, limit: 10) == 1)
            }
        }
    }
}
