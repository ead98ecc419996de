import Testing
import WebhookModel

@Suite("Webhooks as values")
struct WebhookTests {
    @Test(
        "Event keys are the names that say something, in lower case, each once",
        arguments: [
            (nil, []), ([], []), ([nil], []), ([""], []), (["contact.created"], ["contact.created"]),
            (["Contact.Created", "contact.created", nil, "", "SALE.changed"], ["contact.created", "sale.changed"]),
            (["ÆØÅ.Created"], ["æøå.created"]),
        ] as [([String?]?, [String])]
    )
    func eventKeys(events: [String?]?, expected: [String]) {
        var webhook = Webhook()
        webhook.events = events
        #expect(webhook.eventKeys == expected)
    }

    @Test(
        "Only the type webhook is delivered here, and no type means it",
        arguments: [(nil, true), ("webhook", true), ("Webhook", true), ("crmscript", false), ("webhooks", false)]
            as [(String?, Bool)]
    )
    func deliverable(type: String?, expected: Bool) {
        var webhook = Webhook()
        webhook.type = type
        #expect(webhook.isDeliverable == expected)
    }

    @Test("States have the numbers and names of the contract")
    func states() {
        #expect(WebhookState.allCases.map(\.rawValue) == [0, 1, 2, 3])
        #expect(WebhookState.allCases.map(\.name) == ["Unknown", "Active", "Stopped", "TooManyErrors"])
        for state in WebhookState.allCases { #expect(WebhookState(name: state.name) == state) }
        #expect(WebhookState(name: "active") == nil)
        #expect(WebhookState(name: "") == nil)
    }

    @Test(
        "The entity is the event's name up to its last dot",
        arguments: [
            ("contact.created", "contact"), ("test", "test"), ("", ""), ("a.b.c", "a.b"), (".created", ""),
            ("contact.", "contact"),
            ("webhook.errors", "webhook"), ("blåbær.plukket", "blåbær"),
        ]
    )
    func entity(name: String, entity: String) {
        #expect(EventName.entity(of: name) == entity)
    }

    @Test("Event names are compared without regard to case")
    func key() {
        #expect(EventName.key("Contact.CREATED") == "contact.created")
        #expect(EventName.key("") == "")
    }
}

@Suite("Webhook filters")
struct WebhookFilterTests {
    private var webhook: Webhook {
        var webhook = Webhook()
        webhook.name = "Hook"
        webhook.events = ["contact.created", nil, "Sale.Changed"]
        webhook.state = .stopped
        return webhook
    }

    @Test(
        "Empty texts, null and Unknown do not restrict",
        arguments: [
            WebhookFilter(), WebhookFilter(name: ""), WebhookFilter(event: ""), WebhookFilter(state: .unknown),
            WebhookFilter(name: "", event: "", state: .unknown),
        ]
    )
    func empty(filter: WebhookFilter) {
        #expect(filter == WebhookFilter())
        #expect(filter.matches(webhook))
        #expect(filter.matches(Webhook()))
    }

    @Test(
        "Name and state must be equal, the event one of its own in any case, and all must hold",
        arguments: [
            (WebhookFilter(name: "Hook"), true),
            (WebhookFilter(name: "Hoo"), false),
            (WebhookFilter(name: "Hook "), false),
            (WebhookFilter(event: "contact.created"), true),
            (WebhookFilter(event: "CONTACT.created"), true),
            (WebhookFilter(event: "sale.changed"), true),
            (WebhookFilter(event: "contact"), false),
            (WebhookFilter(event: "contact.*"), false),
            (WebhookFilter(state: .stopped), true),
            (WebhookFilter(state: .active), false),
            (WebhookFilter(name: "Hook", event: "sale.changed", state: .stopped), true),
            (WebhookFilter(name: "Other", event: "sale.changed", state: .stopped), false),
            (WebhookFilter(name: "Hook", event: "sale.created", state: .stopped), false),
            (WebhookFilter(name: "Hook", event: "sale.changed", state: .tooManyErrors), false),
        ]
    )
    func matching(filter: WebhookFilter, expected: Bool) {
        #expect(filter.matches(webhook) == expected)
    }

    @Test("A webhook without name or events passes no filter on them")
    func bare() {
        #expect(!WebhookFilter(name: "Hook").matches(Webhook()))
        #expect(!WebhookFilter(event: "contact.created").matches(Webhook()))
    }
}
