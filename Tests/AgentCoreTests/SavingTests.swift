import AgentCore
import TestSupport
import Testing
import WebhookModel

@Suite("Saving webhooks")
struct SavingTests {
    @Test("A default webhook is Active, for contacts, and not stored")
    func createDefault() async throws {
        let harness = Harness()
        let webhook = try harness.agent.createDefaultWebhook(for: harness.caller)
        var expected = Webhook()
        expected.state = .active
        expected.type = "webhook"
        expected.events = ["contact.created", "contact.deleted"]
        #expect(webhook == expected)
        #expect(webhook.id == 0)
        #expect(try await harness.stored().isEmpty)
        #expect(harness.sender.sent.isEmpty)
    }

    @Test("Id 0 creates; the server sets id, times and associates")
    func create() async throws {
        let harness = Harness()
        var webhook = Fixed.webhook
        webhook.registered = Timestamp(ticks: 1)
        webhook.registeredBy = Fixed.bert
        webhook.updated = Timestamp(ticks: 2)
        webhook.updatedBy = Fixed.bert
        let saved = try await harness.agent.saveWebhook(webhook, by: harness.caller)
        var expected = Fixed.webhook
        expected.id = saved.id
        expected.state = .active
        expected.type = "webhook"
        expected.registered = Fixed.time
        expected.registeredBy = Fixed.anna
        expected.updated = Fixed.time
        expected.updatedBy = Fixed.anna
        #expect(saved == expected)
        #expect(saved.id > 0)
        #expect(try await harness.stored() == [expected])
        #expect(try await harness.agent.webhook(id: saved.id, for: harness.caller) == expected)
    }

    @Test("A save without a webhook is refused")
    func missing() async {
        let harness = Harness()
        let error = await failure { _ = try await harness.agent.saveWebhook(nil, by: harness.caller) }
        #expect(error?.kind == .invalidArgument)
        #expect(error?.message.contains("Webhook") == true)
        #expect(error?.friendlyText.isEmpty == false)
    }

    @Test(
        "On creation a missing state is Active, any other is kept",
        arguments: [
            (.unknown, .active), (.active, .active), (.stopped, .stopped), (.tooManyErrors, .tooManyErrors),
        ] as [(WebhookState, WebhookState)]
    )
    func stateOfNew(given: WebhookState, expected: WebhookState) async throws {
        let harness = Harness()
        var webhook = Fixed.webhook
        webhook.state = given
        #expect(try await harness.agent.saveWebhook(webhook, by: harness.caller).state == expected)
    }

    @Test("A missing type is webhook, on creation and on update", arguments: [nil, "", "webhook"] as [String?])
    func missingType(type: String?) async throws {
        let harness = Harness()
        var webhook = Fixed.webhook
        webhook.type = type
        var saved = try await harness.agent.saveWebhook(webhook, by: harness.caller)
        #expect(saved.type == "webhook")
        saved.type = type
        #expect(try await harness.agent.saveWebhook(saved, by: harness.caller).type == "webhook")
    }

    @Test("Values without a type are stored as strings")
    func untypedProperties() async throws {
        let harness = Harness()
        var webhook = Fixed.webhook
        webhook.properties = ObjectDictionary([
            ("a", .untyped(text: "5")), ("b", .dictionary(ObjectDictionary([("c", .untyped(text: "6"))]))),
        ])
        let saved = try await harness.agent.saveWebhook(webhook, by: harness.caller)
        #expect(saved.properties?["a"] == .string("5"))
        #expect(saved.properties?["b"] == .dictionary(ObjectDictionary([("c", .string("6"))])))
    }

    // MARK: Updates

    /// A stored webhook with something in every field.
    private func full(_ harness: Harness, state: WebhookState = .stopped) async throws -> Webhook {
        var webhook = Fixed.webhook
        webhook.secret = "secret"
        webhook.state = state
        webhook.headers = StringDictionary([.init(key: "X-A", value: "1")])
        webhook.properties = ObjectDictionary([
            ("count", .scalar(.int, text: "5")), ("flag", .scalar(.boolean, text: "true")),
        ])
        return try await harness.agent.saveWebhook(webhook, by: harness.caller)
    }

    @Test("An update replaces the whole webhook, its state and its registration apart")
    func update() async throws {
        let harness = Harness()
        let stored = try await full(harness)
        harness.clock.advance(by: .seconds(60))
        var update = Webhook()
        update.id = stored.id
        update.events = ["sale.created", nil]
        update.targetURL = "https://example.com/other"
        update.registered = .unset
        update.registeredBy = Fixed.bert
        update.updatedBy = Fixed.anna
        let bert = Caller(tenant: "Default", associate: Fixed.bert)
        let saved = try await harness.agent.saveWebhook(update, by: bert)
        var expected = update
        expected.type = "webhook"
        expected.state = .stopped
        expected.registered = Fixed.time
        expected.registeredBy = Fixed.anna
        expected.updated = Fixed.time.advanced(by: .seconds(60))
        expected.updatedBy = Fixed.bert
        #expect(saved == expected)
        #expect(saved.name == nil)
        #expect(saved.secret == nil)
        #expect(saved.headers == nil)
        #expect(saved.properties == nil)
        #expect(try await harness.stored() == [expected])
    }

    @Test(
        "On update Unknown leaves the state, any other sets it",
        arguments: WebhookState.allCases,
        WebhookState.allCases
    )
    func stateOfStored(given: WebhookState, before: WebhookState) async throws {
        let harness = Harness()
        var webhook = try await full(harness, state: before)
        let old = webhook.state
        webhook.state = given
        let saved = try await harness.agent.saveWebhook(webhook, by: harness.caller)
        #expect(saved.state == (given == .unknown ? old : given))
        #expect(try await harness.agent.webhook(id: webhook.id, for: harness.caller)?.state == saved.state)
    }

    @Test("On update a value without a type keeps the stored type where it says the same")
    func adoptedTypes() async throws {
        let harness = Harness()
        var webhook = try await full(harness)
        webhook.properties = ObjectDictionary([("flag", .untyped(text: "True")), ("count", .untyped(text: "6"))])
        let saved = try await harness.agent.saveWebhook(webhook, by: harness.caller)
        #expect(saved.properties?.entries.map(\.key) == ["flag", "count"])
        #expect(saved.properties?["flag"] == .scalar(.boolean, text: "true"))
        #expect(saved.properties?["count"] == .string("6"))
    }

    @Test("What was read can be saved again unchanged, its time of update apart")
    func saveAgain() async throws {
        let harness = Harness()
        var stored = try await full(harness)
        harness.clock.advance(by: .seconds(1))
        let saved = try await harness.agent.saveWebhook(stored, by: harness.caller)
        stored.updated = Fixed.time.advanced(by: .seconds(1))
        #expect(saved == stored)
    }

    @Test(
        "An id that is not there is not found, and its target is not asked",
        arguments: [99, -1, .max, .min] as [Int32]
    )
    func unknownID(id: Int32) async throws {
        let harness = Harness()
        let stored = try await full(harness)
        let sentBefore = harness.sender.sent.count
        var webhook = Fixed.webhook
        webhook.id = id
        let update = webhook
        let error = await failure { _ = try await harness.agent.saveWebhook(update, by: harness.caller) }
        #expect(error?.kind == .notFound)
        #expect(error?.message.contains(String(id)) == true)
        #expect(harness.sender.sent.count == sentBefore)
        #expect(try await harness.stored() == [stored])
    }

    @Test("Another application's or tenant's webhook is not there")
    func otherScope() async throws {
        let harness = Harness()
        let owner = Caller(tenant: "Cust1", application: "app", associate: Fixed.anna)
        let stored = try await harness.agent.saveWebhook(Fixed.webhook, by: owner)
        let others = [
            Caller(tenant: "Cust1", application: "other", associate: Fixed.anna),
            Caller(tenant: "Cust2", application: "app", associate: Fixed.anna),
            Caller(tenant: "Default", associate: Fixed.anna),
        ]
        for other in others {
            let error = await failure { _ = try await harness.agent.saveWebhook(stored, by: other) }
            #expect(error?.kind == .notFound)
            #expect(try await harness.agent.webhook(id: stored.id, for: other) == nil)
            #expect(try await harness.agent.webhooks(matching: WebhookFilter(), for: other).isEmpty)
            try await harness.agent.deleteWebhook(id: stored.id, for: other)
        }
        #expect(try await harness.agent.webhook(id: stored.id, for: owner) == stored)
    }
}
