import Foundation
import GRDB
import StoreConformance
import StoreContracts
import Synchronization
import Testing
import WebhookModel

@testable import SQLiteStorage

/// What is handed over when it is committed, and what is left to be claimed.
@Suite("Deliveries that a SQLite store hands over")
struct SQLiteHandOverTests {
    /// Has room for so many deliveries.
    private final class Receiver: DeliveryReceiver {
        static let owner = UUID()
        let room: Mutex<Int>
        let taken = Mutex<[ClaimedDelivery]>([])
        let givenBack = Mutex<[String]>([])

        init(room: Int) { self.room = Mutex(room) }

        func reserve(target: String) -> Lease? {
            room.withLock { room in
                guard room > 0 else { return nil }
                room -= 1
                return Lease(owner: Self.owner, start: Sample.start, duration: .seconds(30))
            }
        }

        func take(_ deliveries: [ClaimedDelivery]) { taken.withLock { $0 += deliveries } }
        func giveBack(_ targets: [String]) { givenBack.withLock { $0 += targets } }
    }

    private static func with(room: Int, _ body: (SQLiteStore, Receiver) async throws -> Void) async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                let receiver = Receiver(room: room)
                store.handOver(to: receiver)
                try await body(store, receiver)
            }
        }
    }

    @Test("A delivery that is handed over is what a claim would have brought, and its result counts")
    func handedOver() async throws {
        try await Self.with(room: 1) { store, receiver in
            var webhook = Sample.webhook()
            webhook.headers = StringDictionary([.init(key: "X-Own", value: "1")])
            webhook.secret = "s"
            _ = try await store.add(webhook)
            try await store.signal(Sample.event())
            let handed = try #require(receiver.taken.withLock { $0.first })
            #expect(try await store.take().isEmpty, "it is leased")
            // The same one, claimed after its lease has ended.
            var claimed = try #require(try await store.take(at: Sample.after(.seconds(30))).first)
            #expect(claimed.fence == handed.fence + 1)
            claimed.fence = handed.fence
            #expect(claimed == handed)
            #expect(try await store.settle(handed, .delivered) == false, "somebody else has claimed it since")
        }
        try await Self.with(room: 1) { store, receiver in
            let webhook = try await store.add(Sample.webhook())
            try await store.signal(Sample.event())
            let handed = try #require(receiver.taken.withLock { $0.first })
            #expect(try await store.settle(handed, .delivered))
            try await store.expectCounts(pending: 0, failed: 0)
            #expect(try await store.usage(of: webhook.id)?.totalCalls == 1)
        }
    }

    @Test("What finds no room is due, and each delivery of an event is one or the other")
    func noRoom() async throws {
        try await Self.with(room: 2) { store, receiver in
            for number in 0..<3 { _ = try await store.add(Sample.webhook("\(number)")) }
            #expect(try await store.signal(Sample.event()) == 3)
            let handed = Set(receiver.taken.withLock { $0.map(\.id) })
            let claimed = Set(try await store.take().map(\.id))
            #expect(handed.count == 2)
            #expect(claimed.count == 1)
            #expect(handed.isDisjoint(with: claimed))
        }
    }

    @Test("A webhook that failed last, or is paused, is left to be claimed")
    func failing() async throws {
        try await Self.with(room: 100) { store, receiver in
            _ = try await store.add(Sample.webhook())
            try await store.signal(Sample.event())
            let first = try #require(receiver.taken.withLock { $0.popLast() })
            let later = Sample.after(.seconds(5))
            #expect(try await store.settle(first, .retry(at: later, error: "no", pauseUntil: later)))
            try await store.signal(Sample.event())
            #expect(receiver.taken.withLock { $0.isEmpty })
            for delivery in try await store.take(at: later) {
                #expect(try await store.settle(delivery, .delivered, at: later))
            }
            try await store.signal(Sample.event())
            #expect(receiver.taken.withLock { $0.count } == 1)
        }
    }

    @Test("Nothing is handed over of what is not to be sent, and nothing after the receiver has gone")
    func others() async throws {
        try await Self.with(room: 100) { store, receiver in
            var script = Sample.webhook("script")
            script.type = "crmscript"
            _ = try await store.add(script)
            let stopped = try await store.add(Sample.webhook("stopped"))
            try await store.put(stopped, .stopped)
            try await store.signal(Sample.event())
            #expect(receiver.taken.withLock { $0.isEmpty })
            try await store.put(stopped, .active)
            store.handOver(to: nil)
            try await store.signal(Sample.event())
            #expect(receiver.taken.withLock { $0.isEmpty })
            #expect(try await store.take().count == 1)
        }
    }

    @Test("What an undone transaction has reserved is given back")
    func undone() async throws {
        let receiver = Receiver(room: 2)
        let handOver = HandOver(to: receiver)
        #expect(handOver.reserve(target: "a") != nil)
        #expect(handOver.reserve(target: "b") != nil)
        #expect(handOver.reserve(target: "c") == nil)
        handOver.undo()
        #expect(receiver.givenBack.withLock { $0 } == ["a", "b"])
        handOver.undo()
        #expect(receiver.givenBack.withLock { $0.count } == 2)
        try await Self.with(room: 1) { store, receiver in
            _ = try await store.add(Sample.webhook())
            try await store.pool.write { try $0.execute(sql: "DROP TABLE event") }
            await #expect(throws: StoreError.self) { try await store.signal(Sample.event()) }
            #expect(receiver.taken.withLock { $0.isEmpty })
            #expect(receiver.room.withLock { $0 } == 1, "nothing was reserved before the event was written")
        }
    }
}
