import AgentCore
import TestSupport
import Testing
import Text

@testable import WebhookModel

/// What XML clients were shown, saved back, leaves what is stored as it is.
@Suite("Texts that XML cannot hold")
struct ShownTextTests {
    /// With U+000B in every text, and U+FFFE.
    private static var hidden: Webhook {
        var webhook = Fixed.webhook
        webhook.name = "na\u{B}me"
        webhook.secret = "s\u{1}\u{2}\u{FFFE}"
        webhook.type = "crm\u{1F}script"
        webhook.targetURL = "any\u{7}thing"
        webhook.events = ["a\u{B}b", "plain", nil, "a\u{FFFD}b", "x\u{1}", "x\u{2}"]
        webhook.extras.errorsEmail = "a@b\u{1}"
        webhook.extras.description = "d\u{B}"
        webhook.extras.errorEmails = ["c\u{1}@d", nil]
        var item = ListItem(id: 7)
        item.name = "n\u{1}"
        var child = ListItem(id: 8)
        child.toolTip = "t\u{2}"
        item.childItems = [child]
        webhook.extras.errorAssociates = [item]
        webhook.headers = StringDictionary([
            .init(key: "X-A", value: "1\u{FFFF}"), .init(key: "X-A", value: "2\u{FFFE}"), .init(key: "X-B", value: nil),
        ])
        webhook.properties = ObjectDictionary([
            ("k\u{B}", .string("v\u{C}")), ("uri", .scalar(.anyURI, text: "u\u{1}")),
            ("list", .strings(["a\u{1}", nil, "b"])), ("json", .json("[1,\"\u{FFFE}\"]")),
            ("inner", .dictionary(ObjectDictionary([("i\u{1}", .string("\u{2}")), ("n", .scalar(.int, text: "5"))]))),
            ("n", .scalar(.int, text: "007")),
        ])
        return webhook
    }

    /// What an XML client reads, as it sends it back: all of it, with its types or without.
    private static func shown(_ webhook: Webhook, typed: Bool) -> Webhook {
        var webhook = webhook
        webhook.name = webhook.name?.shownInXML
        webhook.secret = webhook.secret?.shownInXML
        webhook.type = webhook.type?.shownInXML
        webhook.targetURL = webhook.targetURL?.shownInXML
        webhook.events = webhook.events?.map { $0?.shownInXML }
        let headers = webhook.headers?.entries ?? []
        webhook.headers = StringDictionary(headers.map { .init(key: $0.key, value: $0.value?.shownInXML) })
        webhook.properties = webhook.properties.map { shown($0, typed: typed) }
        webhook.extras.errorsEmail = webhook.extras.errorsEmail?.shownInXML
        webhook.extras.description = webhook.extras.description?.shownInXML
        webhook.extras.errorEmails = webhook.extras.errorEmails?.map { $0?.shownInXML }
        webhook.extras.errorAssociates?[0].name = "n\u{FFFD}"
        webhook.extras.errorAssociates?[0].childItems?[0].toolTip = "t\u{FFFD}"
        return webhook
    }

    private static func shown(_ dictionary: ObjectDictionary, typed: Bool) -> ObjectDictionary {
        ObjectDictionary(
            dictionary.entries.map { entry in
                let value: TypedValue =
                    switch entry.value {
                    case .scalar(let type, let text):
                        typed ? .scalar(type, text: text.shownInXML) : .untyped(text: text.shownInXML)
                    case .json(let text): typed ? .string(text.shownInXML) : .untyped(text: text.shownInXML)
                    case .strings(let items): .strings(items.map { $0?.shownInXML })
                    case .dictionary(let inner): .dictionary(shown(inner, typed: typed))
                    default: entry.value
                    }
                return (entry.key.shownInXML, value)
            }
        )
    }

    @Test("A whole webhook comes back as it was shown and stays as it is stored", arguments: [true, false])
    func roundTrip(typed: Bool) async throws {
        let harness = Harness(rules: AgentRules(verifiesTarget: false))
        let saved = try await harness.agent.saveWebhook(Self.hidden, by: harness.caller)
        #expect(saved.secret.isSame(as: Self.hidden.secret))
        let shown = Self.shown(saved, typed: typed)
        #expect(!shown.secret.isSame(as: saved.secret))
        let again = try await harness.agent.saveWebhook(shown, by: harness.caller)
        #expect(again.name.isSame(as: saved.name))
        #expect(again.secret.isSame(as: saved.secret))
        #expect(again.type.isSame(as: saved.type))
        #expect(again.targetURL.isSame(as: saved.targetURL))
        #expect(again.headers.isSame(as: saved.headers))
        #expect(again.properties?.jsonText.isSame(as: saved.properties?.jsonText ?? "") == true)
        #expect(again.properties == saved.properties, "The types too.")
        #expect(again.extras == saved.extras)
        #expect(shown.extras != saved.extras)
        #expect(zip(again.events ?? [], saved.events ?? []).allSatisfy { $0.isSame(as: $1) })
    }

    @Test("What a client changes is changed, however the rest came back")
    func changes() async throws {
        let harness = Harness(rules: AgentRules(verifiesTarget: false))
        let saved = try await harness.agent.saveWebhook(Self.hidden, by: harness.caller)
        var changed = Self.shown(saved, typed: true)
        changed.secret = "s\u{FFFD}\u{FFFD}"
        changed.name = nil
        changed.events = ["x\u{FFFD}", "new\u{FFFD}", "a\u{FFFD}b"]
        changed.headers = StringDictionary([
            .init(key: "X-B", value: "\u{FFFD}"), .init(key: "X-A", value: "1\u{FFFD}"),
        ])
        changed.properties = ObjectDictionary([("k\u{FFFD}", .string("other\u{FFFD}"))])
        let again = try await harness.agent.saveWebhook(changed, by: harness.caller)
        #expect(again.secret.isSame(as: "s\u{FFFD}\u{FFFD}"))
        #expect(again.name == nil)
        #expect(zip(again.events ?? [], ["x\u{1}", "new\u{FFFD}", "a\u{B}b"]).allSatisfy { $0.isSame(as: $1) })
        #expect(again.headers?.entries.map(\.value) == ["\u{FFFD}", "1\u{FFFF}"])
        #expect(again.properties?.jsonText == "{\"k\\u000b\":\"other\u{FFFD}\"}")
    }

    @Test("Two names that XML clients would be shown as one are refused")
    func indistinct() async throws {
        let harness = Harness()
        var webhook = Fixed.webhook
        let pair = ObjectDictionary([("k\u{1}", .null), ("k\u{2}", .null)])
        for properties in [pair, ObjectDictionary([("inner", .inferred(.dictionary(pair)))])] {
            webhook.properties = properties
            let saving = webhook
            let error = await failure { _ = try await harness.agent.saveWebhook(saving, by: harness.caller) }
            #expect(error?.kind == .validation)
            #expect(error?.parameters.map(\.key) == ["Properties"])
        }
        webhook.properties = ObjectDictionary([("é", .null), ("e\u{301}", .null), ("k\u{1}", .null), ("k", .null)])
        let saved = try await harness.agent.saveWebhook(webhook, by: harness.caller)
        #expect(saved.properties?.entries.count == 4)
    }

    @Test("A stored webhook that is tested as it was shown is signed with the secret that is stored")
    func testing() async throws {
        let harness = Harness()
        var webhook = Fixed.webhook
        webhook.secret = "s\u{B}"
        var shown = try await harness.agent.saveWebhook(webhook, by: harness.caller)
        shown.secret = shown.secret?.shownInXML
        _ = try await harness.agent.testWebhook(shown, by: harness.caller)
        #expect(harness.sender.sent.last?.secret.isSame(as: "s\u{B}") == true)
        shown.id = 0
        _ = try await harness.agent.testWebhook(shown, by: harness.caller)
        #expect(harness.sender.sent.last?.secret.isSame(as: "s\u{FFFD}") == true)
    }

    @Test(
        "U+FFFD stands for each character that XML does not have, and for no other",
        arguments: [
            ("", ""), ("a\t\n\r b", "a\t\n\r b"),
            ("\u{1}\u{8}\u{B}\u{C}\u{E}\u{1F}", String(repeating: "\u{FFFD}", count: 6)),
            ("\u{FFFE}\u{FFFF}", "\u{FFFD}\u{FFFD}"),
            ("\u{7F}\u{85}\u{FEFF}\u{10FFFD}", "\u{7F}\u{85}\u{FEFF}\u{10FFFD}"),
            ("ﷰ\u{FFFD}", "ﷰ\u{FFFD}"),
        ]
    )
    func shown(text: String, expected: String) {
        #expect(text.shownInXML.isSame(as: expected))
    }
}
