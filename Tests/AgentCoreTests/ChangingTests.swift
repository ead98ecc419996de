import AgentCore
import TestSupport
import Testing
import WebhookModel

@Suite("Changing webhooks")
struct ChangingTests {
    /// Why a test does not make a change.
    struct Unwilling: Error {}

    /// What a change fails with; nil when it does not fail.
    static func failure(
        of change: () async throws(WebhookChangeError<Unwilling>) -> Webhook
    ) async -> WebhookChangeError<Unwilling>? {
        do throws(WebhookChangeError<Unwilling>) {
            _ = try await change()
            return nil
        } catch {
            return error
        }
    }

    /// Renames the webhook as somebody else does, later than anything before.
    static func rename(_ id: Int32, to name: String, in harness: Harness) async throws(AgentError) {
        harness.clock.advance(by: .seconds(1))
        guard var webhook = try await harness.agent.webhook(id: id, for: harness.caller) else { return }
        webhook.name = name
        _ = try await harness.agent.saveWebhook(webhook, by: harness.caller)
    }

    @Test("A change gets the stored webhook, and what it makes of it is stored under the same id")
    func changed() async throws {
        let harness = Harness()
        let stored = try await harness.agent.saveWebhook(Fixed.webhook, by: harness.caller)
        let saved = try await harness.agent.changeWebhook(id: stored.id, by: harness.caller, onConflict: .refuse) {
            webhook throws(Unwilling) in
            #expect(webhook == stored)
            var webhook = webhook
            webhook.id = 0
            webhook.name = "Other"
            return webhook
        }
        #expect(saved.id == stored.id)
        #expect(saved.name == "Other")
        #expect(try await harness.stored() == [saved])
    }

    @Test("There is no webhook to change where none has the id, and the change is not made")
    func absent() async throws {
        let harness = Harness()
        let error = await Self.failure { () throws(WebhookChangeError<Unwilling>) in
            try await harness.agent.changeWebhook(id: 5, by: harness.caller, onConflict: .overwrite) {
                webhook throws(Unwilling) in
                Issue.record("There is no webhook.")
                return webhook
            }
        }
        guard case .operation(let error)? = error else {
            Issue.record("It does not fail.")
            return
        }
        #expect(error.kind == .notFound)
    }

    @Test("A change that cannot be made leaves the webhook as it is")
    func refused() async throws {
        let harness = Harness()
        let stored = try await harness.agent.saveWebhook(Fixed.webhook, by: harness.caller)
        let error = await Self.failure { () throws(WebhookChangeError<Unwilling>) in
            try await harness.agent.changeWebhook(id: stored.id, by: harness.caller, onConflict: .retry) {
                _ throws(Unwilling) in
                throw Unwilling()
            }
        }
        guard case .refused? = error else {
            Issue.record("It is not refused.")
            return
        }
        #expect(try await harness.stored() == [stored])
    }

    @Test(
        "What somebody else changes meanwhile is overwritten, kept, or changed in turn",
        arguments: [
            (.overwrite, "Mine", 1), (.refuse, "Theirs", 1), (.retry, "Mine", 2),
        ] as [(WebhookConflict, String, Int)]
    )
    func conflict(onConflict: WebhookConflict, name: String, tries: Int) async throws {
        let harness = Harness()
        let id = try await harness.agent.saveWebhook(Fixed.webhook, by: harness.caller).id
        var seen: [String?] = []
        let error = await Self.failure { () throws(WebhookChangeError<Unwilling>) in
            try await harness.agent.changeWebhook(id: id, by: harness.caller, onConflict: onConflict) {
                webhook throws(Unwilling) in
                seen.append(webhook.name)
                if seen.count == 1 {
                    do { try await Self.rename(id, to: "Theirs", in: harness) } catch { throw Unwilling() }
                }
                var webhook = webhook
                webhook.name = "Mine"
                return webhook
            }
        }
        #expect(try await harness.stored().map(\.name) == [name])
        #expect(seen == (tries == 1 ? ["Hook"] : ["Hook", "Theirs"]))
        if case .operation(let error)? = error {
            #expect(onConflict == .refuse)
            #expect(error.kind == .illegalOperation)
        } else {
            #expect(onConflict != .refuse)
            #expect(error == nil)
        }
    }

    @Test("A change is refused in the end when the webhook is changed by somebody else at every try")
    func ceaseless() async throws {
        let harness = Harness()
        let id = try await harness.agent.saveWebhook(Fixed.webhook, by: harness.caller).id
        var tries = 0
        let error = await Self.failure { () throws(WebhookChangeError<Unwilling>) in
            try await harness.agent.changeWebhook(id: id, by: harness.caller, onConflict: .retry) {
                webhook throws(Unwilling) in
                tries += 1
                do { try await Self.rename(id, to: "Theirs \(tries)", in: harness) } catch { throw Unwilling() }
                return webhook
            }
        }
        guard case .operation(let error)? = error else {
            Issue.record("It does not fail.")
            return
        }
        #expect(error.kind == .illegalOperation)
        #expect(error.message == "The webhook \(id) is being changed by others. Try again.")
        #expect(tries == 50)
        #expect(try await harness.stored().map(\.name) == ["Theirs 50"])
    }

    @Test("A target that was asked at the try before is asked again only where the webhook leads elsewhere")
    func askedAgain() async throws {
        var others = [Fixed.webhook, Fixed.webhook, Fixed.webhook, Fixed.webhook]
        others[0].events = ["sale.changed"]
        others[1].targetURL = "https://example.com/other"
        others[2].secret = "s"
        others[3].headers = StringDictionary([.init(key: "X-A", value: "1")])
        for (index, other) in others.enumerated() {
            let harness = Harness()
            let id = try await harness.agent.saveWebhook(Fixed.webhook, by: harness.caller).id
            var tries = 0
            _ = try await harness.agent.changeWebhook(id: id, by: harness.caller, onConflict: .retry) {
                _ throws(Unwilling) in
                tries += 1
                guard tries == 1 else { return other }
                do { try await Self.rename(id, to: "Theirs", in: harness) } catch { throw Unwilling() }
                return Fixed.webhook
            }
            // The first save, the other's, and the first try ask too.
            #expect(harness.sender.sent.count == (index == 0 ? 3 : 4), "\(index)")
        }
    }
}
