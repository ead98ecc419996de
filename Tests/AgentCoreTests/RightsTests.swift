import AgentCore
import TestSupport
import Testing
import WebhookModel

@Suite("The right to webhooks")
struct RightsTests {
    private let holder = Caller(tenant: "Default", associate: Fixed.anna)
    private let other = Caller(tenant: "Default", associate: Fixed.bert, rights: [])

    /// What SignalEvent fails with, and what each of the other operations does.
    private func failures(_ harness: Harness, _ caller: Caller) async -> (signal: AgentError?, others: [AgentError?]) {
        let agent = harness.agent
        let signal = await failure {
            try await agent.signalEvent(name: "contact.created", primaryKey: 1, data: nil, by: caller)
        }
        let others = [
            await failure { _ = try agent.createDefaultWebhook(for: caller) },
            await failure { _ = try await agent.saveWebhook(Fixed.webhook, by: caller) },
            await failure { _ = try await agent.webhook(id: 1, for: caller) },
            await failure { _ = try await agent.webhooks(matching: WebhookFilter(), for: caller) },
            await failure { _ = try await agent.testWebhook(Fixed.webhook, by: caller) },
            await failure { _ = try await agent.lastError(id: 1, for: caller) },
            await failure { try await agent.deleteWebhook(id: 1, for: caller) },
        ]
        return (signal, others)
    }

    @Test("A user with the right to webhooks may do everything", arguments: WebhookRight.allCases)
    func withRight(rule: WebhookRight) async {
        let failures = await failures(Harness(rules: AgentRules(webhookRight: rule)), holder)
        #expect(failures.signal == nil)
        #expect(failures.others.allSatisfy { $0 == nil })
    }

    @Test("A user without the right to webhooks may by default only signal events")
    func withoutRight() async {
        let failures = await failures(Harness(), other)
        #expect(failures.signal == nil)
        #expect(failures.others.allSatisfy { $0?.kind == .sentry })
        for error in failures.others {
            #expect(error?.message.contains("'bert'") == true)
            #expect(error?.message.contains("webhooks") == true)
            #expect(error?.friendlyText.isEmpty == false)
        }
    }

    @Test("A user without the right may not signal events where everything needs the right")
    func everything() async {
        let failures = await failures(Harness(rules: AgentRules(webhookRight: .everything)), other)
        #expect(failures.signal?.kind == .sentry)
        #expect(failures.others.allSatisfy { $0?.kind == .sentry })
    }

    @Test("A user without the right may do everything where nothing needs the right")
    func nothing() async {
        let failures = await failures(Harness(rules: AgentRules(webhookRight: .nothing)), other)
        #expect(failures.signal == nil)
        #expect(failures.others.allSatisfy { $0 == nil })
    }

    @Test("A refused operation changes nothing, tells nothing and sends nothing")
    func noEffect() async throws {
        let harness = Harness(rules: AgentRules(webhookRight: .everything))
        let stored = try await harness.agent.saveWebhook(Fixed.webhook, by: holder)
        let sent = harness.sender.sent
        var changed = stored
        changed.name = "changed"
        let update = changed
        for error in [
            await failure { _ = try await harness.agent.saveWebhook(update, by: other) },
            await failure { _ = try await harness.agent.saveWebhook(nil, by: other) },
            await failure { _ = try await harness.agent.testWebhook(nil, by: other) },
            await failure { _ = try await harness.agent.webhook(id: stored.id + 1, for: other) },
            await failure { try await harness.agent.deleteWebhook(id: stored.id, for: other) },
        ] {
            #expect(error?.kind == .sentry)
        }
        _ = await failures(harness, other)
        #expect(try await harness.stored() == [stored])
        #expect(harness.sender.sent == sent)
        #expect(try await harness.dueBodies().isEmpty)
    }
}
