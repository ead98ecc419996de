import AgentCore
import StoreContracts
import TestSupport
import Testing
import WebhookModel

@Suite("Asking the target")
struct TargetTests {
    private static var webhook: Webhook {
        var webhook = Fixed.webhook
        webhook.secret = "sécret"
        webhook.headers = StringDictionary([.init(key: "X-A", value: "1")])
        return webhook
    }

    /// What the target gets as the test event of ``webhook``.
    private func expectTestEvent(_ sent: [WebhookNotification]) {
        let expected = WebhookNotification(
            url: "https://example.com/hook",
            headers: StringDictionary([.init(key: "X-A", value: "1")]),
            secret: "sécret",
            event: "test",
            eventID: Fixed.id,
            retry: 0,
            isTest: true,
            body: Array(Fixed.testBody.utf8)
        )
        #expect(sent == [expected])
    }

    /// What is no success.
    static let failures: [(SendOutcome, String)] = [
        (.status(201, "Created"), "HTTP/1.1 201 Created"),
        (.status(204, "No Content"), "HTTP/1.1 204 No Content"),
        (.status(301, "Moved Permanently"), "HTTP/1.1 301 Moved Permanently"),
        (.status(404, "Not Found"), "HTTP/1.1 404 Not Found"),
        (.status(410, "Gone"), "HTTP/1.1 410 Gone"),
        (.status(500, "Oops"), "HTTP/1.1 500 Oops"),
        (.failed(SendError(.connection, "Connection refused.")), "Connection refused."),
        (.failed(SendError(.tls, "The certificate is not valid.")), "The certificate is not valid."),
    ]

    @Test("Saving sends the test event first, once")
    func saving() async throws {
        let harness = Harness()
        _ = try await harness.agent.saveWebhook(Self.webhook, by: harness.caller)
        expectTestEvent(harness.sender.sent)
    }

    @Test("A new webhook is not stored unless the target answers 200", arguments: TargetTests.failures)
    func refusedCreation(outcome: SendOutcome, text: String) async throws {
        let harness = Harness(outcome)
        let error = try #require(
            await failure { _ = try await harness.agent.saveWebhook(Self.webhook, by: harness.caller) }
        )
        #expect(error.kind == .validation)
        #expect(error.message.contains(text))
        #expect(error.friendlyText.contains(text))
        #expect(error.parameters.map(\.key) == ["TargetUrl"])
        #expect(error.parameters.first?.value?.contains(text) == true)
        #expect(try await harness.stored().isEmpty)
        #expect(harness.sender.sent.count == 1)
        let saved = try await harness.agent.saveWebhook(Self.webhook, by: harness.caller)
        #expect(try await harness.stored() == [saved])
    }

    @Test("A stored webhook stays as it was unless the target answers 200", arguments: TargetTests.failures)
    func refusedUpdate(outcome: SendOutcome, text: String) async throws {
        let harness = Harness(.status(200, "OK"), outcome)
        let stored = try await harness.agent.saveWebhook(Self.webhook, by: harness.caller)
        var update = stored
        update.name = "Other"
        update.state = .tooManyErrors
        let changed = update
        let error = await failure { _ = try await harness.agent.saveWebhook(changed, by: harness.caller) }
        #expect(error?.kind == .validation)
        #expect(error?.message.contains(text) == true)
        #expect(try await harness.stored() == [stored])
    }

    @Test("A webhook that is Stopped then is saved without asking its target, new or not", arguments: [false, true])
    func stopped(isKept: Bool) async throws {
        let harness = Harness(.status(200, "OK"), .status(500, "Oops"))
        var webhook = Self.webhook
        if isKept { webhook = try await harness.agent.saveWebhook(webhook, by: harness.caller) }
        let asked = harness.sender.sent.count
        webhook.state = .stopped
        webhook = try await harness.agent.saveWebhook(webhook, by: harness.caller)
        webhook.name = "Other"
        webhook.state = .unknown
        webhook = try await harness.agent.saveWebhook(webhook, by: harness.caller)
        #expect(webhook.state == .stopped)
        #expect(harness.sender.sent.count == asked)
        webhook.state = .active
        let activated = webhook
        if !isKept { _ = try await harness.agent.testWebhook(activated, by: harness.caller) }
        let error = await failure { _ = try await harness.agent.saveWebhook(activated, by: harness.caller) }
        #expect(error?.kind == .validation, "Active again it is asked")
        #expect(try await harness.stored().map(\.state) == [.stopped])
    }

    @Test(
        "Where any 2xx is success, saving and testing take it too",
        arguments: [200, 201, 202, 204, 299, 300, 199, 404]
    )
    func any2xx(status: Int) async throws {
        let outcome = SendOutcome.status(status, "Test")
        let isSuccess = (200..<300).contains(status)
        let harness = Harness(outcome, outcome, rules: AgentRules(success: .any2xx))
        let result = try await harness.agent.testWebhook(Self.webhook, by: harness.caller)
        #expect(result.success == isSuccess)
        guard !isSuccess else {
            let saved = try await harness.agent.saveWebhook(Self.webhook, by: harness.caller)
            #expect(try await harness.stored() == [saved])
            return
        }
        let error = await failure { _ = try await harness.agent.saveWebhook(Self.webhook, by: harness.caller) }
        #expect(
            error?.message.contains("did not answer the test event with a 2xx status but: HTTP/1.1 \(status)") == true
        )
        #expect(try await harness.stored().isEmpty)
    }

    @Test("The check has a switch")
    func unverified() async throws {
        let harness = Harness(.status(500, "Oops"), rules: AgentRules(verifiesTarget: false))
        let saved = try await harness.agent.saveWebhook(Self.webhook, by: harness.caller)
        #expect(try await harness.stored() == [saved])
        #expect(harness.sender.sent.isEmpty)
    }

    // MARK: TestWebhook

    @Test("TestWebhook sends the test event and stores nothing")
    func testing() async throws {
        let harness = Harness()
        let result = try await harness.agent.testWebhook(Self.webhook, by: harness.caller)
        #expect(result.success)
        expectTestEvent(harness.sender.sent)
        #expect(try await harness.stored().isEmpty)
    }

    @Test("TestWebhook tells status line, headers and body of the answer")
    func transcript() async throws {
        let answer = TargetAnswer(
            status: 200,
            reason: "OK",
            headers: [.init(key: "Content-Type", value: "text/plain"), .init(key: "X-Empty", value: nil)],
            body: Array("line 1\nblåbær".utf8)
        )
        let harness = Harness(.answered(answer))
        let result = try await harness.agent.testWebhook(Self.webhook, by: harness.caller)
        #expect(result.success)
        #expect(result.message == "HTTP/1.1 200 OK\nContent-Type: text/plain\nX-Empty: \n\nline 1\nblåbær")
    }

    @Test("TestWebhook that fails is a result, not an error", arguments: TargetTests.failures)
    func failingTest(outcome: SendOutcome, text: String) async throws {
        let harness = Harness(outcome)
        let result = try await harness.agent.testWebhook(Self.webhook, by: harness.caller)
        #expect(!result.success)
        #expect(result.message.hasPrefix(text))
    }

    @Test("TestWebhook needs a valid target and nothing else")
    func testNeeds() async throws {
        let harness = Harness()
        var webhook = Webhook()
        webhook.targetURL = "https://example.com/"
        webhook.id = 99
        webhook.properties = ObjectDictionary([("a", .untyped(text: "5"))])
        #expect(try await harness.agent.testWebhook(webhook, by: harness.caller).success)
        let body = try #require(harness.sender.sent.first).body
        #expect(String(decoding: body, as: UTF8.self).hasSuffix(",\"WebhookName\":null,\"a\":\"5\"}"))
        for target in [nil, "", "hook", "http://example.com/"] {
            webhook.targetURL = target
            let broken = webhook
            let error = await failure { _ = try await harness.agent.testWebhook(broken, by: harness.caller) }
            #expect(error?.kind == .validation)
            #expect(error?.parameters.map(\.key) == ["TargetUrl"])
        }
        #expect(harness.sender.sent.count == 1)
    }

    @Test("TestWebhook takes an empty type for a missing one")
    func testOfEmptyType() async throws {
        let harness = Harness()
        var webhook = Self.webhook
        webhook.type = ""
        let empty = webhook
        let error = await failure { _ = try await harness.agent.testWebhook(empty, by: harness.caller) }
        #expect(error == nil)
        #expect(harness.sender.sent.count == 1)
    }

    @Test("TestWebhook refuses headers that could inject others, and other types")
    func testRefusals() async throws {
        let harness = Harness()
        var injecting = Self.webhook
        injecting.headers = StringDictionary([.init(key: "X-A", value: "1\r\nX-B: 2")])
        let hostile = injecting
        let error = await failure { _ = try await harness.agent.testWebhook(hostile, by: harness.caller) }
        #expect(error?.parameters.map(\.key) == ["Headers"])
        var script = Self.webhook
        script.type = "crmscript"
        let other = script
        let unsupported = await failure { _ = try await harness.agent.testWebhook(other, by: harness.caller) }
        #expect(unsupported?.kind == .notSupported)
        #expect(unsupported?.message.contains("crmscript") == true)
        let missing = await failure { _ = try await harness.agent.testWebhook(nil, by: harness.caller) }
        #expect(missing?.kind == .invalidArgument)
        #expect(harness.sender.sent.isEmpty)
    }
}
