import StoreContracts
import Testing
import WebhookModel

extension StoreSuite {
    static let failures = [
        StoreCase("Failures side by side are all counted, and one in a row", run: sideBySide),
        StoreCase("Failures side by side that are recorded at once are one in a row", run: sideBySideAtOnce),
        StoreCase("Nine failures in less than 35 seconds leave a webhook Active", run: shortOutage),
        StoreCase("A success ends the row of failures and its time", run: successEndsRow),
        StoreCase("Active ends the row of failures and its time", run: activeEndsRow),
        StoreCase("A failed replay is not part of a row", run: replayIsNoPart),
    ]

    /// Signals so many events. Returns their deliveries, with so many others that are due.
    private static func claim(
        _ count: Int,
        in store: any AgentStore,
        others: Int = 0
    ) async throws -> [ClaimedDelivery] {
        for _ in 0..<count { try await store.signal(Sample.event()) }
        let claimed = try await store.take()
        try #require(claimed.count == count + others)
        return claimed
    }

    private static func sideBySide(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        for (number, delivery) in try await claim(12, in: store).enumerated() {
            let time = Sample.after(.milliseconds(100 + number))
            #expect(try await store.settle(delivery, after: .serverError, began: Sample.start, at: time))
        }
        let usage = try await store.usage(of: webhook.id)
        #expect(
            usage == WebhookUsage(totalCalls: 12, totalErrors: 12, consecutiveErrors: 1, lastError: "HTTP/1.1 500 no")
        )
        #expect(try await store.state(of: webhook) == .active)
        let retried = try await store.take(at: Sample.after(.seconds(2)))
        #expect(retried.count == 12 && retried.allSatisfy { $0.isFailing && $0.attempts == 1 })
        // What began later says more.
        let began = Sample.after(.milliseconds(101))
        let ended = Sample.after(.seconds(2))
        #expect(try await store.settle(retried[0], after: .serverError, began: began, at: ended))
        #expect(try await store.usage(of: webhook.id)?.consecutiveErrors == 2)
    }

    private static func sideBySideAtOnce(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        let other = try await store.add(Sample.webhook("other", events: ["sale.created"]))
        try await store.signal(Sample.event("sale.created"))
        let results = try await claim(12, in: store, others: 1).enumerated().map { number, delivery in
            DeliveryResult(
                delivery,
                after: .serverError,
                began: Sample.after(.milliseconds(number)),
                at: Sample.after(.milliseconds(20 + number))
            )
        }
        #expect(try await store.settle(results).allSatisfy(\.self))
        #expect(try await store.usage(of: webhook.id)?.consecutiveErrors == 1)
        #expect(try await store.usage(of: webhook.id)?.totalErrors == 12)
        #expect(try await store.usage(of: other.id)?.consecutiveErrors == 1)
    }

    private static func shortOutage(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        let claimed = try await claim(30, in: store)
        for (number, delivery) in claimed.prefix(28).enumerated() {
            let time = Sample.after(.milliseconds(1250 * number))
            #expect(try await store.settle(delivery, after: .serverError, at: time))
            #expect(try await store.state(of: webhook) == .active, "\(number + 1) failures")
        }
        #expect(try await store.usage(of: webhook.id)?.consecutiveErrors == 28)
        #expect(try await store.settle(claimed[28], after: .serverError, at: Sample.after(.milliseconds(34_999))))
        #expect(try await store.state(of: webhook) == .active)
        #expect(try await store.settle(claimed[29], after: .serverError, at: Sample.after(.seconds(35))))
        #expect(try await store.state(of: webhook) == .tooManyErrors)
    }

    private static func successEndsRow(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        let claimed = try await claim(18, in: store)
        #expect(try await store.settle(claimed[0], after: .serverError))
        #expect(try await store.settle(claimed[1], after: .ok, at: Sample.after(.seconds(1))))
        #expect(try await store.usage(of: webhook.id)?.consecutiveErrors == 0)
        for (number, delivery) in claimed.dropFirst(2).prefix(15).enumerated() {
            #expect(try await store.settle(delivery, after: .serverError, at: Sample.after(.seconds(22 + number))))
        }
        #expect(try await store.state(of: webhook) == .active, "the row began at 22 s")
        #expect(try await store.settle(claimed[17], after: .serverError, at: Sample.after(.seconds(57))))
        #expect(try await store.state(of: webhook) == .tooManyErrors)
    }

    private static func activeEndsRow(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        let claimed = try await claim(12, in: store)
        for (number, delivery) in claimed.prefix(9).enumerated() {
            #expect(try await store.settle(delivery, after: .serverError, at: Sample.after(.seconds(5 * number))))
        }
        #expect(try await store.state(of: webhook) == .tooManyErrors)
        try await store.put(webhook, .active, at: Sample.after(.seconds(50)))
        #expect(try await store.usage(of: webhook.id)?.consecutiveErrors == 0)
        for (number, delivery) in claimed.suffix(3).enumerated() {
            // The last of them began before the failure of the row that is over.
            let time = Sample.after(.seconds(60 - number))
            #expect(try await store.settle(delivery, after: .serverError, began: Sample.after(.seconds(38)), at: time))
        }
        #expect(try await store.usage(of: webhook.id)?.consecutiveErrors == 1)
        #expect(try await store.state(of: webhook) == .active)
    }

    private static func replayIsNoPart(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        let delivery = try #require(try await claim(1, in: store).first)
        #expect(try await store.settle(delivery, .failed(error: "no")))
        for second in 1...12 {
            let now = Sample.after(.seconds(10 * second))
            #expect(try await store.replay(delivery.id, now: now) == .queued)
            let replay = try #require(try await store.take(at: now).first)
            #expect(try await store.settle(replay, after: .serverError, by: .once, at: now))
        }
        #expect(try await store.usage(of: webhook.id)?.consecutiveErrors == 1)
        #expect(try await store.state(of: webhook) == .active)
    }
}
