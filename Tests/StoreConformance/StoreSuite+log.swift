import Foundation
import StoreContracts
import Testing
import WebhookModel

extension StoreSuite {
    static let log = [
        StoreCase("Attempts are kept in order with every field", run: keepsAttempts),
        StoreCase("A record says where its delivery stands", run: recordFollowsDelivery),
        StoreCase("A body is kept exactly, whatever becomes of delivery and webhook", run: bodyIsKept),
        StoreCase("What was delivered at a later attempt says how many it took", run: attemptsOfDelivered),
        StoreCase("What failed says why", run: reasons),
        StoreCase("There is no record of what never was", run: noRecord),
        StoreCase("A reset leaves nothing, and gives no id away again", run: reset),
    ]

    private static func text(_ bytes: [UInt8]?) -> String? {
        bytes.map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: One delivery

    private static func keepsAttempts(_ store: any AgentStore) async throws {
        let own = try await store.add(Sample.webhook("own"))
        _ = try await store.add(Sample.webhook("other"))
        try await store.signal(Sample.event())
        let attempts = [
            Attempt(
                url: "https://exämple.com/x?y=1",
                ownHeaders: ["X-A", "X-B"],
                started: Sample.after(.milliseconds(1)),
                duration: .nanoseconds(15_000_000_100),
                retry: 0,
                status: nil,
                errorClass: "timeout",
                summary: "Zu sp\u{E4}t, 'quoted' \u{1F511}\r\n",
                signature: nil,
                answer: []
            ),
            Attempt(
                url: "https://example.com/",
                ownHeaders: [],
                started: Sample.after(.seconds(16)),
                duration: .zero,
                retry: 1,
                status: 503,
                errorClass: nil,
                summary: "HTTP/1.1 503 ",
                signature: "c2lnbmF0dXJl",
                answer: (0..<Attempt.answerBytes).map { UInt8(truncatingIfNeeded: $0) }
            ),
            Attempt(
                url: "https://example.com/",
                ownHeaders: [],
                started: Sample.after(.seconds(20)),
                duration: .milliseconds(3),
                retry: 2,
                status: 200,
                errorClass: nil,
                summary: "HTTP/1.1 200 OK",
                signature: "bmV3IHNlY3JldA==",
                answer: [0]
            ),
        ]
        let decisions: [Scripted] = [
            .retry(at: Sample.after(.seconds(16)), error: "1"), .retry(at: Sample.after(.seconds(20)), error: "2"),
            .delivered,
        ]
        var id: DeliveryID?
        for (number, (attempt, decision)) in zip(attempts, decisions).enumerated() {
            for delivery in try await store.take(at: attempt.started) {
                let isOwn = delivery.id.webhook == own.id
                if isOwn { id = delivery.id }
                let counted = try await store.settle(delivery, decision, attempt: isOwn ? attempt : nil)
                #expect(counted)
            }
            let detail = try await store.delivery(try #require(id))
            #expect(detail?.attempts == Array(attempts.prefix(number + 1)))
        }
    }

    private static func expect(
        _ record: DeliveryRecord,
        in store: any AgentStore,
        _ location: SourceLocation = #_sourceLocation
    ) async throws {
        #expect(try await store.list() == [record], sourceLocation: location)
        #expect(try await store.delivery(record.id)?.record == record, sourceLocation: location)
    }

    private static func recordFollowsDelivery(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook(events: ["Contact.Created"]))
        let event = Sample.event("contact.CREATED", time: Sample.after(.seconds(3)))
        try await store.signal(event)
        let time = Sample.after(.seconds(3))
        var expected = DeliveryRecord(
            id: try #require(try await store.list().first).id,
            eventID: event.id,
            event: "contact.CREATED",
            tenant: "Default",
            signalled: time,
            state: .pending,
            attempts: 0,
            due: time,
            reason: nil
        )
        try await expect(expected, in: store)
        #expect(expected.id.webhook == webhook.id)
        let first = try #require(try await store.take(at: time).first)
        expected.due = time.advanced(by: Sample.lease)
        try await expect(expected, in: store)
        #expect(try await store.settle(first, .retry(at: Sample.after(.seconds(9)), error: "no")))
        expected.attempts = 1
        expected.due = Sample.after(.seconds(9))
        expected.reason = "no"
        try await expect(expected, in: store)
        let second = try #require(try await store.take(at: Sample.after(.seconds(9))).first)
        try await store.put(webhook, .stopped)
        #expect(try await store.settle(second, .failed(error: "parked")))
        expected.state = .parked
        expected.attempts = 0
        expected.due = nil
        expected.reason = "parked"
        try await expect(expected, in: store)
        try await store.put(webhook, .active, at: Sample.after(.seconds(20)))
        expected.state = .pending
        expected.due = Sample.after(.seconds(20))
        try await expect(expected, in: store)
        let third = try #require(try await store.take(at: Sample.after(.seconds(20))).first)
        #expect(try await store.settle(third, .failed(error: "for good")))
        expected.state = .failed
        expected.attempts = 1
        expected.due = nil
        expected.reason = "for good"
        try await expect(expected, in: store)
        #expect(try await store.replay(expected.id, now: Sample.after(.seconds(30))) == .queued)
        expected.state = .pending
        expected.attempts = 0
        expected.due = Sample.after(.seconds(30))
        expected.reason = nil
        try await expect(expected, in: store)
        let last = try #require(try await store.take(at: Sample.after(.seconds(30))).first)
        #expect(try await store.settle(last, .delivered))
        expected.state = .delivered
        expected.attempts = 1
        expected.due = nil
        try await expect(expected, in: store)
    }

    private static func bodyIsKept(_ store: any AgentStore) async throws {
        var webhook = Sample.webhook("before")
        webhook.properties = ObjectDictionary([("Region", .string("\u{D8}st"))])
        webhook = try await store.add(webhook)
        for _ in 0..<4 { try await store.signal(Sample.event()) }
        let expected = "head,\"WebhookName\":\"before\",\"Region\":\"\u{D8}st\"tail"
        let ids = try await store.list().map(\.id)
        func expectBodies(_ comment: Comment) async throws {
            for id in ids { #expect(text(try await store.delivery(id)?.body) == expected, comment) }
        }
        try await expectBodies("pending")
        let claimed = try await store.take(3)
        try #require(claimed.count == 3)
        #expect(try await store.settle(claimed[0], .delivered))
        #expect(try await store.settle(claimed[1], .failed(error: "no")))
        try await store.put(webhook, .stopped)
        #expect(try await store.settle(claimed[2], .failed(error: "no")))
        try await expectBodies("in every state")
        webhook.name = "after"
        webhook.properties = nil
        _ = try await store.replace(webhook)
        try await expectBodies("renamed")
        #expect(try await store.delete(id: webhook.id, in: Sample.scope))
        try await expectBodies("deleted")
        #expect(try await store.list().map(\.id) == ids)
    }

    private static func attemptsOfDelivered(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        try await store.signal(Sample.event())
        for second in 0..<3 {
            let time = Sample.after(.seconds(second))
            let delivery = try #require(try await store.take(at: time).first)
            let retry = Scripted.retry(at: Sample.after(.seconds(second + 1)), error: "no")
            #expect(try await store.settle(delivery, second < 2 ? retry : .delivered))
        }
        let record = try #require(try await store.list().first)
        #expect(record.state == .delivered)
        #expect(record.attempts == 3)
        #expect(record.reason == nil)
        #expect(try await store.delivery(record.id)?.attempts.map(\.retry) == [0, 1, 2])
    }

    private static func reasons(_ store: any AgentStore) async throws {
        let script = try await store.add(Sample.webhook("script", type: "crmscript"))
        let gone = try await store.add(Sample.webhook("gone"))
        let failing = try await store.add(Sample.webhook("failing"))
        try await store.signal(Sample.event())
        for delivery in try await store.take() where delivery.id.webhook == failing.id {
            #expect(try await store.settle(delivery, .failed(error: "HTTP/1.1 500 no")))
        }
        #expect(try await store.delete(id: gone.id, in: Sample.scope))
        let records = try await store.list(DeliveryFilter(state: .failed))
        #expect(records.map(\.id.webhook) == [failing.id, gone.id, script.id])
        #expect(
            records.map(\.reason) == [
                "HTTP/1.1 500 no", "The webhook was deleted.",
                "Webhooks of type 'crmscript' are not delivered by this service.",
            ]
        )
        #expect(try await store.delivery(records[2].id)?.attempts.isEmpty == true)
        #expect(text(try await store.delivery(records[2].id)?.body) == "head,\"WebhookName\":\"script\"tail")
    }

    private static func noRecord(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        try await store.signal(Sample.event())
        let id = try #require(try await store.list().first).id
        for unknown in [
            DeliveryID(event: id.event + 1, webhook: webhook.id), DeliveryID(event: id.event, webhook: webhook.id + 1),
            DeliveryID(event: id.event, webhook: webhook.id - 1), DeliveryID(event: .max, webhook: webhook.id),
            DeliveryID(event: .min, webhook: .min), DeliveryID(event: id.event, webhook: .max),
        ] {
            #expect(try await store.replay(unknown, now: Sample.start) == .unknown, "\(unknown)")
            #expect(try await store.delivery(unknown) == nil, "\(unknown)")
        }
    }

    private static func reset(_ store: any AgentStore) async throws {
        let webhooks = try await fillLists(store)
        let before = try await store.list()
        let held = try await store.signalAndTake(Sample.event("x.created", time: Sample.start))
        try await store.reset()
        #expect(try await store.names().isEmpty)
        #expect(try await store.allWebhooks().isEmpty)
        #expect(try await store.list().isEmpty)
        #expect(try await store.counts() == DeliveryCounts())
        #expect(try await store.nextDue() == nil)
        #expect(try await store.take(at: Sample.farFuture).isEmpty)
        #expect(try await store.usage(of: webhooks[0].id) == nil)
        #expect(try await store.delivery(before[0].id) == nil)
        #expect(try await store.replay(before[0].id, now: Sample.start) == .unknown)
        #expect(try await store.settle(held, .delivered) == false)
        #expect(try await store.signal(Sample.event("x.created")) == 0)
        let webhook = try await store.add(Sample.webhook())
        #expect(webhook.id > webhooks[1].id)
        #expect(try await store.signal(Sample.event()) == 1)
        let delivery = try #require(try await store.take().first)
        #expect(delivery.id.event > held.id.event)
        #expect(try await store.settle(delivery, .delivered))
    }
}
