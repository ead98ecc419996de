import Foundation
import StoreContracts
import Testing
import WebhookModel

extension StoreSuite {
    static let scopes = [
        StoreCase("A webhook of another tenant is absent", run: otherTenant),
        StoreCase("A webhook of another application is absent", run: otherApplication),
        StoreCase("A tenant's own scope holds the webhooks of every application", run: everyApplication),
        StoreCase("An update from the tenant's scope leaves a webhook with its application", run: keepsApplication),
        StoreCase("A last error is only for the webhook's scope", run: lastErrorIsScoped),
        StoreCase("Scopes and names that only look the same are others", run: lookalikes),
    ]

    static let filters = [
        StoreCase("Webhooks are listed in pages that follow an id", run: pages),
        StoreCase("No filter lists all webhooks by id", run: noFilter),
        StoreCase("A name is matched whole", run: nameFilter),
        StoreCase("A name with characters of SQL matches only itself", run: nameOfSpecialCharacters),
        StoreCase("An event is matched whole and without regard to case", run: eventFilter),
        StoreCase("A state is matched", run: stateFilter),
        StoreCase("Filters restrict together", run: combinedFilters),
        StoreCase("A filter sees a webhook as it was last saved", run: filtersAfterUpdate),
    ]

    /// Nothing of `webhook` can be seen, changed or deleted from `scope`, and what has its id there stays as it is.
    private static func expectAbsent(_ webhook: Webhook, in scope: WebhookScope, of store: any AgentStore) async throws
    {
        #expect(try await store.webhook(id: webhook.id, in: scope) == nil)
        #expect(try await store.names(in: scope).contains(webhook.name) == false)
        #expect(
            try await store.names(WebhookFilter(event: "contact.created"), in: scope).contains(webhook.name) == false
        )
        var changed = webhook
        changed.name = "changed from \(scope)"
        #expect(try await store.replace(changed, in: scope) == nil)
        #expect(try await store.delete(id: webhook.id, in: scope) == false)
        #expect(try await store.lastError(id: webhook.id, in: scope) == nil)
    }

    private static func otherTenant(_ store: any AgentStore) async throws {
        let own = WebhookScope(tenant: "Cust1")
        let webhook = try await store.add(Sample.webhook("one"), in: own)
        _ = try await store.add(Sample.webhook("two"), in: WebhookScope(tenant: "Cust2"))
        for tenant in ["Cust2", "cust1", "Cust", "", "Cust1 "] {
            try await expectAbsent(webhook, in: WebhookScope(tenant: tenant), of: store)
        }
        #expect(try await store.webhook(id: webhook.id, in: own) == webhook)
        #expect(try await store.names(in: own) == ["one"])
    }

    private static func otherApplication(_ store: any AgentStore) async throws {
        let own = WebhookScope(tenant: "Cust1", application: "A")
        let ofA = try await store.add(Sample.webhook("of A"), in: own)
        let ofNone = try await store.add(Sample.webhook("of none"), in: WebhookScope(tenant: "Cust1"))
        for scope in [WebhookScope(tenant: "Cust1", application: "B"), WebhookScope(tenant: "Cust2", application: "A")]
        {
            try await expectAbsent(ofA, in: scope, of: store)
        }
        try await expectAbsent(ofNone, in: own, of: store)
        #expect(try await store.webhooks(in: own, matching: WebhookFilter()) == [ofA])
        #expect(try await store.webhook(id: ofA.id, in: own) == ofA)
        #expect(try await store.delete(id: ofA.id, in: own))
    }

    /// Names that Swift's own comparison takes for equal. Databases compare bytes, and memory must as well.
    private static func lookalikes(_ store: any AgentStore) async throws {
        for (first, second) in [("\u{E9}", "e\u{301}"), ("K", "\u{212A}")] {
            let own = WebhookScope(tenant: first, application: first)
            let webhook = try await store.add(Sample.webhook(first), in: own)
            for other in [
                WebhookScope(tenant: second, application: first), WebhookScope(tenant: first, application: second),
                WebhookScope(tenant: second),
            ] {
                try await expectAbsent(webhook, in: other, of: store)
            }
            #expect(try await store.webhooks(in: own, matching: WebhookFilter(name: second)).isEmpty)
            #expect(try await store.webhooks(in: own, matching: WebhookFilter(name: first)) == [webhook])
            var renamed = webhook
            renamed.name = second
            _ = try await store.replace(renamed, in: own)
            #expect(try await store.webhook(id: webhook.id, in: own)?.name?.utf8.elementsEqual(second.utf8) == true)
            #expect(try await store.signal(Sample.event(tenant: second)) == 0)
            #expect(try await store.signal(Sample.event(tenant: first)) == 1)
        }
    }

    private static func everyApplication(_ store: any AgentStore) async throws {
        let tenant = WebhookScope(tenant: "Cust1")
        for application in ["A", nil, "B"] {
            let scope = WebhookScope(tenant: "Cust1", application: application)
            _ = try await store.add(Sample.webhook(application ?? "none"), in: scope)
        }
        #expect(try await store.names(in: tenant) == ["A", "none", "B"])
        for webhook in try await store.webhooks(in: tenant, matching: WebhookFilter()) {
            #expect(try await store.webhook(id: webhook.id, in: tenant) == webhook)
            #expect(try await store.replace(webhook, in: tenant) == webhook)
            #expect(try await store.delete(id: webhook.id, in: tenant))
        }
    }

    private static func keepsApplication(_ store: any AgentStore) async throws {
        let own = WebhookScope(tenant: "Cust1", application: "A")
        var webhook = try await store.add(Sample.webhook(), in: own)
        webhook.name = "renamed"
        #expect(try await store.replace(webhook, in: WebhookScope(tenant: "Cust1")) == webhook)
        #expect(try await store.webhook(id: webhook.id, in: own) == webhook)
        try await expectAbsent(webhook, in: WebhookScope(tenant: "Cust1", application: "B"), of: store)
    }

    private static func lastErrorIsScoped(_ store: any AgentStore) async throws {
        let own = WebhookScope(tenant: "Cust1", application: "A")
        let webhook = try await store.add(Sample.webhook(), in: own)
        #expect(try await store.lastError(id: webhook.id, in: own) == nil)
        let delivery = try await store.signalAndTake(Sample.event(tenant: "Cust1"))
        #expect(try await store.settle(delivery, .failed(error: "r\u{E9}fus\u{E9}")))
        #expect(try await store.lastError(id: webhook.id, in: own) == "r\u{E9}fus\u{E9}")
        #expect(try await store.lastError(id: webhook.id, in: WebhookScope(tenant: "Cust1")) == "r\u{E9}fus\u{E9}")
        #expect(try await store.lastError(id: webhook.id, in: WebhookScope(tenant: "Cust2")) == nil)
        let other = WebhookScope(tenant: "Cust1", application: "B")
        #expect(try await store.lastError(id: webhook.id, in: other) == nil)
    }

    // MARK: Filters

    private static func pages(_ store: any AgentStore) async throws {
        var ids: [Int32] = []
        for number in 0..<6 {
            var webhook = Sample.webhook(number % 2 == 0 ? "even" : "odd", events: ["e\(number % 3)"])
            webhook.state = .active
            ids.append(try await store.add(webhook).id)
            _ = try await store.add(webhook, in: WebhookScope(tenant: "Cust9"))
        }
        func page(_ filter: WebhookFilter = WebhookFilter(), after id: Int32, _ limit: Int) async throws -> [Int32] {
            try await store.webhooks(WebhookQuery(filter, after: id, limit: limit), in: Sample.scope).map(\.id)
        }
        #expect(try await page(after: 0, 2) == Array(ids[..<2]))
        #expect(try await page(after: ids[1], 3) == Array(ids[2...4]))
        #expect(try await page(after: ids[4], 3) == [ids[5]])
        #expect(try await page(after: ids[5], 3).isEmpty)
        #expect(try await page(after: .max, 3).isEmpty)
        // An id that is gone is followed as any other.
        #expect(try await store.delete(id: ids[2], in: Sample.scope))
        #expect(try await page(after: ids[2], 2) == [ids[3], ids[4]])
        #expect(try await page(WebhookFilter(name: "odd"), after: ids[1], 5) == [ids[3], ids[5]])
        #expect(try await page(WebhookFilter(event: "E0"), after: 0, 1) == [ids[0]])
        #expect(try await page(WebhookFilter(event: "e0"), after: ids[0], 1) == [ids[3]])
        #expect(try await page(WebhookFilter(name: "even", event: "e1", state: .active), after: 0, 9) == [ids[4]])
    }

    private static func noFilter(_ store: any AgentStore) async throws {
        let names = ["c", "a", "b", "a"]
        for name in names { _ = try await store.add(Sample.webhook(name)) }
        #expect(try await store.names() == names)
        #expect(try await store.names(WebhookFilter(name: "", event: "", state: .unknown)) == names)
        let ids = try await store.webhooks(in: Sample.scope, matching: WebhookFilter()).map(\.id)
        #expect(ids == ids.sorted())
    }

    private static func nameFilter(_ store: any AgentStore) async throws {
        for name in ["news", "news letter", "new", "news"] { _ = try await store.add(Sample.webhook(name)) }
        var nameless = Sample.webhook()
        nameless.name = nil
        _ = try await store.add(nameless)
        #expect(try await store.names(WebhookFilter(name: "news")) == ["news", "news"])
        #expect(try await store.names(WebhookFilter(name: "absent")).isEmpty)
    }

    private static func nameOfSpecialCharacters(_ store: any AgentStore) async throws {
        let names = [
            "100%", "100x", "a_b", "axb", "O'Brien", "say \"hi\"", "back\\slash", "'; DROP TABLE webhook; --", "?",
            ":name",
            "\u{1F511} \u{43A}\u{43B}\u{44E}\u{447}", "%", "_", "*",
        ]
        for name in names { _ = try await store.add(Sample.webhook(name, events: [name])) }
        for name in names {
            #expect(try await store.names(WebhookFilter(name: name)) == [name])
            #expect(try await store.names(WebhookFilter(event: name)) == [name])
        }
        #expect(try await store.names() == names)
    }

    private static func eventFilter(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook("both", events: ["contact.created", "contact.deleted"]))
        _ = try await store.add(Sample.webhook("upper", events: [nil, "", "CONTACT.Created"]))
        _ = try await store.add(Sample.webhook("longer", events: ["contact.created.now", "contact"]))
        _ = try await store.add(Sample.webhook("none", events: []))
        _ = try await store.add(Sample.webhook("null", events: nil))
        _ = try await store.add(Sample.webhook("other script", events: ["\u{C4}NDERUNG.\u{41A}\u{41B}"]))
        #expect(try await store.names(WebhookFilter(event: "contact.created")) == ["both", "upper"])
        #expect(try await store.names(WebhookFilter(event: "cOnTaCt.CrEaTeD")) == ["both", "upper"])
        #expect(try await store.names(WebhookFilter(event: "contact.deleted")) == ["both"])
        #expect(try await store.names(WebhookFilter(event: "\u{E4}nderung.\u{43A}\u{43B}")) == ["other script"])
        #expect(try await store.names(WebhookFilter(event: "created")).isEmpty)
    }

    private static func stateFilter(_ store: any AgentStore) async throws {
        for state in [WebhookState.active, .stopped, .tooManyErrors] {
            _ = try await store.add(Sample.webhook(state.name, state: state))
        }
        for state in [WebhookState.active, .stopped, .tooManyErrors] {
            #expect(try await store.names(WebhookFilter(state: state)) == [state.name])
        }
        #expect(try await store.names(WebhookFilter(state: .unknown)).count == 3)
    }

    private static func combinedFilters(_ store: any AgentStore) async throws {
        for name in ["a", "b"] {
            for event in ["x.created", "y.created"] {
                for state in [WebhookState.active, .stopped] {
                    _ = try await store.add(Sample.webhook(name, events: [event], state: state))
                }
            }
        }
        let found = try await store.webhooks(
            in: Sample.scope,
            matching: WebhookFilter(name: "b", event: "X.created", state: .stopped)
        )
        #expect(found.count == 1)
        #expect(found.first?.name == "b")
        #expect(found.first?.events == ["x.created"])
        #expect(found.first?.state == .stopped)
        #expect(try await store.names(WebhookFilter(name: "a", event: "y.created")).count == 2)
        #expect(try await store.names(WebhookFilter(event: "y.created", state: .active)) == ["a", "b"])
    }

    private static func filtersAfterUpdate(_ store: any AgentStore) async throws {
        var webhook = try await store.add(Sample.webhook("before", events: ["a.b", "c.d"]))
        webhook.name = "after"
        webhook.events = ["c.d", "e.f"]
        _ = try await store.replace(webhook)
        #expect(try await store.names(WebhookFilter(name: "before")).isEmpty)
        #expect(try await store.names(WebhookFilter(event: "a.b")).isEmpty)
        #expect(try await store.names(WebhookFilter(event: "c.d")) == ["after"])
        #expect(try await store.names(WebhookFilter(event: "e.f")) == ["after"])
    }
}
