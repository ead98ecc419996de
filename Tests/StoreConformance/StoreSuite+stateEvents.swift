import Foundation
import StoreContracts
import Testing
import WebhookModel

extension StoreSuite {
    static let stateEvents = [
        StoreCase("TooManyErrors reaches those who listen to it by either name, once", run: errorsReachListeners),
        StoreCase("TooManyErrors is signalled once, when the limit is reached", run: errorsOnce),
        StoreCase("A webhook never gets the events of its own states", run: neverToItself),
        StoreCase("A change of state by a caller is signalled with the caller's id", run: changesByCaller),
        StoreCase("What leaves the state as it is signals nothing", run: unchangedStates),
        StoreCase("A state event is delivered as any other", run: stateEventIsOrdinary),
        StoreCase("A state event tells of its webhook where field values are sent", run: stateFieldValues),
        StoreCase("Deliveries arrive with a webhook that becomes Active", run: arrivalsWithActive),
    ]

    private static let time = Sample.after(.milliseconds(2500))

    /// The whole body of a state event, for the listener of that name.
    private static func body(
        _ verb: String,
        of webhook: Webhook,
        id: UUID,
        by associate: Int32,
        for listener: String
    ) -> String {
        """
        {"EventId":"\(id.uuidString.lowercased())","Timestamp":"\(time)","Changes":[],"Event":"webhook.\(verb)",\
        "PrimaryKey":\(webhook.id),"Entity":"webhook","ContextIdentifier":"Default","ChangedByAssociateId":\(associate),\
        "WebhookName":"\(listener)"}
        """
    }

    private static func errorsReachListeners(_ store: any AgentStore) async throws {
        let failing = try await store.add(Sample.webhook("failing"))
        let name = "webhook\(failing.id).errors"
        let listeners = [
            try await store.add(Sample.webhook("its own", events: [name])),
            try await store.add(Sample.webhook("every", events: ["WEBHOOK.Errors"])),
            try await store.add(Sample.webhook("both", events: ["webhook.errors", name.uppercased()])),
        ]
        _ = try await store.add(Sample.webhook("another's", events: ["webhook\(failing.id + 100).errors", "webhook"]))
        let otherVerbs = ["webhook.stopped", "webhook.started", "webhook\(failing.id).started"]
        _ = try await store.add(Sample.webhook("other verbs", events: otherVerbs))
        _ = try await store.add(Sample.webhook("at rest", events: ["webhook.errors"], state: .stopped))
        _ = try await store.add(
            Sample.webhook("abroad", events: ["webhook.errors", name]),
            in: WebhookScope(tenant: "Cust2")
        )
        let delivery = try await store.signalAndTake()
        let id = UUID()
        #expect(
            try await store.settle([DeliveryResult(delivery, after: .gone, at: time, stateEvent: .init(id: id))]) == [
                true
            ]
        )
        #expect(try await store.nextDue() == time)
        let claimed = try await store.take(at: time).sorted { $0.id.webhook < $1.id.webhook }
        #expect(claimed.map(\.id.webhook) == listeners.map(\.id))
        for delivery in claimed {
            #expect(delivery.event == name)
            #expect(delivery.eventID == id)
            #expect(delivery.attempts == 0)
        }
        #expect(
            claimed.map { String(decoding: $0.body, as: UTF8.self) }
                == ["its own", "every", "both"].map { body("errors", of: failing, id: id, by: 0, for: $0) }
        )
    }

    private static func errorsOnce(_ store: any AgentStore) async throws {
        _ = try await store.add(Sample.webhook("failing"))
        let listener = try await store.add(Sample.webhook("listener", events: ["webhook.errors"]))
        for _ in 0..<12 { try await store.signal(Sample.event()) }
        for (number, delivery) in try await store.take().enumerated() {
            let time = Sample.after(.seconds(5 * number))
            #expect(try await store.settle(delivery, after: .serverError, at: time))
            let signalled = try await store.list(DeliveryFilter(webhook: listener.id)).count
            #expect(signalled == (number < 8 ? 0 : 1), "after \(number + 1) failures")
        }
    }

    private static func neverToItself(_ store: any AgentStore) async throws {
        var webhook = try await store.add(Sample.webhook())
        let verbs = ["errors", "started", "stopped"]
        let listed = verbs.map { "webhook.\($0)" } + verbs.map { "webhook\(webhook.id).\($0)" } + ["contact.created"]
        webhook.events = listed
        try await store.put(webhook, .active)
        let delivery = try await store.signalAndTake()
        #expect(try await store.settle(delivery, after: .gone))
        for state in [WebhookState.active, .stopped, .active] { try await store.put(webhook, state) }
        #expect(try await store.list().map(\.id) == [delivery.id])
        // Those of others it does get.
        let other = try await store.add(Sample.webhook("other", events: []))
        try await store.put(other, .stopped)
        #expect(try await store.list().map(\.event) == ["webhook\(other.id).stopped", "contact.created"])
    }

    private static func changesByCaller(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook("changing", events: []))
        let listened = ["webhook.started", "webhook.stopped", "webhook.errors"]
        let listener = try await store.add(Sample.webhook("listener", events: listened))
        let changes: [(WebhookState, String)] = [
            (.stopped, "stopped"), (.active, "started"), (.tooManyErrors, "errors"), (.stopped, "stopped"),
            (.tooManyErrors, "errors"), (.active, "started"),
        ]
        for (state, verb) in changes {
            let id = UUID()
            try await store.put(webhook, state, at: time, by: 4711, stateEvent: .init(id: id))
            let claimed = try await store.take(at: time)
            #expect(claimed.map(\.id.webhook) == [listener.id])
            let delivery = try #require(claimed.first)
            #expect(delivery.event == "webhook\(webhook.id).\(verb)")
            #expect(delivery.eventID == id)
            let expected = body(verb, of: webhook, id: id, by: 4711, for: "listener")
            #expect(String(decoding: delivery.body, as: UTF8.self) == expected)
            #expect(try await store.settle(delivery, .delivered))
        }
    }

    private static func unchangedStates(_ store: any AgentStore) async throws {
        let listened = ["webhook.started", "webhook.stopped", "webhook.errors"]
        _ = try await store.add(Sample.webhook("listener", events: listened))
        for state in [WebhookState.active, .stopped, .tooManyErrors] {
            var webhook = try await store.add(Sample.webhook("made \(state)", events: [], state: state))
            try await store.put(webhook, state)
            try await store.put(webhook, .unknown)
            webhook.name = "renamed"
            try await store.put(webhook, state)
            #expect(try await store.delete(id: webhook.id, in: Sample.scope))
            webhook.state = .active
            #expect(try await store.replace(webhook) == nil)
        }
        let hidden = try await store.add(Sample.webhook("hidden"), in: WebhookScope(tenant: "Cust2"))
        var changed = hidden
        changed.state = .stopped
        #expect(try await store.replace(changed) == nil)
        #expect(try await store.list().isEmpty)
    }

    /// What a listener gets of another's errors counts for it like any delivery.
    private static func stateEventIsOrdinary(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook("changing", events: []))
        let listener = try await store.add(Sample.webhook("listener", events: ["webhook\(webhook.id).stopped"]))
        try await store.put(webhook, .stopped)
        let delivery = try #require(try await store.take().first)
        #expect(try await store.settle(delivery, after: .serverError))
        #expect(try await store.usage(of: listener.id)?.totalErrors == 1)
        let again = try #require(try await store.take(at: Sample.after(.seconds(1))).first)
        #expect(again.body == delivery.body)
        #expect(try await store.settle(again, after: .ok))
        #expect(try await store.delivery(delivery.id)?.body == delivery.body)
        #expect(try await store.replay(delivery.id, now: Sample.start) == .queued)
    }

    /// The state is counted from 0 there.
    private static func stateFieldValues(_ store: any AgentStore) async throws {
        var webhook = Sample.webhook("changing", events: ["contact.created"])
        webhook.registered = Sample.start
        webhook.registeredBy = Sample.associate(5, "registrar")
        webhook.updated = Sample.start
        webhook = try await store.add(webhook)
        _ = try await store.add(
            Sample.webhook("listener", events: ["webhook\(webhook.id).stopped", "webhook.started"])
        )
        _ = try await store.add(Sample.webhook("errors", events: ["webhook.errors"]))
        func values(_ calls: Int, state: Int, updated: Timestamp, by associate: Int32) -> String {
            """
            "FieldValues":{"events":\(calls),"registered":"\(Sample.start)","registered_associate_id":5,\
            "state":\(state),"updated":"\(updated)","updated_associate_id":\(associate)}}
            """
        }
        func next() async throws -> String {
            let claimed = try await store.take(at: time)
            #expect(claimed.count == 1)
            let delivery = try #require(claimed.first)
            #expect(try await store.settle(delivery, .delivered))
            return String(decoding: delivery.body, as: UTF8.self)
        }
        let seed = StateEvent.Seed(sendsFieldValues: true)
        try await store.put(webhook, .stopped, at: time, by: 4711, stateEvent: seed)
        #expect(try await next().hasSuffix(values(0, state: 1, updated: time, by: 4711)))
        try await store.put(webhook, .active, at: time, by: 4712, stateEvent: .init(sendsFieldValues: true))
        #expect(try await next().hasSuffix(values(0, state: 0, updated: time, by: 4712)))
        try await store.signal(Sample.event())
        let delivery = try #require(try await store.take(at: time).first)
        let result = DeliveryResult(delivery, after: .gone, at: time, stateEvent: .init(sendsFieldValues: true))
        #expect(try await store.settle([result]) == [true])
        #expect(try await next().hasSuffix(values(1, state: 2, updated: time, by: 4712)))
    }

    private static func arrivalsWithActive(_ store: any AgentStore) async throws {
        let webhook = try await store.add(Sample.webhook())
        try await store.signal(Sample.event())
        var arrivals = store.arrivals.makeAsyncIterator()
        let signalled: Void? = await arrivals.next()
        #expect(signalled != nil)
        try await store.put(webhook, .stopped)
        try await store.put(webhook, .active)
        let resumed: Void? = await arrivals.next()
        #expect(resumed != nil)
        #expect(try await store.take().count == 1)
    }
}
