import Foundation
import GRDB
import StoreConformance
import StoreContracts
import Testing
import WebhookModel

@testable import SQLiteStorage

/// Swift decides what an event makes for few listeners, and a statement for many: both decide alike.
@Suite("Events that a SQLite store takes in")
struct SQLiteSignalTests {
    private static let states: [WebhookState] = [.active, .stopped, .tooManyErrors]

    /// What one event made for the webhooks with these ids.
    private static func made(_ store: SQLiteStore, _ ids: [Int32], event: UUID) async throws -> [String] {
        try await store.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT webhook_id, state, attempts, due, fence, owner, body_suffix, reason FROM delivery
                    JOIN event ON event.id = event_id WHERE guid = ? ORDER BY webhook_id
                    """,
                arguments: [event.uuidString]
            ).filter { ids.contains($0["webhook_id"]) }.map(\.description)
        }
    }

    @Test("Few and many listeners get the same of an event", arguments: MissedEvents.allCases)
    func fewAndMany(missed: MissedEvents) async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                var ids: [Int32] = []
                for state in Self.states {
                    for type in ["webhook", "crmscript"] {
                        var webhook = Sample.webhook("\(state) \(type)")
                        webhook.type = type
                        let added = try await store.add(webhook)
                        try await store.put(added, state)
                        ids.append(added.id)
                    }
                }
                let few = Sample.event()
                var event = few
                event.missed = missed
                let count = try await store.signal(event)
                #expect(count == (missed == .drop ? 2 : 4))
                let madeForFew = try await Self.made(store, ids, event: few.id)
                #expect(madeForFew.count == count)
                for number in 0..<80 {
                    let added = try await store.add(Sample.webhook("other \(number)"))
                    try await store.put(added, .stopped)
                }
                event.id = UUID()
                #expect(try await store.signal(event) == count)
                #expect(try await Self.made(store, ids, event: event.id) == madeForFew)
            }
        }
    }

    @Test("A webhook that begins or ceases to listen counts from the next event on")
    func changes() async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                #expect(try await store.signal(Sample.event()) == 0)
                var webhook = try await store.add(Sample.webhook())
                #expect(try await store.signal(Sample.event()) == 1)
                webhook.events = ["sale.created"]
                _ = try await store.replace(webhook)
                #expect(try await store.signal(Sample.event()) == 0)
                #expect(try await store.signal(Sample.event("sale.created")) == 1)
                try await store.put(webhook, .stopped)
                #expect(try await store.signal(Sample.event("sale.created")) == 0)
                try await store.put(webhook, .active)
                #expect(try await store.signal(Sample.event("SALE.Created")) == 1)
                try await store.delete(id: webhook.id, in: Sample.scope)
                #expect(try await store.signal(Sample.event("sale.created")) == 0)
                _ = try await store.add(Sample.webhook())
                #expect(try await store.signal(Sample.event()) == 1)
                try await store.reset()
                #expect(try await store.signal(Sample.event()) == 0)
            }
        }
    }

    @Test("A webhook that a transaction has changed and not committed is not remembered")
    func undone() async throws {
        struct Undo: Error {}
        try await withDatabase { path in
            try await opening(path) { store in
                let webhook = try await store.add(Sample.webhook())
                #expect(try await store.signal(Sample.event()) == 1)
                await #expect(throws: Undo.self) {
                    try await store.pool.write { database in
                        try database.execute(sql: "UPDATE webhook SET state = 2 WHERE id = ?", arguments: [webhook.id])
                        let listeners = try store.listeners.listeners(
                            tenant: Sample.scope.tenant,
                            key: "contact.created",
                            database
                        )
                        #expect(listeners?.map(\.state) != [.active])
                        throw Undo()
                    }
                }
                #expect(try await store.signal(Sample.event()) == 1)
                #expect(store.heldWebhook(id: webhook.id, in: Sample.scope).map { $0.webhook.state == .active } ?? true)
            }
        }
    }

    @Test("A listener whose row cannot be read keeps an event from no other one")
    func damagedListener() async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                _ = try await store.add(Sample.webhook("good"))
                let bad = try await store.add(Sample.webhook("bad"))
                try await store.pool.write { database in
                    try database.execute(sql: "UPDATE webhook SET headers = 'x' WHERE id = ?", arguments: [bad.id])
                }
                #expect(try await store.signal(Sample.event()) == 2)
                #expect(try await store.counts().pending == 2)
            }
        }
    }

    @Test("A name whose listeners have much to say is not remembered, and its events arrive")
    func largeListeners() async throws {
        try await withDatabase { path in
            try await opening(path) { store in
                var webhook = Sample.webhook()
                webhook.headers = StringDictionary([.init(key: "X-Own", value: String(repeating: "x", count: 10_000))])
                _ = try await store.add(webhook)
                #expect(try await store.signal(Sample.event()) == 1)
                let remembered = try await store.pool.write { database in
                    try store.listeners.listeners(
                        tenant: Sample.scope.tenant,
                        key: "contact.created",
                        database
                    )?.count
                }
                #expect(remembered == nil)
                #expect(try await store.take().count == 1)
            }
        }
    }
}
