import Foundation
import StoreContracts
import Testing
import WebhookModel

extension StoreSuite {
    static let states = [
        StoreCase("Stopped and TooManyErrors park what is pending", run: parksPending),
        StoreCase("Active makes what was parked due, with the attempts it had", run: resumesParked),
        StoreCase("Active resets the consecutive errors and nothing else", run: activeResetsErrors),
        StoreCase("Unknown leaves the consecutive errors", run: unknownKeepsErrors),
        StoreCase("From Stopped to TooManyErrors what is parked stays so", run: staysParked),
        StoreCase("A state is of one webhook alone", run: parksOwnOnly),
        StoreCase("What arrives in flight while its webhook is stopped is delivered", run: deliveredWhileStopped),
        StoreCase("What fails in flight while its webhook is stopped is parked", run: failedWhileStopped),
        StoreCase("What is in flight keeps its lease while its webhook is stopped and started", run: keepsLease),
        StoreCase("What was parked in flight and given up is due once its webhook is Active", run: releasedWhileParked),
        StoreCase("What was parked in flight and lost is due once its webhook is Active", run: lostWhileParked),
        StoreCase("What trips its webhook is parked afresh, the others with the attempts they had", run: tripping),
        StoreCase("So many failures in a row trip the webhook, whichever deliveries they are of", run: tripsAtLimit),
        StoreCase("A success in between begins the count of failures again", run: successBetweenFailures),
        StoreCase("Deleting a webhook fails its parked deliveries", run: deleteFailsParked),
    ]

    private static let later = Sample.after(.seconds(100))

    private static func parksPending(_ store: any AgentStore) async throws {
        for state in [WebhookState.stopped, .tooManyErrors] {
            let webhook = try await store.add(Sample.webhook(events: [state.name]))
            for _ in 0..<3 { try await store.signal(Sample.event(state.name)) }
            let retried = try #require(try await store.take(1).first)
            #expect(try await store.settle(retried, .retry(at: Sample.after(.seconds(5)), error: "no")))
            try await store.put(webhook, state)
            #expect(try await store.state(of: webhook) == state)
            let records = try await store.list(DeliveryFilter(webhook: webhook.id))
            #expect(records.map(\.state) == [.parked, .parked, .parked])
            #expect(records.map(\.due) == [nil, nil, nil])
            #expect(try await store.nextDue() == nil)
            #expect(try await store.take(at: Sample.farFuture).isEmpty)
        }
        try await store.expectCounts(pending: 0, failed: 0, parked: 6)
        #expect(try await store.counts().oldestDue == nil)
    }

    private static func resumesParked(_ store: any AgentStore) async throws {
        for state in [WebhookState.stopped, .tooManyErrors] {
            let webhook = try await store.add(Sample.webhook(events: [state.name]))
            for _ in 0..<3 { try await store.signal(Sample.event(state.name)) }
            let before = try await store.take(1)
            #expect(try await store.settle(before[0], .retry(at: Sample.after(.seconds(5000)), error: "no")))
            try await store.put(webhook, state)
            try await store.put(webhook, .active, at: later)
            #expect(try await store.nextDue() == later)
            #expect(try await store.take(at: later.advanced(by: .nanoseconds(-100))).isEmpty)
            let due = try await store.take(at: later)
            #expect(due.map(\.attempts).sorted() == [0, 0, 1])
            #expect(due.first { $0.attempts == 1 }?.id == before[0].id)
            for delivery in due { #expect(try await store.settle(delivery, .delivered)) }
        }
        try await store.expectCounts(pending: 0, failed: 0)
    }

    private static func activeResetsErrors(_ store: any AgentStore) async throws {
        for state in [WebhookState.stopped, .tooManyErrors, .active] {
            let webhook = try await store.add(Sample.webhook(events: [state.name]))
            for _ in 0..<3 { try await store.signal(Sample.event(state.name)) }
            for (number, delivery) in try await store.take().enumerated() {
                #expect(try await store.settle(delivery, after: .serverError, at: Sample.after(.seconds(number))))
            }
            try await store.put(webhook, state)
            var usage = WebhookUsage(
                totalCalls: 3,
                totalErrors: 3,
                consecutiveErrors: state == .active ? 0 : 3,
                lastError: "HTTP/1.1 500 no"
            )
            #expect(try await store.usage(of: webhook.id) == usage)
            try await store.put(webhook, .active)
            usage.consecutiveErrors = 0
            #expect(try await store.usage(of: webhook.id) == usage)
        }
    }

    private static func unknownKeepsErrors(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        let delivery = try await store.signalAndTake()
        #expect(try await store.settle(delivery, after: .serverError))
        for state in [WebhookState.unknown, .stopped, .unknown] {
            try await store.put(webhook, state)
            #expect(try await store.usage(of: webhook.id)?.consecutiveErrors == 1, "\(state)")
        }
    }

    private static func staysParked(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        try await store.signal(Sample.event())
        for state in [WebhookState.stopped, .tooManyErrors, .stopped, .unknown] {
            try await store.put(webhook, state)
            try await store.expectCounts(pending: 0, failed: 0, parked: 1)
        }
        try await store.put(webhook, .active)
        try await store.expectCounts(pending: 1, failed: 0)
    }

    private static func parksOwnOnly(_ store: any AgentStore) async throws {
        let stopped = try await store.add(Sample.webhook("stopped"))
        let other = try await store.add(Sample.webhook("other"))
        for _ in 0..<3 { try await store.signal(Sample.event()) }
        let claimed = try await store.take(2)
        for delivery in claimed { #expect(try await store.settle(delivery, .failed(error: "no"))) }
        try await store.put(stopped, .stopped)
        try await store.expectCounts(pending: 2, failed: 2, parked: 2)
        #expect(try await Set(store.take().map(\.id.webhook)) == [other.id])
        try await store.put(other, .active)
        try await store.expectCounts(pending: 2, failed: 2, parked: 2)
    }

    // MARK: In flight

    private static func deliveredWhileStopped(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        let delivery = try await store.signalAndTake()
        try await store.put(webhook, .stopped)
        #expect(try await store.settle(delivery, after: .ok))
        try await store.expectCounts(pending: 0, failed: 0)
        #expect(try await store.list().map(\.state) == [.delivered])
        #expect(try await store.usage(of: webhook.id) == WebhookUsage(totalCalls: 1))
        #expect(try await store.state(of: webhook) == .stopped)
    }

    private static func failedWhileStopped(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        let delivery = try await store.signalAndTake()
        try await store.put(webhook, .stopped)
        #expect(try await store.settle(delivery, after: .gone))
        #expect(try await store.state(of: webhook) == .stopped, "it says nothing of a webhook at rest")
        let record = try #require(try await store.list().first)
        #expect(record.state == .parked)
        #expect(record.attempts == 1)
        #expect(record.reason == "HTTP/1.1 410 Gone")
        #expect(try await store.take(at: Sample.farFuture).isEmpty)
        let usage = WebhookUsage(totalCalls: 1, totalErrors: 1, consecutiveErrors: 1, lastError: "HTTP/1.1 410 Gone")
        #expect(try await store.usage(of: webhook.id) == usage)
        try await store.put(webhook, .active, at: later)
        #expect(try await store.take(at: later).map(\.attempts) == [1])
    }

    private static func keepsLease(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        try await store.signal(Sample.event())
        let delivery = try #require(try await store.take(lease: .seconds(30)).first)
        try await store.put(webhook, .stopped)
        try await store.put(webhook, .active, at: Sample.after(.seconds(1)))
        #expect(try await store.nextDue() == Sample.after(.seconds(30)))
        #expect(try await store.take(by: UUID(), at: Sample.after(.seconds(29))).isEmpty)
        #expect(try await store.settle(delivery, .delivered))
        try await store.expectCounts(pending: 0, failed: 0)
    }

    private static func releasedWhileParked(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        try await store.signal(Sample.event())
        let delivery = try #require(try await store.take(lease: .seconds(3600)).first)
        try await store.put(webhook, .stopped)
        try await store.giveUpLeases(at: Sample.after(.seconds(1)))
        #expect(try await store.take(at: Sample.farFuture).isEmpty)
        #expect(try await store.settle(delivery, .delivered) == false)
        try await store.put(webhook, .active, at: Sample.after(.seconds(2)))
        #expect(try await store.take(at: Sample.after(.seconds(2))).map(\.attempts) == [0])
    }

    private static func lostWhileParked(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        try await store.signal(Sample.event())
        let lost = try #require(try await store.take(lease: .seconds(30)).first)
        try await store.put(webhook, .stopped)
        try await store.put(webhook, .active, at: Sample.after(.seconds(60)))
        let again = try #require(try await store.take(by: UUID(), at: Sample.after(.seconds(60))).first)
        #expect(again.fence > lost.fence)
        #expect(try await store.settle(lost, .delivered) == false)
    }

    // MARK: TooManyErrors

    private static func tripping(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        for _ in 0..<4 { try await store.signal(Sample.event()) }
        let claimed = try await store.take(3)
        try #require(claimed.count == 3)
        #expect(try await store.settle(claimed[0], after: .serverError))
        let again = try #require(try await store.take(1, at: Sample.after(.seconds(1))).first { $0.attempts == 0 })
        #expect(try await store.settle(again, after: .serverError))
        #expect(try await store.state(of: webhook) == .active)
        #expect(try await store.settle(claimed[1], after: .gone))
        #expect(try await store.state(of: webhook) == .tooManyErrors)
        #expect(try await store.settle(claimed[2], after: .serverError))
        let records = try await store.list()
        #expect(records.map(\.state) == [.parked, .parked, .parked, .parked])
        #expect(records.map(\.attempts) == [1, 1, 0, 1])
        #expect(records.map(\.reason).suffix(2) == ["HTTP/1.1 410 Gone", "HTTP/1.1 500 no"])
        #expect(try await store.take(at: Sample.farFuture).isEmpty)
        try await store.put(webhook, .active, at: later)
        let due = try await store.take(at: later)
        #expect(due.map(\.attempts) == [1, 0, 1, 1])
        #expect(try await store.usage(of: webhook.id)?.consecutiveErrors == 0)
    }

    private static func tripsAtLimit(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        for _ in 0..<10 { try await store.signal(Sample.event()) }
        let claimed = try await store.take()
        let time = { (number: Int) in Sample.after(.seconds(5 * number)) }
        for (number, delivery) in claimed.prefix(8).enumerated() {
            #expect(try await store.settle(delivery, after: .serverError, at: time(number)))
        }
        #expect(try await store.state(of: webhook) == .active)
        #expect(try await store.settle(claimed[8], after: .serverError, at: time(8)))
        #expect(try await store.state(of: webhook) == .tooManyErrors)
        #expect(try await store.settle(claimed[9], after: .serverError, at: time(9)))
        #expect(try await store.usage(of: webhook.id)?.consecutiveErrors == 10)
        // The newest first: the last was in flight, the one before it tripped the webhook.
        #expect(try await store.list().map(\.attempts) == [1, 0] + Array(repeating: 1, count: 8))
        try await store.expectCounts(pending: 0, failed: 0, parked: 10)
    }

    private static func successBetweenFailures(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        for _ in 0..<17 { try await store.signal(Sample.event()) }
        for (number, delivery) in try await store.take().enumerated() {
            let time = Sample.after(.seconds(10 * number))
            #expect(try await store.settle(delivery, after: number == 8 ? .ok : .serverError, at: time))
        }
        #expect(try await store.state(of: webhook) == .active)
        #expect(try await store.usage(of: webhook.id)?.consecutiveErrors == 8)
        #expect(try await store.usage(of: webhook.id)?.totalErrors == 16)
    }

    private static func deleteFailsParked(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        let delivery = try await store.signalAndTake()
        try await store.signal(Sample.event())
        try await store.put(webhook, .stopped)
        #expect(try await store.delete(id: webhook.id, in: Sample.scope))
        try await store.expectCounts(pending: 0, failed: 2)
        #expect(try await Set(store.list().map(\.reason)) == ["The webhook was deleted."])
        #expect(try await store.settle(delivery, .delivered) == false)
        try await store.giveUpLeases(at: Sample.start)
        #expect(try await store.take(at: Sample.farFuture).isEmpty)
        try await store.expectCounts(pending: 0, failed: 2)
    }
}
