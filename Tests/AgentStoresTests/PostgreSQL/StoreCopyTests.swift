import AgentCore
import Foundation
import Testing

@testable import AgentStores

@Suite("Copying a store", .postgreSQL, .timeLimit(.minutes(5)))
struct StoreCopyTests {
    private func fill(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.full)
        let webhook = try await store.add(Sample.webhook())
        _ = try await store.add(Sample.webhook("script", type: "crmscript"))
        let gone = try await store.add(Sample.webhook("gone"))
        for _ in 0..<250 { try await store.signal(Sample.event()) }
        let claimed = try await store.take(50)
        let decisions: [DeliveryDecision] = [
            .delivered, .failed(error: "no"), .parked(attempts: 2, error: "no"),
            .retry(at: Sample.farFuture, error: "no"),
        ]
        for (number, delivery) in claimed.enumerated() where number < 40 {
            #expect(try await store.settle(delivery, decisions[number % 4]))
        }
        #expect(try await store.delete(id: gone.id, in: Sample.scope))
        #expect(webhook.id > 0)
        let key = SessionKey(digest: [UInt8](0..<32))
        let session = Session(key: key, tenant: "T", userName: "Renée", created: Sample.start, used: Sample.start)
        try await store.insert(session, limit: 5)
    }

    private func expectSame(_ left: any AgentStore, _ right: any AgentStore) async throws {
        let webhooks = try await left.allWebhooks()
        #expect(try await right.allWebhooks().map(\.webhook) == webhooks.map(\.webhook))
        for (_, webhook) in webhooks {
            #expect(try await right.usage(of: webhook.id) == left.usage(of: webhook.id))
        }
        #expect(
            try await right.sessions(matching: SessionFilter(), limit: 10)
                == left.sessions(matching: SessionFilter(), limit: 10)
        )
        let records = try await left.list(limit: 10_000)
        #expect(records.count > 700)
        let copied = try await right.list(limit: 10_000)
        #expect(copied.count == records.count)
        for (record, copy) in zip(records, copied) {
            // A lease is not copied.
            var expected = record
            if record.due == Sample.after(Sample.lease) { expected.due = record.signalled }
            #expect(copy == expected)
        }
        for id in records.prefix(300).map(\.id) {
            let (before, after) = (try await left.delivery(id), try await right.delivery(id))
            #expect(after?.body == before?.body)
            #expect(after?.attempts == before?.attempts)
        }
    }

    @Test("From SQLite to PostgreSQL and back everything is the same, and ids go on")
    func thereAndBack() async throws {
        try await withDatabase { path in
            do {
                let store = try SQLiteStore(path: path)
                try await fill(store)
            }
            try await withSchema { location in
                let there = StoreLocation.postgreSQL(location)
                _ = try await StoreCopy.run(from: .sqlite(path: path), to: there, overwriting: false)
                let store = try await PostgreSQLStore(location, logger: .silent)
                do { try await expectSame(try SQLiteStore(path: path), store) }
                let again = await #expect(throws: StoreError.self) {
                    try await StoreCopy.run(from: .sqlite(path: path), to: there, overwriting: false)
                }
                #expect(again?.description.contains("not empty") == true)
                _ = try await StoreCopy.run(from: .sqlite(path: path), to: there, overwriting: true)
                _ = try await StoreCopy.run(from: there, to: .sqlite(path: path + "-back"), overwriting: false)
                let back = try SQLiteStore(path: path + "-back")
                try await expectSame(store, back)
                for store in [store, back] as [any AgentStore] {
                    let added = try await store.add(Sample.webhook("later"))
                    #expect(added.id == 5)
                    #expect(try await store.signal(Sample.event()) == 3)
                }
            }
        }
    }

    @Test("What is not there is not copied")
    func absent() async throws {
        try await withSchema { location in
            await #expect(throws: StoreError.self) {
                try await StoreCopy.run(from: .sqlite(path: "/absent"), to: .postgreSQL(location), overwriting: true)
            }
        }
    }
}
