import AgentCore
import TestSupport
import Testing
import WebhookModel

@Suite("What may be saved")
struct ValidationTests {
    /// The error of saving `webhook`; nothing may have been sent or stored then.
    private func refusal(of webhook: Webhook, rules: AgentRules = AgentRules()) async throws -> AgentError? {
        let harness = Harness(rules: rules)
        let error = await failure { _ = try await harness.agent.saveWebhook(webhook, by: harness.caller) }
        if error != nil {
            #expect(harness.sender.sent.isEmpty)
            #expect(try await harness.stored().isEmpty)
        }
        return error
    }

    @Test("Events may not be empty", arguments: [nil, [], [nil], [""], ["", nil]] as [[String?]?])
    func events(events: [String?]?) async throws {
        var webhook = Fixed.webhook
        webhook.events = events
        let error = try await refusal(of: webhook)
        #expect(error?.kind == .validation)
        #expect(error?.parameters.map(\.key) == ["Events"])
        #expect(error?.message.contains("Events") == true)
    }

    static let noURLs: [String] = [
        "example.com/hook", "/hook", "//example.com/hook", "https:", "https://", "https:///hook", "https:/example.com",
        "https:example.com", "ftp://example.com/hook", "file:///etc/passwd", "javascript:alert(1)",
        "httpss://example.com",
        "https://example.com:0/", "https://example.com:65536/", "https://example.com:x/", "https://exa mple.com/",
        "https://example.com/\r\nX-Injected: 1", "https://example.com/\n", "https://example.com/\u{0}", "hook", " ",
        "?",
        "\u{0}https://example.com/",
        "https://[::1%25lo]/", "https://127.0.0.%31/", "https://[localhost]/", "https://[127.0.0.1]/", "https://a|b/",
    ]

    @Test("The target must be an absolute http or https URL", arguments: ValidationTests.noURLs)
    func noURL(target: String) async throws {
        var webhook = Fixed.webhook
        webhook.targetURL = target
        for rules in [AgentRules(), AgentRules(requiresHTTPS: false), AgentRules(verifiesTarget: false)] {
            let error = try await refusal(of: webhook, rules: rules)
            #expect(error?.kind == .validation)
            #expect(error?.parameters.map(\.key) == ["TargetUrl"])
        }
    }

    @Test("A target is needed, for every type", arguments: [nil, ""] as [String?])
    func noTarget(target: String?) async throws {
        for type in [nil, "webhook", "crmscript"] {
            var webhook = Fixed.webhook
            webhook.targetURL = target
            webhook.type = type
            let error = try await refusal(of: webhook)
            #expect(error?.kind == .validation)
            #expect(error?.parameters.map(\.key) == ["TargetUrl"])
        }
    }

    @Test(
        "Absolute https URLs are targets",
        arguments: [
            "https://example.com", "https://example.com/", "HTTPS://EXAMPLE.com/hook?a=b&c=%20#d",
            "https://127.0.0.1:8443/h",
            "https://[::1]/hook", "https://[::1]:65535/hook", "https://user:password@example.com/",
            "https://localhost:1/",
            "https://xn--blbr-roah.no/",
        ]
    )
    func url(target: String) async throws {
        var webhook = Fixed.webhook
        webhook.targetURL = target
        let error = try await refusal(of: webhook)
        #expect(error == nil)
    }

    @Test(
        "Plain http is refused unless the installation allows it",
        arguments: ["http://example.com/", "HTTP://localhost:1/"]
    )
    func http(target: String) async throws {
        var webhook = Fixed.webhook
        webhook.targetURL = target
        let error = try await refusal(of: webhook)
        #expect(error?.kind == .validation)
        #expect(error?.parameters.map(\.key) == ["TargetUrl"])
        #expect(error?.friendlyText.contains("https") == true)
        let allowed = try await refusal(of: webhook, rules: AgentRules(requiresHTTPS: false))
        #expect(allowed == nil)
    }

    @Test(
        "Headers that would end the header or begin another are refused",
        arguments: [
            ("X-A", "1\r\nX-B: 2"), ("X-A", "1\nX-B: 2"), ("X-A", "1\r"), ("X-A", "\u{0}"), ("X-A", "a\u{7F}"),
            ("X-A\r\nX-B", "1"), ("X-A: 1\r\nX-B", "2"), ("X A", "1"), ("X-A:", "1"), ("X-Ä", "1"),
            ("X-A\u{0}", "1"), ("(X)", "1"), ("X\"A", "1"),
        ]
    )
    func headerInjection(name: String, value: String) async throws {
        var webhook = Fixed.webhook
        webhook.headers = StringDictionary([.init(key: "X-Fine", value: "1"), .init(key: name, value: value)])
        let error = try await refusal(of: webhook)
        #expect(error?.kind == .validation)
        #expect(error?.parameters.map(\.key) == ["Headers"])
        webhook.type = "crmscript"
        #expect(try await refusal(of: webhook)?.kind == .validation)
    }

    @Test("Properties nest as deep as an envelope can hold, and no deeper")
    func nesting() async throws {
        for (levels, isFine) in [(24, true), (25, false)] {
            var properties = ObjectDictionary([("x", .string("1"))])
            for _ in 1..<levels { properties = ObjectDictionary([("x", .dictionary(properties))]) }
            var webhook = Fixed.webhook
            webhook.properties = properties
            #expect(try await refusal(of: webhook)?.parameters.map(\.key) == (isFine ? nil : ["Properties"]))
        }
    }

    @Test("A header's name and its value have an end", arguments: [true, false])
    func longHeaders(isName: Bool) async throws {
        for (length, isFine) in [(4096, true), (4097, false)] {
            var webhook = Fixed.webhook
            let long = String(repeating: "x", count: length)
            webhook.headers = StringDictionary([isName ? .init(key: long, value: "") : .init(key: "X-A", value: long)])
            #expect(try await refusal(of: webhook)?.parameters.map(\.key) == (isFine ? nil : ["Headers"]))
        }
    }

    @Test(
        "Headers that HTTP allows are saved, the reserved ones too",
        arguments: [
            ("X-A", "1"), ("x!#$%&'*+-.^_`|~0", "a\tb"), ("X-A", ""), ("X-A", nil), ("", ""), ("X-A", "blåbær 😀"),
            ("Host", "x"),
            ("Content-Type", "x"), ("X-SuperOffice-Event", "x"), ("Authorization", "Basic YTpi"),
        ] as [(String, String?)]
    )
    func headers(name: String, value: String?) async throws {
        var webhook = Fixed.webhook
        webhook.headers = StringDictionary([.init(key: name, value: value)])
        let harness = Harness()
        let saved = try await harness.agent.saveWebhook(webhook, by: harness.caller)
        #expect(saved.headers == webhook.headers)
    }

    @Test("All that is wrong is told at once, and for people too")
    func several() async throws {
        var webhook = Webhook()
        webhook.targetURL = "http://example.com"
        webhook.headers = StringDictionary([.init(key: "X A", value: ""), .init(key: "X-B", value: "\n")])
        let error = try #require(try await refusal(of: webhook))
        #expect(error.kind == .validation)
        #expect(error.kind.exceptionType == "SuperOffice.Exceptions.SoValidationException")
        #expect(error.parameters.map(\.key) == ["Events", "TargetUrl", "Headers", "Headers"])
        for parameter in error.parameters {
            let fault = try #require(parameter.value)
            #expect(!fault.isEmpty)
            #expect(error.message.contains(fault))
            #expect(error.friendlyText.contains(fault))
        }
    }

    @Test("An update is held to the same rules and changes nothing when it breaks them")
    func update() async throws {
        let harness = Harness()
        let stored = try await harness.agent.saveWebhook(Fixed.webhook, by: harness.caller)
        var update = Webhook()
        update.id = stored.id
        let broken = update
        let error = await failure { _ = try await harness.agent.saveWebhook(broken, by: harness.caller) }
        #expect(error?.parameters.map(\.key) == ["Events", "TargetUrl"])
        #expect(try await harness.stored() == [stored])
        #expect(harness.sender.sent.count == 1)
    }

    @Test("Other types are stored and listed without a URL, and nobody is asked")
    func otherType() async throws {
        let harness = Harness(.status(500, "No"))
        var webhook = Fixed.webhook
        webhook.type = "crmscript"
        webhook.targetURL = "My script \u{1F600}"
        let saved = try await harness.agent.saveWebhook(webhook, by: harness.caller)
        #expect(saved.type == "crmscript")
        #expect(saved.targetURL == "My script \u{1F600}")
        #expect(saved.state == .active)
        #expect(harness.sender.sent.isEmpty)
        #expect(try await harness.agent.webhooks(matching: WebhookFilter(), for: harness.caller) == [saved])
        webhook.events = []
        let broken = webhook
        let error = await failure { _ = try await harness.agent.saveWebhook(broken, by: harness.caller) }
        #expect(error?.parameters.map(\.key) == ["Events"])
    }
}
