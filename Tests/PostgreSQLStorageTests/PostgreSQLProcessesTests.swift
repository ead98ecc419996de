import Foundation
import PostgreSQLQueue
import PostgreSQLTestSupport
import StoreConformance
import StoreContracts
import Synchronization
import TestSupport
import Testing
import WebhookModel

@testable import PostgreSQLClient
@testable import PostgreSQLStorage

/// Several stores on one database are to it what several processes are.
@Suite("Several PostgreSQL stores on one database", .postgreSQL, .timeLimit(.minutes(10)))
struct PostgreSQLProcessesTests {
    private func withStores(_ count: Int, _ body: ([PostgreSQLStore]) async throws -> Void) async throws {
        try await withSchema { location in
            var stores: [PostgreSQLStore] = []
            for _ in 0..<count {
                stores.append(try await PostgreSQLStore(location, leaseClock: .caller, logger: .silent))
            }
            try await body(stores)
        }
    }

    /// Who holds which delivery until when, as claims tell it. `now` is the claimers' common clock.
    private struct Leases: Sendable {
        var held: [DeliveryID: (fence: Int64, end: Timestamp)] = [:]
        var delivered: [DeliveryID: Int] = [:]
        var violations: [String] = []

        mutating func claim(_ deliveries: [ClaimedDelivery], now: Timestamp, end: Timestamp) {
            for delivery in deliveries {
                if let other = held[delivery.id] {
                    if other.end > now { violations.append("\(delivery.id) was claimed while it was leased") }
                    if other.fence >= delivery.fence { violations.append("the fence of \(delivery.id) did not rise") }
                }
                held[delivery.id] = (delivery.fence, end)
            }
        }

        mutating func settle(_ delivery: ClaimedDelivery, counted: Bool, isDelivered: Bool) {
            guard counted else { return }
            if held[delivery.id]?.fence != delivery.fence {
                violations.append("a stale holder recorded \(delivery.id)")
            }
            if isDelivered { delivered[delivery.id, default: 0] += 1 }
            held[delivery.id]?.end = Timestamp(ticks: .min)
        }
    }

    /// What all claimers write on.
    private final class Board: Sendable {
        let leases = Mutex(Leases())
        /// What was claimed and is recorded later, or not at all.
        let late = Mutex<[ClaimedDelivery]>([])
    }

    @Test("Several PostgreSQL stores never hold the same delivery at one time", arguments: [UInt64(1), 2, 3])
    func leases(seed: UInt64) async throws {
        try await withStores(3) { stores in
            for name in ["one", "two", "three"] { _ = try await stores[0].add(Sample.webhook(name)) }
            for _ in 0..<60 { try await stores[1].signal(Sample.event()) }
            let board = Board()
            let lease = Duration.seconds(30)
            // Within a round the clock stands still; what is claimed in it may be recorded in it or a lease later.
            for round in 0..<40 {
                let now = Sample.after(.seconds(round * 10))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (number, store) in stores.enumerated() {
                        group.addTask {
                            var random = SeededGenerator(seed: seed &* 7919 &+ UInt64(round * 3 + number))
                            let limit = Int.random(in: 1...20, using: &random)
                            let claimed = try await store.take(limit, by: UUID(), at: now, lease: lease)
                            board.leases.withLock { $0.claim(claimed, now: now, end: now.advanced(by: lease)) }
                            let stale = board.late.withLock { late in
                                defer { late = [] }
                                return late
                            }
                            for delivery in claimed + stale {
                                let choice = Int.random(in: 0..<4, using: &random)
                                if choice == 0 {
                                    board.late.withLock { $0.append(delivery) }
                                    continue
                                }
                                let decision: Scripted =
                                    choice == 1 ? .retry(at: now.advanced(by: .seconds(5)), error: "no") : .delivered
                                // Nobody may claim between the record and the note of it.
                                let counted = try await store.settle(delivery, decision, at: now)
                                board.leases.withLock {
                                    $0.settle(delivery, counted: counted, isDelivered: decision == .delivered)
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            await stores[2].sweep()
            for _ in 0..<20 {
                for delivery in try await stores[2].take(at: Sample.farFuture, lease: .zero) {
                    let counted = try await stores[2].settle(delivery, .delivered)
                    board.leases.withLock { leases in
                        leases.held[delivery.id] = (delivery.fence, .distantPast)
                        leases.settle(delivery, counted: counted, isDelivered: true)
                    }
                }
            }
            let found = board.leases.withLock { $0 }
            #expect(found.violations == [])
            #expect(found.delivered.count == 180)
            #expect(found.delivered.values.allSatisfy { $0 == 1 })
            try await stores[0].expectCounts(pending: 0, failed: 0)
        }
    }

    @Test("A stale lease holder cannot record on any of them")
    func staleHolder() async throws {
        try await withStores(2) { stores in
            _ = try await stores[0].add(Sample.webhook())
            try await stores[0].signal(Sample.event())
            let stale = try #require(try await stores[0].take().first)
            // The other finds it by its sweep, for which it need not wait here.
            await stores[1].sweep()
            let held = try #require(try await stores[1].take(by: UUID(), at: Sample.after(Sample.lease)).first)
            #expect(held.id == stale.id)
            for decision in StoreSuite.lateDecisions {
                #expect(try await stores[0].settle(stale, decision) == false)
                #expect(try await stores[1].settle(stale, decision) == false)
            }
            #expect(try await stores[1].settle(held, .delivered))
        }
    }

    @Test("A webhook that is saved, stopped or deleted on one is so at once on the others")
    func subscribers() async throws {
        try await withStores(2) { stores in
            var webhook = try await stores[0].add(Sample.webhook())
            #expect(try await stores[1].signal(Sample.event()) == 1)
            webhook.state = .stopped
            _ = try await stores[0].replace(webhook)
            #expect(try await stores[1].signal(Sample.event()) == 0)
            try await stores[1].expectCounts(pending: 0, failed: 0, parked: 1)
            webhook.state = .active
            _ = try await stores[1].replace(webhook)
            #expect(try await stores[0].signal(Sample.event()) == 1)
            #expect(try await stores[1].delete(id: webhook.id, in: Sample.scope))
            #expect(try await stores[0].signal(Sample.event()) == 0)
        }
    }

    @Test("What one took in arrives at the others by a hint, and without one within a sweep")
    func arrivals() async throws {
        try await withStores(2) { stores in
            _ = try await stores[0].add(Sample.webhook())
            var arrivals = stores[1].arrivals.makeAsyncIterator()
            // Raised once it listens.
            _ = await arrivals.next()
            _ = try await stores[1].take()
            try await stores[0].signal(Sample.event())
            // What it heard of before may arrive once more.
            var claimed: [ClaimedDelivery] = []
            while claimed.isEmpty {
                _ = await arrivals.next()
                claimed = try await stores[1].take()
            }
            #expect(claimed.count == 1)
            // As if the hint were lost.
            try await stores[0].lanes.calls.run { connection in
                _ = try connection.run("UPDATE delivery SET due = due - 1000, owner = NULL")
            }
            await stores[1].sweep()
            #expect(try await stores[1].take(at: Sample.farFuture).count == 1)
        }
    }

    @Test("A pause that a success on one has ended is over on the others")
    func pauseEnds() async throws {
        try await withStores(2) { stores in
            _ = try await stores[0].add(Sample.webhook())
            for _ in 0..<3 { try await stores[0].signal(Sample.event()) }
            let claimed = try await stores[0].take(2)
            try #require(claimed.count == 2)
            let pause = Scripted.retry(at: Sample.start, error: "no", pauseUntil: Sample.after(.seconds(30)))
            #expect(try await stores[0].settle(claimed[0], pause))
            await stores[1].sweep()
            let now = Sample.after(.seconds(2))
            #expect(try await stores[1].take(at: now).isEmpty)
            #expect(try await stores[1].nextDue() == Sample.after(.seconds(30)))
            #expect(try await stores[0].settle(claimed[1], .delivered))
            try await eventually("The other process has heard that the pause is over, and claims") {
                try await !stores[1].take(at: now).isEmpty
            }
        }
    }

    @Test("What somebody else has locked is looked at again a little later, not at once")
    func locked() async throws {
        try await withSchema { location in
            let store = try await PostgreSQLStore(location, leaseClock: .caller, logger: .silent)
            _ = try await store.add(Sample.webhook())
            try await store.signal(Sample.event())
            let other = try PostgreSQLConnection(location)
            try other.execute("BEGIN; SELECT FROM delivery FOR UPDATE")
            #expect(try await store.take().isEmpty)
            let next = try #require(try await store.nextDue())
            #expect(next > Sample.start)
            #expect(try await store.take().isEmpty)
            try other.rollBack()
            #expect(try await store.take(at: next).count == 1)
        }
    }

    @Test("Results and saves of all of them at once lose nothing")
    func everythingAtOnce() async throws {
        try await withStores(3) { stores in
            var webhooks: [Webhook] = []
            for name in ["one", "two", "three", "four"] {
                webhooks.append(try await stores[0].add(Sample.webhook(name)))
            }
            let hooks = webhooks
            let signalled = try await withThrowingTaskGroup(of: Int.self) { group in
                for (number, store) in stores.enumerated() {
                    group.addTask {
                        var made = 0
                        for _ in 0..<60 { made += try await store.signal(Sample.event()) }
                        return made
                    }
                    group.addTask {
                        for round in 0..<10 {
                            var webhook = hooks[(number + round) % hooks.count]
                            webhook.state = round % 2 == 0 ? .stopped : .active
                            webhook.updated = Sample.start
                            _ = try await store.replace(webhook)
                        }
                        return 0
                    }
                    group.addTask {
                        for round in 0..<40 {
                            let claimed = try await store.take(20, by: UUID())
                            let pause = round % 5 == 0 ? Sample.start : nil
                            let results = claimed.enumerated().map { place, delivery in
                                let retry = Scripted.retry(at: Sample.start, error: "no", pauseUntil: pause)
                                return DeliveryResult(delivery, place % 3 == 0 ? retry : .delivered)
                            }
                            _ = try await store.record(results)
                        }
                        return 0
                    }
                }
                return try await group.reduce(0, +)
            }
            for webhook in hooks { try await stores[0].put(webhook, .active) }
            try await stores[0].release([], owner: UUID(), now: Sample.start)
            var rest = 1
            while rest > 0 {
                await stores[1].sweep()
                let claimed = try await stores[1].take(at: Sample.farFuture)
                rest = claimed.count
                let counted = try await stores[1].settle(claimed.map { DeliveryResult($0, .delivered) })
                #expect(counted.allSatisfy { $0 })
            }
            try await stores[2].expectCounts(pending: 0, failed: 0)
            #expect(try await stores[2].list(DeliveryFilter(state: .delivered), limit: 10_000).count == signalled)
        }
    }
}
