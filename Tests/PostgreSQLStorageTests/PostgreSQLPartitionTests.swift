import Foundation
import PostgreSQLClient
import PostgreSQLTestSupport
import StoreConformance
import StoreContracts
import StoreSupport
import Testing
import WebhookModel

@testable import PostgreSQLInstallation
@testable import PostgreSQLStorage

@Suite("Partitions of attempts", .postgreSQL, .timeLimit(.minutes(5)))
struct PostgreSQLPartitionTests {
    private let now = Timestamp(Date())

    /// The tables that hold attempts, with how many.
    private func attempts(_ store: PostgreSQLStore) async throws -> [String: Int64] {
        try await store.lanes.calls.run { connection in
            let rows = try connection.run("SELECT tableoid::regclass::text, count(*) FROM attempt GROUP BY 1")
            return Dictionary(uniqueKeysWithValues: try rows.map { (try $0.text(0), try $0.int(1)) })
        }
    }

    private func days(_ store: PostgreSQLStore) async throws -> [String] {
        try await store.lanes.calls.run { try PostgreSQLPartitions.all($0).map(\.name) }
    }

    private func deliver(at time: Timestamp, on store: PostgreSQLStore) async throws {
        try await store.signal(Sample.event(time: time))
        for delivery in try await store.take(at: time) {
            #expect(try await store.settle(delivery, .delivered, at: time))
        }
    }

    @Test("Today and the next three days have theirs, and what has none goes into the default")
    func ahead() async throws {
        try await withStore { store in
            _ = try await store.add(Sample.webhook())
            let days = try await days(store)
            #expect(days.count == 4)
            try await deliver(at: now, on: store)
            try await deliver(at: Sample.start, on: store)
            #expect(try await attempts(store) == [days[0]: 1, "attempt_default": 1])
        }
    }

    @Test("A day that is over is dropped with its events, and one that is not stays whole")
    func dropped() async throws {
        try await withStore { store in
            _ = try await store.add(Sample.webhook())
            for _ in 0..<3 { try await deliver(at: now, on: store) }
            let today = try #require(try await days(store).first)
            try await store.prune(attemptsBefore: now.advanced(by: .seconds(1)))
            #expect(try await attempts(store) == [today: 3], "less than a day is kept")
            let dayEnd = Timestamp(ticks: (now.ticks / PostgreSQLPartitions.day + 1) * PostgreSQLPartitions.day)
            try await store.prune(attemptsBefore: dayEnd.advanced(by: .nanoseconds(-100)))
            #expect(try await attempts(store) == [today: 3])
            while try await store.prune(attemptsBefore: dayEnd, rows: 2) {}
            #expect(try await attempts(store) == [:])
            #expect(try await store.list().isEmpty)
            let events = try await store.lanes.calls.run { try $0.run("SELECT count(*) FROM event")[0].int(0) }
            #expect(events == 0)
        }
    }

    @Test("A day that lies beyond the number of attempts is dropped, of the last one what is too many is removed")
    func counted() async throws {
        try await withStore { store in
            _ = try await store.add(Sample.webhook())
            for _ in 0..<3 { try await deliver(at: now, on: store) }
            let tomorrow = now.advanced(by: .seconds(86_400))
            for _ in 0..<3 { try await deliver(at: tomorrow, on: store) }
            let days = try await days(store)
            try await store.prune(attempts: 4)
            #expect(try await attempts(store) == [days[0]: 1, days[1]: 3])
            try await store.prune(attempts: 3)
            #expect(try await self.days(store).contains(days[1]))
            #expect(try await attempts(store) == [days[1]: 3])
        }
    }
}
