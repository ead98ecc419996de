import StoreContracts
import Testing
import WebhookModel

@Suite("What follows from saving a webhook")
struct WebhookReplacementTests {
    private static func webhook(_ state: WebhookState, type: String? = nil) -> Webhook {
        var webhook = Webhook()
        webhook.id = 66
        webhook.state = state
        webhook.type = type
        webhook.updated = Timestamp(ticks: 1000)
        webhook.updatedBy = Associate(associateID: 7, name: "anna", fullName: "Anna", userName: "anna")
        return webhook
    }

    private static let stored: [WebhookState] = [.active, .stopped, .tooManyErrors]

    @Test("Unknown leaves the state, any other is the new one and tells of the change")
    func states() {
        let seed = StateEvent.Seed(sendsFieldValues: true, missed: .drop)
        for before in Self.stored {
            for saved in WebhookState.allCases {
                let found = WebhookReplacement(of: Self.webhook(before), by: Self.webhook(saved), stateEvent: seed)
                let after = saved == .unknown ? before : saved
                #expect(found.webhook.state == after)
                #expect(found.resetsFailures == (saved == .active))
                #expect(found.changesDeliveries == (after != before))
                #expect(found.parksFirst == (after == .active && before != .active))
                let change = WebhookStateChange(
                    of: 66,
                    from: before,
                    to: after,
                    by: 7,
                    time: Timestamp(ticks: 1000),
                    seed: seed
                )
                #expect(found.stateChange == change)
                #expect((change == nil) == (before == after))
                if let change { #expect(change.endsPause == (after == .active)) }
            }
        }
    }

    @Test("Deliveries follow where the type becomes one that is not delivered, or is no longer")
    func types() {
        for state in Self.stored {
            for before in [nil, "webhook", "crmscript"] {
                for after in [nil, "", "WebHook", "crmscript"] {
                    let found = WebhookReplacement(
                        of: Self.webhook(state, type: before),
                        by: Self.webhook(.unknown, type: after),
                        stateEvent: StateEvent.Seed()
                    )
                    #expect(found.stateChange == nil)
                    #expect(found.changesDeliveries == ((before == "crmscript") != (after == "crmscript")))
                    #expect(found.webhook.type == after)
                }
            }
        }
    }

    @Test("A change of state signals the event of its verb to all but the webhook itself")
    func events() throws {
        let seed = StateEvent.Seed(missed: .park)
        let verbs: [(WebhookState, String)] = [(.active, "started"), (.stopped, "stopped"), (.tooManyErrors, "errors")]
        for (state, verb) in verbs {
            let time = Timestamp(ticks: 1000)
            let change = try #require(WebhookStateChange(of: 66, from: .unknown, to: state, time: time, seed: seed))
            var isAsked = false
            let event = try #require(
                change.event(in: "Cust1") {
                    isAsked = true
                    return StateEvent.Fields(webhook: Self.webhook(state), calls: 3)
                }
            )
            #expect(!isAsked, "the event carries no field values")
            #expect(event.id == seed.id)
            #expect(event.tenant == "Cust1")
            #expect(event.name == "webhook66." + verb)
            #expect(event.otherName == "webhook." + verb)
            #expect(event.excludedWebhook == 66)
            #expect(event.missed == .park)
            #expect(event.time == time)
        }
        let unknown = WebhookStateChange(of: 66, from: .active, to: .unknown, time: Timestamp(ticks: 1), seed: seed)
        #expect(try #require(unknown).event(in: "Cust1") { StateEvent.Fields(webhook: Webhook(), calls: 0) } == nil)
    }
}
