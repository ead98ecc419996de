import Foundation
import StoreContracts
import Testing
import WebhookModel

extension StoreSuite {
    static let signalling = [
        StoreCase("An event reaches the active webhooks of its tenant that list it", run: onlyListeners),
        StoreCase("An event reaches webhooks of every application", run: anyApplication),
        StoreCase("Event names match whole and without regard to case", run: namesMatchWhole),
        StoreCase("A webhook that lists a name twice gets the event once", run: duplicateNames),
        StoreCase("Event names match in either normal form", run: normalForms),
        StoreCase("An event without a name reaches nobody", run: emptyName),
        StoreCase("An event that nobody lists leaves nothing", run: nobodyListens),
        StoreCase("An event that only webhooks at rest list leaves nothing", run: nobodyIsActive),
        StoreCase("An event of a webhook that is not delivered here is recorded as failed", run: undeliverable),
        StoreCase("The type webhook is delivered in any case and when it is absent", run: deliverableTypes),
        StoreCase("The last save decides what a webhook listens to", run: listensAsSaved),
        StoreCase("Deliveries arrive with a signal that made some", run: arrivals),
    ]

    static let bodies = [
        StoreCase("A body is head, suffix and tail as at the signal", run: bodyAsSignalled),
        StoreCase("Target, headers and secret are those at the claim", run: targetAsClaimed),
        StoreCase("A webhook stopped since the signal gets what was signalled once it is Active", run: stoppedSince),
        StoreCase("A body's bytes are kept as they are", run: anyBytes),
        StoreCase("An event's id and name come with its deliveries", run: eventOfDelivery),
    ]

    private static func onlyListeners(_ store: any AgentStore) async throws {
        let first = try await store.add(Sample.webhook("first"))
        _ = try await store.add(Sample.webhook("stopped", state: .stopped))
        _ = try await store.add(Sample.webhook("other", events: ["contact.deleted"]))
        _ = try await store.add(Sample.webhook("null", events: nil))
        _ = try await store.add(Sample.webhook("abroad"), in: WebhookScope(tenant: "Cust2"))
        let second = try await store.add(Sample.webhook("second", events: ["x", "contact.created", "y"]))
        #expect(try await store.signal(Sample.event()) == 2)
        try await store.expectCounts(pending: 2, failed: 0)
        let claimed = try await store.take()
        #expect(Set(claimed.map(\.id.webhook)) == [first.id, second.id])
        #expect(Set(claimed.map(\.id.event)).count == 1)
        #expect(try await store.signal(Sample.event(tenant: "Cust2")) == 1)
        #expect(try await store.signal(Sample.event(tenant: "default")) == 0)
    }

    private static func anyApplication(_ store: any AgentStore) async throws {
        for application in ["A", "B", nil] {
            let scope = WebhookScope(tenant: "Default", application: application)
            _ = try await store.add(Sample.webhook(), in: scope)
        }
        #expect(try await store.signal(Sample.event()) == 3)
    }

    private static func namesMatchWhole(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook(events: ["Contact.Created"]))
        _ = try await store.add(Sample.webhook(events: ["\u{C4}NDERUNG_%"]))
        for name in ["contact.created", "CONTACT.CREATED", "Contact.Created", "\u{E4}nderung_%"] {
            #expect(try await store.signal(Sample.event(name)) == 1, "\(name)")
        }
        for name in ["contact", "contact.create", "contact.created2", "contact%", "contact.create_", "\u{E4}nderungxx"]
        {
            #expect(try await store.signal(Sample.event(name)) == 0, "\(name)")
        }
    }

    private static func duplicateNames(_ store: any AgentStore) async throws {
        let events = ["contact.created", "contact.created", nil, "CONTACT.created", "contact.deleted"]
        let webhook = try await store.add(Sample.webhook(events: events))
        #expect(webhook.events == events)
        #expect(try await store.signal(Sample.event()) == 1)
        #expect(try await store.replace(webhook)?.events == events)
        #expect(try await store.signal(Sample.event()) == 1)
    }

    /// Equal as Swift compares text, different as databases do.
    private static func normalForms(_ store: any AgentStore) async throws {
        let forms = ["caf\u{E9}.created", "cafe\u{301}.created", "CAFE\u{301}.Created"]
        for (number, listed) in (forms.map { [$0] } + [forms]).enumerated() {
            let webhook = try await store.add(Sample.webhook("lists \(number)", events: listed))
            for form in forms {
                let place = "list \(number), \(form.unicodeScalars.count) scalars"
                #expect(try await store.signal(Sample.event(form)) == 1, "\(place)")
                #expect(try await store.names(WebhookFilter(event: form)) == [webhook.name], "\(place)")
            }
            #expect(try await store.delete(id: webhook.id, in: Sample.scope))
        }
    }

    private static func emptyName(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook(events: ["", nil, "contact.created"]))
        #expect(try await store.signal(Sample.event("")) == 0)
        #expect(try await store.nextDue() == nil)
    }

    private static func expectNothing(in store: any AgentStore) async throws {
        try await store.expectCounts(pending: 0, failed: 0)
        #expect(try await store.nextDue() == nil)
        #expect(try await store.take(at: Sample.farFuture).isEmpty)
        #expect(try await store.list().isEmpty)
    }

    private static func nobodyListens(_ store: any AgentStore) async throws {
        #expect(try await store.signal(Sample.event()) == 0)
        _ = try await store.add(Sample.webhook(events: ["contact.deleted"]))
        #expect(try await store.signal(Sample.event()) == 0)
        try await expectNothing(in: store)
    }

    private static func nobodyIsActive(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook(state: .stopped))
        #expect(try await store.signal(Sample.event()) == 0)
        _ = try await store.add(Sample.webhook(state: .tooManyErrors))
        #expect(try await store.signal(Sample.event(missed: .drop)) == 0)
        try await expectNothing(in: store)
    }

    private static func undeliverable(_ store: any AgentStore) async throws {
        let script = try await store.add(Sample.webhook("script", type: "crmscript"))
        #expect(try await store.signal(Sample.event()) == 1)
        try await store.expectCounts(pending: 0, failed: 1)
        #expect(try await store.nextDue() == nil)
        #expect(try await store.take(at: Sample.farFuture).isEmpty)
        #expect(try await store.lastError(id: script.id, in: Sample.scope) == nil)
        let hook = try await store.add(Sample.webhook("hook"))
        #expect(try await store.signal(Sample.event()) == 2)
        try await store.expectCounts(pending: 1, failed: 2)
        #expect(try await store.take().map(\.id.webhook) == [hook.id])
    }

    private static func deliverableTypes(_ store: any AgentStore) async throws {
        for type in ["webhook", "WebHook", nil] { _ = try await store.add(Sample.webhook(type: type)) }
        #expect(try await store.signal(Sample.event()) == 3)
        try await store.expectCounts(pending: 3, failed: 0)
        #expect(try await store.take().count == 3)
    }

    private static func listensAsSaved(_ store: any AgentStore) async throws {
        var webhook = try await store.add(Sample.webhook(events: ["a.b"]))
        webhook.events = ["c.d"]
        _ = try await store.replace(webhook)
        #expect(try await store.signal(Sample.event("a.b")) == 0)
        #expect(try await store.signal(Sample.event("c.d")) == 1)
        webhook.state = .stopped
        _ = try await store.replace(webhook)
        #expect(try await store.signal(Sample.event("c.d")) == 0)
        webhook.state = .active
        webhook.type = "crmscript"
        _ = try await store.replace(webhook)
        #expect(try await store.signal(Sample.event("c.d")) == 1)
        try await store.expectCounts(pending: 0, failed: 2)
    }

    private static func arrivals(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook())
        var arrivals = store.arrivals.makeAsyncIterator()
        for _ in 0..<2 {
            #expect(try await store.signal(Sample.event()) == 1)
            let arrived: Void? = await arrivals.next()
            #expect(arrived != nil)
        }
    }

    // MARK: Bodies

    private static func bodyAsSignalled(_ store: any AgentStore) async throws {
        var webhook = Sample.webhook("before")
        webhook.properties = ObjectDictionary([("Region", .string("\u{D8}st"))])
        webhook = try await store.add(webhook)
        try await store.signal(Sample.event())
        webhook.name = "after"
        webhook.properties = nil
        _ = try await store.replace(webhook)
        try await store.signal(Sample.event(time: Sample.after(.seconds(1))))
        let bodies = try await store.take(at: Sample.after(.seconds(1))).map {
            String(decoding: $0.body, as: UTF8.self)
        }
        #expect(
            bodies == [
                "head,\"WebhookName\":\"before\",\"Region\":\"\u{D8}st\"tail", "head,\"WebhookName\":\"after\"tail",
            ]
        )
    }

    private static func targetAsClaimed(_ store: any AgentStore) async throws {
        var webhook = Sample.webhook("before")
        webhook.headers = StringDictionary([.init(key: "X-Old", value: "1")])
        webhook.secret = "old"
        webhook = try await store.add(webhook)
        try await store.signal(Sample.event())
        webhook.targetURL = "https://example.com/moved"
        webhook.headers = StringDictionary([.init(key: "X-B", value: ""), .init(key: "X-A", value: nil)])
        webhook.secret = "n\u{EB}w"
        _ = try await store.replace(webhook)
        let first = try #require(try await store.take().first)
        #expect(first.url == "https://example.com/moved")
        #expect(first.headers == webhook.headers)
        #expect(first.secret == "n\u{EB}w")
        webhook.headers = nil
        webhook.secret = nil
        _ = try await store.replace(webhook)
        let second = try #require(try await store.take(at: Sample.after(Sample.lease)).first)
        #expect(second.headers == nil)
        #expect(second.secret == nil)
        #expect(second.body == first.body)
    }

    private static func stoppedSince(_ store: any AgentStore) async throws {
        var webhook = try await store.add(Sample.webhook())
        let event = Sample.event()
        try await store.signal(event)
        webhook.events = []
        try await store.put(webhook, .stopped)
        #expect(try await store.take(at: Sample.farFuture).isEmpty)
        try await store.expectCounts(pending: 0, failed: 0, parked: 1)
        try await store.put(webhook, .active, at: Sample.after(.seconds(5)))
        #expect(try await store.take(at: Sample.after(.seconds(5))).map(\.eventID) == [event.id])
    }

    private static func anyBytes(_ store: any AgentStore) async throws {
        let webhook = Sample.webhook()
        let suffix = [UInt8](0...255)
        _ = try await store.insert(webhook, bodySuffix: suffix, in: Sample.scope)
        _ = try await store.insert(webhook, bodySuffix: [], in: Sample.scope)
        var event = Sample.event()
        event.bodyHead = [0, 255] + Array(repeating: 7, count: 300_000)
        event.bodyTail = []
        #expect(try await store.signal(event) == 2)
        let claimed = try await store.take().sorted { $0.id.webhook < $1.id.webhook }
        #expect(claimed.map(\.body) == [event.bodyHead + suffix, event.bodyHead])
    }

    private static func eventOfDelivery(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook(events: ["\u{E4}\"'%.created"]))
        let event = Sample.event("\u{C4}\"'%.Created")
        #expect(try await store.signal(event) == 1)
        let delivery = try #require(try await store.take().first)
        #expect(delivery.eventID == event.id)
        #expect(delivery.event == "\u{C4}\"'%.Created")
        #expect(delivery.attempts == 0)
    }
}
