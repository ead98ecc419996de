import Foundation
import PostgreSQLTestSupport
import StoreConformance
import StoreContracts
import TestSupport
import Testing
import WebhookModel

@testable import PostgreSQLStorage

/// Processes of which one has a clock that is wrong.
@Suite("Leases of PostgreSQL stores whose clocks differ", .postgreSQL, .timeLimit(.minutes(10)))
struct PostgreSQLLeaseTests {
    private static let lead = Duration.seconds(300)

    /// What the right clock shows, or one that is ahead or behind.
    private func now(ahead lead: Duration = .zero) -> Timestamp { Timestamp(Date()).advanced(by: lead) }

    private func withStores(_ body: (PostgreSQLStore, PostgreSQLStore) async throws -> Void) async throws {
        try await withSchema { location in
            let stores = (
                try await PostgreSQLStore(location, logger: .silent),
                try await PostgreSQLStore(location, logger: .silent)
            )
            _ = try await stores.0.add(Sample.webhook())
            try await stores.0.signal(Sample.event(time: now(ahead: .zero - Self.lead * 2)))
            try await body(stores.0, stores.1)
        }
    }

    @Test("A process whose clock is behind is not robbed of what it holds")
    func behind() async throws {
        try await withStores { wrong, right in
            let lease = Duration.seconds(120)
            let clock = { now(ahead: .zero - Self.lead) }
            let held = try #require(try await wrong.take(at: clock(), lease: lease).first)
            await right.sweep()
            #expect(try await right.take(by: UUID(), at: now(), lease: lease).isEmpty)
            #expect(try await wrong.take(at: clock(), lease: lease).isEmpty)
            let next = try #require(try await wrong.nextDue())
            #expect(next <= clock().advanced(by: lease), "a lease's end is told by the caller's clock")
            #expect(next > clock())
            #expect(try await wrong.settle(held, .delivered))
        }
    }

    @Test("A process whose clock is ahead does not rob others of what they hold")
    func robber() async throws {
        try await withStores { wrong, right in
            await right.sweep()
            let held = try #require(try await right.take(at: now(), lease: .seconds(120)).first)
            await wrong.sweep()
            #expect(try await wrong.take(by: UUID(), at: now(ahead: Self.lead), lease: .seconds(120)).isEmpty)
            #expect(try await right.settle(held, .delivered))
        }
    }

    @Test("What a process holds whose clock is ahead is free when its lease has ended")
    func ahead() async throws {
        try await withStores { wrong, right in
            let held = try #require(
                try await wrong.take(at: now(ahead: Self.lead), lease: .milliseconds(50)).first
            )
            await right.sweep()
            var again: [ClaimedDelivery] = []
            // By the other clock the lease would end after five minutes, which is longer than this waits.
            try await eventually("The lease has ended") {
                again = try await right.take(by: UUID(), at: now(), lease: .seconds(120))
                return !again.isEmpty
            }
            #expect(again.map(\.id) == [held.id])
            #expect(try await wrong.settle(held, .delivered) == false)
        }
    }

    @Test("A process whose clock is ahead finds what it may take behind what it holds")
    func behindLeases() async throws {
        try await withStores { wrong, _ in
            #expect(try await wrong.take(at: now(ahead: Self.lead), lease: .seconds(120)).count == 1)
            let time = now(ahead: Self.lead)
            try await wrong.signal(Sample.event(time: time))
            #expect(try await wrong.take(at: time, lease: .seconds(120)).count == 1)
        }
    }

    @Test("Leases are not brought back as what a clock put off that was ahead")
    func recall() async throws {
        try await withStores { wrong, right in
            let clock = now(ahead: .zero - Self.lead * 24)
            _ = try await wrong.take(at: now(), lease: .seconds(120))
            // By a clock that is two hours behind all leases end much too late.
            let limits = RecallLimits(
                latest: clock.advanced(by: .seconds(600)),
                now: clock,
                leaseEnd: clock.advanced(by: .seconds(120)),
                rowsPerStep: 100
            )
            #expect(try await right.recall(limits) == Recalled())
        }
    }
}
