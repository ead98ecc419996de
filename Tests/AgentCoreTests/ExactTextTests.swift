import AgentCore
import StoreContracts
import TestSupport
import Testing
import Text

@testable import WebhookModel

/// Text that differs in bytes is different, but where names are compared without regard to case.
@Suite("Texts that look the same")
struct ExactTextTests {
    /// What Swift's own `==` takes for equal.
    static let pairs = [
        ("\u{E9}", "e\u{301}"), ("K", "\u{212A}"), ("\u{C5}", "\u{212B}"), ("q\u{307}\u{323}", "q\u{323}\u{307}"),
        (";", "\u{37E}"), ("\u{AC00}", "\u{1100}\u{1161}"),
    ]

    @Test("Texts are the same only where their characters are the same", arguments: ExactTextTests.pairs)
    func comparison(first: String, second: String) {
        #expect(first == second, "Swift's own comparison takes them for equal.")
        #expect(!first.isSame(as: second))
        #expect(ExactText(first) != ExactText(second))
        #expect(Set([first, second, first].map(ExactText.init)).count == 2)
        #expect(first.isSame(as: String(first)))
        #expect(!Optional(first).isSame(as: second))
        #expect(!Optional(first).isSame(as: nil))
        #expect((nil as String?).isSame(as: nil))
    }

    @Test("Names in any case are ASCII or not, and equal only to their own kind")
    func anyCase() {
        #expect(CaseInsensitiveName("PrimaryKey") == CaseInsensitiveName("PRIMARYKEY"))
        #expect(CaseInsensitiveName("PrimaryKey") != CaseInsensitiveName("Primary\u{212A}ey"))
        #expect(CaseInsensitiveName("ÅK") == CaseInsensitiveName("åk"))
        #expect(CaseInsensitiveName("åk") != CaseInsensitiveName("å\u{212A}"))
        #expect(CaseInsensitiveName("\u{130}") != CaseInsensitiveName("i\u{307}"))
        #expect(CaseInsensitiveName("\u{E9}") != CaseInsensitiveName("e\u{301}"))
        #expect(CaseInsensitiveName("ÉØ").matches("éø"))
        #expect(!CaseInsensitiveName("k").matches("\u{212A}"))
        #expect(!CaseInsensitiveName("\u{212A}").matches("k"))
        #expect(CaseInsensitiveName("WebhookId").text == "webhookid")
    }

    @Test("A property whose name only looks like a standard member's is a member of its own")
    func lookalikeProperty() {
        var webhook = Fixed.webhook
        webhook.properties = ObjectDictionary([
            ("Primary\u{212A}ey", .string("own")), ("PRIMARYKEY", .string("theirs")), ("eventid", .null),
        ])
        let suffix = String(decoding: EventBody.suffix(of: webhook), as: UTF8.self)
        #expect(suffix == ",\"WebhookName\":\"Hook\",\"Primary\u{212A}ey\":\"own\"")
        #expect(!suffix.utf8.elementsEqual(",\"WebhookName\":\"Hook\",\"PrimaryKey\":\"own\"".utf8))
    }

    @Test("A type that only looks like webhook is another type")
    func lookalikeType() {
        var webhook = Fixed.webhook
        webhook.type = "WebHook"
        #expect(webhook.isDeliverable)
        webhook.type = "webhoo\u{212A}"
        #expect(!webhook.isDeliverable)
    }

    @Test("A webhook with another form of a text leads elsewhere", arguments: ExactTextTests.pairs)
    func reached(first: String, second: String) {
        var one = Fixed.webhook
        one.secret = first
        one.headers = StringDictionary([.init(key: "X-A", value: first)])
        var other = one
        #expect(one.isReached(like: other))
        other.secret = second
        #expect(!one.isReached(like: other))
        other.secret = first
        other.headers = StringDictionary([.init(key: "X-A", value: second)])
        #expect(!one.isReached(like: other))
    }

    @Test(
        "Tenants and applications whose names only look the same do not share webhooks",
        arguments: ExactTextTests.pairs
    )
    func scopes(first: String, second: String) async throws {
        #expect(!WebhookScope(tenant: first).holds(WebhookScope(tenant: second)))
        let scope = WebhookScope(tenant: "t", application: first)
        #expect(!scope.holds(WebhookScope(tenant: "t", application: second)))
        #expect(scope.holds(scope))
    }

    @Test("An update from one form to the other changes what is stored", arguments: ExactTextTests.pairs)
    func update(first: String, second: String) async throws {
        let harness = Harness()
        var webhook = Fixed.webhook
        webhook.name = first
        webhook.secret = first
        webhook.headers = StringDictionary([.init(key: "X-A", value: first)])
        webhook.properties = ObjectDictionary([("k", .string(first)), (first, .null)])
        var saved = try await harness.agent.saveWebhook(webhook, by: harness.caller)
        saved.name = second
        saved.secret = second
        saved.headers = StringDictionary([.init(key: "X-A", value: second)])
        saved.properties = ObjectDictionary([("k", .untyped(text: second)), (second, .null)])
        _ = try await harness.agent.saveWebhook(saved, by: harness.caller)
        let stored = try await harness.agent.webhook(id: saved.id, for: harness.caller)
        #expect(stored?.name.isSame(as: second) == true)
        #expect(stored?.secret.isSame(as: second) == true)
        #expect(stored?.headers?.entries.first?.value.isSame(as: second) == true)
        #expect(stored?.properties?.jsonText.isSame(as: "{\"k\":\"\(second)\",\"\(second)\":null}") == true)
        let filter = WebhookFilter(name: first)
        #expect(try await harness.agent.webhooks(matching: filter, for: harness.caller).isEmpty)
    }

    @Test(
        "Names of events are compared in lower case, however they are composed",
        arguments: [
            ("Contact.CREATED", "contact.created", true), ("BL\u{C5}", "bla\u{30A}", true), ("\u{212A}", "k", true),
            ("\u{39F}\u{3A3}", "\u{3BF}\u{3C3}", true), ("\u{39F}\u{3A3}", "\u{3BF}\u{3C2}", false),
            ("\u{130}", "i\u{307}", true), ("I", "\u{131}", false), ("STRASSE", "stra\u{DF}e", false),
            ("\u{FEFF}a", "a", false), ("a\u{200D}", "a", false),
        ]
    )
    func eventNames(first: String, second: String, areEqual: Bool) {
        #expect(EventName.key(first).isSame(as: EventName.key(second)) == areEqual)
    }

    @Test(
        "White space around a name is not part of it",
        arguments: ["\n webhook ", "webhook\t", "\u{A0}webhook\u{3000}", "\r\n\u{B}webhook\u{2028}", "webhook"]
    )
    func space(padded: String) async throws {
        #expect(padded.trimmingSpace == "webhook")
        let harness = Harness()
        var webhook = Fixed.webhook
        webhook.type = padded
        webhook.events = [padded, nil, " "]
        let saved = try await harness.agent.saveWebhook(webhook, by: harness.caller)
        #expect(saved.type == "webhook")
        #expect(saved.isDeliverable)
        #expect(saved.events == ["webhook", nil, ""])
        for filter in [WebhookFilter(event: padded), WebhookFilter(event: " \n"), WebhookFilter(event: "WEBHOOK")] {
            #expect(try await harness.agent.webhooks(matching: filter, for: harness.caller).count == 1)
        }
        _ = try await harness.agent.signalEvent(name: padded, primaryKey: 1, data: nil, by: harness.caller)
        let body = try await harness.dueBodies()
        #expect(body.count == 1)
        #expect(body.first?.contains(#""Event":"webhook""#) == true)
        #expect("\u{FEFF}a\u{FEFF}".trimmingSpace.isSame(as: "\u{FEFF}a\u{FEFF}"))
        #expect(" \n".trimmingSpace.isEmpty)
    }

    @Test("White space in a name, and around a webhook's own name, stays")
    func innerSpace() async throws {
        let harness = Harness()
        var webhook = Fixed.webhook
        webhook.events = [" order paid "]
        webhook.name = " padded "
        let saved = try await harness.agent.saveWebhook(webhook, by: harness.caller)
        #expect(saved.events == ["order paid"])
        #expect(saved.name == " padded ")
        let filter = WebhookFilter(name: "padded")
        #expect(try await harness.agent.webhooks(matching: filter, for: harness.caller).isEmpty)
    }
}
