import Foundation
import PostgreSQLQueue
import PostgreSQLTestSupport
import StoreConformance
import StoreContracts
import Stores
import TestSupport
import Testing
import WebhookModel

@testable import PostgreSQLClient
@testable import PostgreSQLInstallation
@testable import PostgreSQLQueue
@testable import PostgreSQLStorage
@testable import SQLiteStorage

@Suite("Copying a store", .postgreSQL, .timeLimit(.minutes(5)))
struct StoreCopyTests {
    private func fill(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.full)
        let webhook = try await store.add(Sample.webhook())
        _ = try await store.add(Sample.webhook("script", type: "crmscript"))
        let gone = try await store.add(Sample.webhook("gone"))
        _ = try await store.add(Sample.webhook("failing", state: .tooManyErrors))
        for _ in 0..<250 { try await store.signal(Sample.event(missed: .park)) }
        let claimed = try await store.take(50)
        let decisions: [Scripted] = [
            .delivered, .failed(error: "no"), .retry(at: Sample.farFuture, error: "no"),
        ]
        for (number, delivery) in claimed.enumerated() where number < 40 {
            #expect(try await store.settle(delivery, decisions[number % 3]))
        }
        #expect(try await store.delete(id: gone.id, in: Sample.scope))
        #expect(webhook.id > 0)
        let key = SessionKey(digest: [UInt8](0..<32))
        let session = Session(key: key, tenant: "T", userName: "Renée", created: Sample.start, used: Sample.start)
        try await store.insert(session, limit: 5)
    }

    private func expectSame(_ left: any AgentStore, _ right: any AgentStore) async throws {
        for store in [left, right] {
            try await (store as? PostgreSQLStore)?.settling.search()
            await store.settled()
        }
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
                _ = try await StoreCopy.run(from: .sqlite(path: path), to: there, overwriting: false, logger: .silent)
                do {
                    try await expectSame(
                        try await sqlite(path),
                        try await PostgreSQLStore(location, logger: .silent)
                    )
                }
                let again = await #expect(throws: StoreError.self) {
                    try await whenFree(location) {
                        try await StoreCopy.run(
                            from: .sqlite(path: path),
                            to: there,
                            overwriting: false,
                            logger: .silent
                        )
                    }
                }
                #expect(again?.description.contains("not empty") == true)
                _ = try await StoreCopy.run(from: .sqlite(path: path), to: there, overwriting: true, logger: .silent)
                _ = try await StoreCopy.run(
                    from: there,
                    to: .sqlite(path: path + "-back"),
                    overwriting: false,
                    logger: .silent
                )
                let store = try await PostgreSQLStore(location, logger: .silent)
                let back = try await sqlite(path + "-back")
                try await expectSame(store, back)
                for store in [store, back] as [any AgentStore] {
                    let added = try await store.add(Sample.webhook("later"))
                    #expect(added.id == 6)
                    #expect(try await store.signal(Sample.event()) == 4)
                }
            }
        }
    }

    /// Opens the store of a file that nothing else uses any more.
    private func sqlite(_ path: String) async throws -> SQLiteStore {
        try await whenUnlocked { try SQLiteStore(path: path) }
    }

    /// Calls `body` when the connections of stores that were given up are closed.
    private func whenFree<Value>(_ location: PostgreSQLLocation, _ body: () async throws -> Value) async throws -> Value
    {
        let lane = PostgreSQLLane(location, name: "test", planning: .custom)
        let others = """
            SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = \(PostgreSQLLock.serving)
                AND objid = 'webhook'::regclass::oid
            """
        try await eventually("No store serves the database", every: .milliseconds(20)) {
            try await lane.run { try $0.run(others).isEmpty }
        }
        return try await body()
    }

    @Test("A store that a process serves is neither copied nor overwritten, whichever kind it is")
    func served() async throws {
        try await withDatabase { path in
            try await withSchema { location in
                let (file, server) = (StoreLocation.sqlite(path: path), StoreLocation.postgreSQL(location))
                do {
                    let store = try await PostgreSQLStore(location, logger: .silent)
                    _ = try await store.add(Sample.webhook("kept"))
                    for (source, target) in [(file, server), (server, .sqlite(path: path + "-other"))] {
                        let error = await #expect(throws: StoreError.self) {
                            if source == file { _ = try SQLiteStore(path: path) }
                            return try await StoreCopy.run(from: source, to: target, overwriting: true, logger: .silent)
                        }
                        #expect(error?.kind == "inUse")
                    }
                    #expect(try await store.names() == ["kept"])
                }
                try await whenFree(location) {}
                do {
                    let store = try SQLiteStore(path: path)
                    for (source, target) in [(file, server), (server, file)] {
                        let error = await #expect(throws: StoreError.self) {
                            try await StoreCopy.run(from: source, to: target, overwriting: true, logger: .silent)
                        }
                        #expect(error?.kind == "inUse")
                    }
                    #expect(try await store.names() == [])
                }
                _ = try await StoreCopy.run(from: server, to: file, overwriting: true, logger: .silent)
                #expect(try await sqlite(path).names() == ["kept"])
            }
        }
    }

    @Test("What is not there is not copied")
    func absent() async throws {
        try await withSchema { location in
            await #expect(throws: StoreError.self) {
                try await StoreCopy.run(
                    from: .sqlite(path: "/absent"),
                    to: .postgreSQL(location),
                    overwriting: true,
                    logger: .silent
                )
            }
        }
    }

    @Test("A copy of a SQLite file whose deliveries had still to follow ends as if they had")
    func copied() async throws {
        try await withDatabase { path in
            var webhooks: [Webhook] = []
            do {
                let store = try SQLiteStore(path: path)
                for name in ["stopped", "active"] { webhooks.append(try await store.add(Sample.webhook(name))) }
                _ = try await store.signal(Sample.event())
            }
            try await withSchema { location in
                _ = try await StoreCopy.run(
                    from: .sqlite(path: path),
                    to: .postgreSQL(location),
                    overwriting: false,
                    logger: .silent
                )
                let lane = PostgreSQLLane(location, name: "test", planning: .custom)
                // As the copy of a file stands there that was left amid the steps.
                let stopped = webhooks[0].id
                try await lane.run { try $0.execute("UPDATE webhook SET state = 2 WHERE id = \(stopped)") }
                let store = try await PostgreSQLStore(location, leaseClock: .caller, logger: .silent)
                try await store.expectSoon(parked: 1)
                await store.sweep()
                #expect(try await store.take().map(\.id.webhook) == [webhooks[1].id])
            }
        }
    }
}
