import Foundation
import GRDB
import StoreConformance
import StoreContracts
import Testing
import WebhookModel

@testable import SQLiteStorage

@Suite("A SQLite store that is opened again", .timeLimit(.minutes(5)))
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

    @Test("A reopened store has former claims due at once and takes no result of them")
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

    @Test("Holds what is parked, usage and pauses")
    func parked() async throws {
        try await withDatabase { path in
            var webhook = Sample.webhook()
            var paused = Sample.webhook("paused", events: ["a.b"])
            try await opening(path) { store in
                webhook = try await store.add(webhook)
                paused = try await store.add(paused)
                for event in [Sample.event(), Sample.event(), Sample.event("a.b")] { _ = try await store.signal(event) }
                let claimed = try await store.take()
                try #require(claimed.count == 3)
                for delivery in claimed where delivery.id.webhook == webhook.id {
                    let time = Sample.after(.seconds(delivery.id.event))
                    #expect(try await store.settle(delivery, after: .serverError, at: time))
                }
                try await store.put(webhook, .stopped)
                let failed = try #require(claimed.first { $0.id.webhook == paused.id })
                let end = Sample.after(.seconds(90))
                #expect(try await store.settle(failed, .retry(at: Sample.start, error: "no", pauseUntil: end)))
            }
            try await opening(path) { store in
                try await store.expectCounts(pending: 1, failed: 0, parked: 2)
                #expect(try await store.nextDue() == Sample.after(.seconds(90)))
                let usage = WebhookUsage(
                    totalCalls: 2,
                    totalErrors: 2,
                    consecutiveErrors: 2,
                    lastError: "HTTP/1.1 500 no"
                )
                #expect(try await store.usage(of: webhook.id) == usage)
                try await store.put(webhook, .active)
                #expect(try await store.take().map(\.attempts) == [1, 1])
            }
        }
    }

    @Test("A reopened store has former claims due at once also when they were parked")
    func parkedLeases() async throws {
        try await withDatabase { path in
            var webhook = Sample.webhook()
            try await opening(path) { store in
                webhook = try await store.add(webhook)
                _ = try await store.signal(Sample.event())
                #expect(try await store.take(lease: .seconds(3600)).count == 1)
                try await store.put(webhook, .stopped)
            }
            try await opening(path) { store in
                try await store.put(webhook, .active)
                #expect(try await store.take().count == 1)
            }
        }
    }

    @Test("Holds every attempt, and the body of what was delivered")
    func log() async throws {
        try await withDatabase { path in
            var before: DeliveryDetail?
            try await opening(path) { store in
                _ = try await store.add(Sample.webhook())
                _ = try await store.signal(Sample.event())
                let first = try #require(try await store.take().first)
                #expect(try await store.settle(first, after: .serverError))
                let second = try #require(try await store.take(at: Sample.after(.seconds(1))).first)
                #expect(try await store.settle(second, after: .ok, at: Sample.after(.seconds(1))))
                before = try await store.delivery(first.id)
            }
            try await opening(path) { store in
                let expected = try #require(before)
                #expect(expected.attempts.map(\.status) == [500, 200])
                #expect(String(decoding: expected.body, as: UTF8.self) == "head,\"WebhookName\":\"Sample\"tail")
                #expect(try await store.delivery(expected.record.id) == expected)
                #expect(try await store.replay(expected.record.id, now: Sample.start) == .queued)
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
                #expect(try await store.list().map(\.state) == [.delivered])
                try await store.prune(attemptsBefore: Sample.farFuture)
                #expect(try await store.list().isEmpty)
                let events = try await store.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM event") }
                #expect(events == 0)
            }
        }
    }

    private let session = Session(
        key: SessionKey(digest: Array(0..<32)),
        tenant: "Cust1",
        userName: "Bj\u{F8}rn",
        created: Sample.start,
        used: Sample.start
    )

    @Test("Holds sessions as they were last used, and none that has ended")
    func sessions() async throws {
        try await withDatabase { path in
            var ended = session
            ended.key = SessionKey(digest: Array(32..<64))
            var used = session
            used.used = Sample.after(.seconds(5))
            for round in 0..<2 {
                try await opening(path) { store in
                    if round == 0 {
                        for begun in [session, ended] { try await store.insert(begun, limit: 10) }
                        try await store.useSession(session.key, at: used.used)
                        #expect(try await store.endSessions(matching: SessionFilter(id: ended.key.id)) == 1)
                    }
                    #expect(try await store.session(ended.key) == nil)
                    #expect(try await store.sessions(matching: SessionFilter(), limit: 10) == [used])
                }
            }
        }
    }

    @Test("Brings what an earlier version has made up to date, and holds what that had stored", arguments: ["1", "2"])
    func migration(version: String) async throws {
        try await withDatabase { path in
            let queue = try DatabaseQueue(path: path)
            try Schema.migrator.migrate(queue, upTo: version)
            try await queue.write { database in
                try database.execute(
                    sql: """
                        INSERT INTO webhook
                            (tenant, name, target, state, is_deliverable, body_suffix, registered, updated)
                        VALUES ('Default', 'kept', '', 1, 1, x'', 0, 0)
                        """
                )
            }
            try queue.close()
            for isFirst in [true, false] {
                try await opening(path) { store in
                    if isFirst {
                        try await store.insert(session, limit: 10)
                        _ = try await store.add(Sample.full)
                    }
                    let webhooks = try await store.webhooks(in: Sample.scope, matching: WebhookFilter())
                    #expect(webhooks.map(\.name) == ["kept", Sample.full.name])
                    #expect(webhooks.map(\.extras) == [WebhookExtras(), Sample.full.extras])
                    #expect(try await store.session(session.key) == session)
                }
            }
        }
    }
}
