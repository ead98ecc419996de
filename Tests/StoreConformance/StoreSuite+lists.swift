import StoreContracts
import Testing
import WebhookModel

extension StoreSuite {
    static let lists = [
        StoreCase("Deliveries are listed newest first", run: newestFirst),
        StoreCase("A cursor walks everything once", run: cursorWalk),
        StoreCase("A cursor goes on where it was though something has been added", run: cursorIsStable),
        StoreCase("Each filter restricts the list, and all together", run: listFilters),
        StoreCase("An event's name is filtered for in any case and normal form", run: listByOtherForms),
    ]

    /// Eight events of two names, each for two webhooks: of each name one in every one of ``filled``.
    /// Four deliveries in each state, of three webhooks.
    static func fillLists(_ store: any AgentStore) async throws -> [Webhook] {
        let names = ["x.created", "y.created"]
        let webhooks = [
            try await store.add(Sample.webhook("one", events: names)),
            try await store.add(Sample.webhook("two", events: [names[1]])),
            try await store.add(Sample.webhook("three", events: [names[0]], state: .tooManyErrors)),
        ]
        let events = (0..<8).map { second in
            Sample.event(names[second / 4], time: Sample.after(.seconds(second)), missed: .park)
        }
        for event in events { try await store.signal(event) }
        let results: [Scripted] = [.delivered, .failed(error: "no"), .retry(at: Sample.farFuture, error: "no")]
        for delivery in try await store.take(at: Sample.after(.seconds(8))) {
            let place = try #require(events.firstIndex { $0.id == delivery.eventID })
            let result = delivery.id.webhook == webhooks[0].id ? results[place % 3] : results[min(place - 4, 2)]
            #expect(try await store.settle(delivery, result))
        }
        return webhooks
    }

    private static let filled = DeliveryState.allCases.filter { $0 != .missed }

    private static func newestFirst(_ store: any AgentStore) async throws {
        let webhooks = try await fillLists(store)
        let records = try await store.list()
        #expect(records.count == 16)
        #expect(records.map(\.signalled) == records.map(\.signalled).sorted(by: >))
        #expect(records.map(\.id.event) == records.map(\.id.event).sorted(by: >))
        #expect(Set(records.map(\.id.webhook)) == Set(webhooks.map(\.id)))
        #expect(try await store.list(limit: 5) == Array(records.prefix(5)))
        #expect(try await store.list(limit: 0).isEmpty)
        for state in filled { #expect(records.count { $0.state == state } == 4, "\(state)") }
        // One that is queued again is where it was, and there once.
        let delivered = try #require(records.last { $0.state == .delivered })
        #expect(try await store.replay(delivered.id, now: Sample.start) == .queued)
        #expect(try await store.list().map(\.id) == records.map(\.id))
        let again = try #require(try await store.take(at: Sample.start).first)
        #expect(try await store.settle(again, .delivered))
        #expect(try await store.list().map(\.id) == records.map(\.id))
    }

    private static func cursorWalk(_ store: any AgentStore) async throws {
        let webhooks = try await fillLists(store)
        let filters =
            [DeliveryFilter(), DeliveryFilter(webhook: webhooks[0].id), DeliveryFilter(event: "y.created")]
            + filled.map { DeliveryFilter(state: $0) }
        for filter in filters {
            let all = try await store.list(filter)
            #expect(all.isEmpty == false)
            for limit in [1, 2, 3, 100] {
                var walked: [DeliveryRecord] = []
                while true {
                    let page = try await store.list(filter, after: walked.last?.id, limit: limit)
                    #expect(page.count <= limit)
                    if page.isEmpty { break }
                    walked += page
                }
                #expect(walked == all, "\(filter), \(limit) at a time")
            }
        }
    }

    private static func cursorIsStable(_ store: any AgentStore) async throws {
        _ = try await fillLists(store)
        let before = try await store.list()
        let page = try await store.list(limit: 7)
        try await store.signal(Sample.event("x.created"))
        #expect(try await store.list(after: page.last?.id) == Array(before.dropFirst(7)))
        #expect(try await store.list().count == 18)
        // A cursor whose delivery is gone is a place all the same.
        try await store.prune(attemptsBefore: Sample.farFuture, failedBefore: Sample.farFuture)
        let rest = try await store.list()
        #expect(rest.contains { $0.state == .delivered || $0.state == .failed } == false)
        for cursor in before.map(\.id) {
            let expected = rest.filter { ($0.id.event, $0.id.webhook) < (cursor.event, cursor.webhook) }
            #expect(try await store.list(after: cursor) == expected)
        }
    }

    private static func listFilters(_ store: any AgentStore) async throws {
        let webhooks = try await fillLists(store)
        let all = try await store.list()
        let states: [DeliveryState?] = [nil, .pending, .failed, .parked, .delivered]
        for webhook in [nil, webhooks[0].id, webhooks[1].id, webhooks[1].id + 1] {
            for event in [nil, "x.created", "y.created", "x", "x.created.now", "%"] {
                for state in states {
                    let expected = all.filter { record in
                        (webhook == nil || record.id.webhook == webhook) && (event == nil || record.event == event)
                            && (state == nil || record.state == state)
                    }
                    let filter = DeliveryFilter(webhook: webhook, event: event, state: state)
                    #expect(try await store.list(filter) == expected, "\(filter)")
                }
            }
        }
        let one = DeliveryFilter(webhook: webhooks[0].id, event: "x.created", state: .failed)
        #expect(try await store.list(one).count == 1)
    }

    private static func listByOtherForms(_ store: any AgentStore) async throws {
        let forms = ["\u{C4}nderung.Caf\u{E9}", "A\u{308}nderung.cafe\u{301}", "\u{E4}NDERUNG.CAF\u{C9}"]
        _ = try await store.add(Sample.webhook(events: [forms[0]]))
        for form in forms { try await store.signal(Sample.event(form)) }
        for delivery in try await store.take(2) { #expect(try await store.settle(delivery, .delivered)) }
        for form in forms {
            #expect(try await store.list(DeliveryFilter(event: form)).count == 3)
            #expect(try await store.list(DeliveryFilter(event: form, state: .delivered)).count == 2)
        }
    }
}
