import Foundation
import StoreContracts
import Testing
import WebhookModel

extension StoreSuite {
    static let webhooks = [
        StoreCase("An empty store holds nothing", run: emptyStore),
        StoreCase("A stored webhook keeps every field", run: keepsEveryField),
        StoreCase("An update replaces every field", run: updateReplaces),
        StoreCase("An update keeps who registered the webhook and when", run: updateKeepsRegistration),
        StoreCase("An update keeps what its sender's contract lacks", run: updateKeepsUnknownMembers),
        StoreCase("An update with state Unknown keeps the state", run: unknownKeepsState),
        StoreCase("An update to Active keeps the last error", run: activeKeepsLastError),
        StoreCase("An update of an absent webhook stores nothing", run: updateOfAbsent),
        StoreCase("An update of one version replaces no other", run: versions),
        StoreCase("Of many updates of one version at once one is stored", run: versionsAtOnce),
        StoreCase("A webhook's id is the store's to give", run: idsAreGiven),
        StoreCase("Ids are never used again", run: idsAreNotReused),
        StoreCase("A deleted webhook is absent", run: deleted),
        StoreCase("A healthy store says so", run: healthy),
    ]

    private static func emptyStore(_ store: any AgentStore) async throws {
        #expect(try await store.webhook(id: 1, in: Sample.scope) == nil)
        #expect(try await store.names().isEmpty)
        #expect(try await store.lastError(id: 1, in: Sample.scope) == nil)
        #expect(try await store.delete(id: 1, in: Sample.scope) == false)
        #expect(try await store.nextDue() == nil)
        #expect(try await store.take(at: Sample.farFuture).isEmpty)
        #expect(try await store.record([]).isEmpty)
        try await store.expectCounts(pending: 0, failed: 0)
        #expect(try await store.counts() == DeliveryCounts())
        #expect(try await store.list().isEmpty)
        #expect(try await store.delivery(DeliveryID(event: 1, webhook: 1)) == nil)
        #expect(try await store.usage(of: 1) == nil)
        #expect(try await store.allWebhooks().isEmpty)
        #expect(try await store.prune(attemptsBefore: Sample.farFuture, failedBefore: Sample.farFuture) == false)
    }

    private static func keepsEveryField(_ store: any AgentStore) async throws {
        for webhook in [Sample.full, Sample.null, Sample.empty] {
            let stored = try await store.add(webhook)
            var expected = webhook
            expected.id = stored.id
            #expect(stored == expected)
            #expect(try await store.webhook(id: stored.id, in: Sample.scope) == expected)
            #expect(try await store.webhooks(in: Sample.scope, matching: WebhookFilter()).last == expected)
        }
    }

    private static func versions(_ store: any AgentStore) async throws {
        var webhook = try await store.add(Sample.webhook("first"))
        let version = webhook.updated
        webhook.name = "second"
        webhook.updated = version.advanced(by: .seconds(1))
        #expect(try await store.replace(webhook, version: version) == .stored(webhook))
        var late = webhook
        late.name = "late"
        #expect(try await store.replace(late, version: version) == .changed)
        #expect(try await store.replace(late, version: webhook.updated.advanced(by: .nanoseconds(100))) == .changed)
        #expect(try await store.webhook(id: webhook.id, in: Sample.scope) == webhook)
        #expect(try await store.replace(late, version: version, in: WebhookScope(tenant: "Other")) == .absent)
        #expect(try await store.replace(late, version: nil) == .stored(late))
    }

    private static func versionsAtOnce(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook("first"))
        let updates = try await withThrowingTaskGroup(of: WebhookUpdate.self) { group in
            for number in 1...20 {
                var own = webhook
                own.name = "number \(number)"
                own.updated = webhook.updated.advanced(by: .seconds(number))
                let sent = own
                group.addTask { try await store.replace(sent, version: webhook.updated) }
            }
            return try await group.reduce(into: [WebhookUpdate]()) { $0.append($1) }
        }
        let stored = updates.filter { $0 != .changed }
        #expect(stored.count == 1)
        let found = try await store.webhook(id: webhook.id, in: Sample.scope)
        #expect(found.map { .stored($0) } == stored.first)
    }

    private static func updateReplaces(_ store: any AgentStore) async throws {
        let id = try await store.add(Sample.full).id
        for replacement in [Sample.null, Sample.full, Sample.empty, Sample.full] {
            var expected = replacement
            expected.id = id
            expected.registered = Sample.full.registered
            expected.registeredBy = Sample.full.registeredBy
            #expect(try await store.replace(expected) == expected)
            #expect(try await store.webhook(id: id, in: Sample.scope) == expected)
        }
        #expect(try await store.names().count == 1)
    }

    private static func updateKeepsRegistration(_ store: any AgentStore) async throws {
        var webhook = Sample.webhook()
        webhook.registered = Sample.start
        webhook.registeredBy = Sample.associate(1, "first")
        var stored = try await store.add(webhook)
        stored.registered = Sample.farFuture
        stored.registeredBy = nil
        stored.updated = Sample.after(.seconds(5))
        stored.updatedBy = Sample.associate(2, "second")
        let updated = try #require(try await store.replace(stored))
        #expect(updated.registered == Sample.start)
        #expect(updated.registeredBy == Sample.associate(1, "first"))
        #expect(updated.updated == Sample.after(.seconds(5)))
        #expect(updated.updatedBy == Sample.associate(2, "second"))
        #expect(try await store.webhook(id: stored.id, in: Sample.scope) == updated)
    }

    private static func updateKeepsUnknownMembers(_ store: any AgentStore) async throws {
        let stored = try await store.add(Sample.full)
        for known in [KnownMembers.of87, .of88, .all] {
            var update = Sample.webhook("new")
            update.id = stored.id
            update.known = known
            update.extras.errorsEmail = "new"
            var expected = known == .all ? WebhookExtras() : stored.extras
            if known >= .of88 { expected.errorsEmail = "new" }
            let updated = try #require(try await store.replace(update))
            #expect(updated.name == "new")
            #expect(updated.extras == expected)
            #expect(try await store.webhook(id: stored.id, in: Sample.scope) == updated)
        }
    }

    private static func unknownKeepsState(_ store: any AgentStore) async throws {
        for state in [WebhookState.active, .stopped, .tooManyErrors] {
            var webhook = try await store.add(Sample.webhook(state: state))
            webhook.state = .unknown
            #expect(try await store.replace(webhook)?.state == state)
            #expect(try await store.webhook(id: webhook.id, in: Sample.scope)?.state == state)
        }
    }

    private static func activeKeepsLastError(_ store: any AgentStore) async throws {
        var webhook = try await store.add(Sample.webhook())
        let delivery = try await store.signalAndTake()
        #expect(try await store.settle(delivery, .failed(error: "HTTP/1.1 500 no")))
        webhook.state = .tooManyErrors
        _ = try await store.replace(webhook)
        webhook.state = .active
        #expect(try await store.replace(webhook)?.state == .active)
        #expect(try await store.lastError(id: webhook.id, in: Sample.scope) == "HTTP/1.1 500 no")
    }

    private static func updateOfAbsent(_ store: any AgentStore) async throws {
        var webhook = try await store.add(Sample.webhook("kept"))
        webhook.id += 1
        webhook.name = "absent"
        #expect(try await store.replace(webhook) == nil)
        #expect(try await store.names() == ["kept"])
    }

    private static func idsAreGiven(_ store: any AgentStore) async throws {
        var webhook = Sample.webhook()
        webhook.id = 4711
        let first = try await store.add(webhook)
        let second = try await store.add(webhook)
        #expect(first.id > 0)
        #expect(second.id > first.id)
        #expect(try await store.webhook(id: 4711, in: Sample.scope) == nil)
    }

    private static func idsAreNotReused(_ store: any AgentStore) async throws {
        var last: Int32 = 0
        for _ in 0..<3 {
            let id = try await store.add(Sample.webhook()).id
            #expect(id > last)
            #expect(try await store.delete(id: id, in: Sample.scope))
            last = id
        }
    }

    private static func deleted(_ store: any AgentStore) async throws {
        let kept = try await store.add(Sample.webhook("kept"))
        let gone = try await store.add(Sample.webhook("gone"))
        #expect(try await store.delete(id: gone.id, in: Sample.scope))
        #expect(try await store.webhook(id: gone.id, in: Sample.scope) == nil)
        #expect(try await store.names() == ["kept"])
        #expect(try await store.replace(gone) == nil)
        #expect(try await store.delete(id: gone.id, in: Sample.scope) == false)
        #expect(try await store.webhook(id: kept.id, in: Sample.scope) == kept)
        #expect(try await store.signal(Sample.event()) == 1)
    }

    private static func healthy(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        try await store.checkHealth()
        #expect(try await store.webhook(id: webhook.id, in: Sample.scope) == webhook)
    }
}
