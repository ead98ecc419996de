import AgentCore
import Logging
import MemoryStorage
import StoreContracts
import TestSupport
import Testing
import WebhookModel

@Suite("Operations on stored webhooks")
struct OperationTests {
    private func save(_ harness: Harness, _ change: (inout Webhook) -> Void = { _ in }) async throws -> Webhook {
        var webhook = Fixed.webhook
        change(&webhook)
        return try await harness.agent.saveWebhook(webhook, by: harness.caller)
    }

    @Test("GetWebhook gives nothing for an id that is not there", arguments: [0, 1, -1, .max] as [Int32])
    func getAbsent(id: Int32) async throws {
        let harness = Harness()
        #expect(try await harness.agent.webhook(id: id, for: harness.caller) == nil)
    }

    @Test("GetAllWebhooks lists by id what passes the filter")
    func list() async throws {
        let harness = Harness()
        let first = try await save(harness)
        let second = try await save(harness) {
            $0.name = "Second"; $0.state = .stopped
        }
        let third = try await save(harness) { $0.events = ["SALE.created", "contact.created"] }
        func ids(_ filter: WebhookFilter) async throws -> [Int32] {
            try await harness.agent.webhooks(matching: filter, for: harness.caller).map(\.id)
        }
        #expect(try await ids(WebhookFilter()) == [first.id, second.id, third.id])
        #expect(try await ids(WebhookFilter(name: "Hook")) == [first.id, third.id])
        #expect(try await ids(WebhookFilter(event: "sale.CREATED")) == [third.id])
        #expect(try await ids(WebhookFilter(state: .stopped)) == [second.id])
        #expect(try await ids(WebhookFilter(name: "Second", state: .active)) == [])
    }

    @Test("DeleteWebhook deletes, and succeeds when there is nothing to delete")
    func delete() async throws {
        let harness = Harness()
        let stored = try await save(harness)
        try await harness.agent.deleteWebhook(id: stored.id + 1, for: harness.caller)
        #expect(try await harness.stored() == [stored])
        for _ in 0..<2 {
            try await harness.agent.deleteWebhook(id: stored.id, for: harness.caller)
            #expect(try await harness.stored().isEmpty)
        }
        let next = try await save(harness)
        #expect(next.id != stored.id)
    }

    @Test("SignalEvent queues the documented body for whoever listens, in any case, and sends nothing itself")
    func signal() async throws {
        let harness = Harness()
        _ = try await save(harness) { $0.events = ["Contact.Created"] }
        _ = try await save(harness) { $0.events = ["contact.changed"] }
        _ = try await save(harness) { $0.state = .stopped }
        let sentBefore = harness.sender.sent.count
        let data = ObjectDictionary([("name", .string("x")), ("count", .scalar(.int, text: "5"))])
        try await harness.agent.signalEvent(name: "contact.CREATED", primaryKey: 5, data: data, by: harness.caller)
        let expected = """
            {"EventId":"\(Fixed.idText)","Timestamp":"2024-02-29T12:30:15.12345Z","Changes":["name","count"],\
            "Event":"contact.CREATED","PrimaryKey":5,"Entity":"contact","ContextIdentifier":"Default",\
            "ChangedByAssociateId":7,"WebhookName":"Hook"}
            """
        #expect(try await harness.dueBodies() == [expected])
        #expect(harness.sender.sent.count == sentBefore)
    }

    @Test("FieldValues are sent along where the installation says so", arguments: [true, false])
    func fieldValues(isOn: Bool) async throws {
        let harness = Harness(rules: AgentRules(sendsFieldValues: isOn))
        _ = try await save(harness)
        let data = ObjectDictionary([("b", .scalar(.long, text: "9223372036854775807")), ("a", .null)])
        try await harness.agent.signalEvent(name: "contact.created", primaryKey: 5, data: data, by: harness.caller)
        let body = try #require(try await harness.dueBodies().first)
        let values = ",\"FieldValues\":{\"b\":9223372036854775807,\"a\":null}}"
        #expect(body.hasSuffix(isOn ? "\"WebhookName\":\"Hook\"" + values : "\"WebhookName\":\"Hook\"}"))
        #expect(body.contains("\"Changes\":[\"b\",\"a\"]"))
    }

    @Test(
        "An event without data carries no field values, empty where the installation sends them; the test event has none"
    )
    func noFieldValues() async throws {
        for (isOn, end) in [(true, #""Hook","FieldValues":{}}"#), (false, #""Hook"}"#)] {
            let harness = Harness(rules: AgentRules(sendsFieldValues: isOn))
            _ = try await save(harness)
            try await harness.agent.signalEvent(name: "contact.created", primaryKey: 5, data: nil, by: harness.caller)
            let body = try #require(try await harness.dueBodies().first)
            #expect(body.hasSuffix(end), "\(body)")
            let tests = harness.sender.sent.map { String(decoding: $0.body, as: UTF8.self) }
            #expect(tests == [Fixed.testBody])
        }
    }

    @Test("The body is fixed when the event is signalled; the properties are those of then")
    func fixedBody() async throws {
        let harness = Harness()
        var stored = try await save(harness) { $0.properties = ObjectDictionary([("p", .string("then"))]) }
        try await harness.agent.signalEvent(name: "contact.created", primaryKey: 5, data: nil, by: harness.caller)
        stored.properties = ObjectDictionary([("p", .string("now"))])
        stored.name = "Other"
        _ = try await harness.agent.saveWebhook(stored, by: harness.caller)
        let body = try #require(try await harness.dueBodies().first)
        #expect(
            body.hasSuffix(
                ",\"Changes\":[],\"Event\":\"contact.created\",\"PrimaryKey\":5,\"Entity\":\"contact\","
                    + "\"ContextIdentifier\":\"Default\",\"ChangedByAssociateId\":7,\"WebhookName\":\"Hook\",\"p\":\"then\"}"
            )
        )
    }

    @Test(
        "Nobody listening is success, and so is an event without a name",
        arguments: [nil, "", "x", "contact"] as [String?]
    )
    func nobody(name: String?) async throws {
        let harness = Harness()
        _ = try await save(harness)
        try await harness.agent.signalEvent(name: name, primaryKey: 0, data: nil, by: harness.caller)
        #expect(try await harness.dueBodies() == [])
    }

    @Test("An event reaches every application of its tenant, and no other tenant")
    func tenants() async throws {
        let harness = Harness()
        let callers = [("Cust1", "a"), ("Cust1", "b"), ("Cust2", "a")].map { tenant, application in
            Caller(tenant: tenant, application: application, associate: Fixed.anna)
        }
        for caller in callers { _ = try await harness.agent.saveWebhook(Fixed.webhook, by: caller) }
        try await harness.agent.signalEvent(name: "contact.created", primaryKey: 1, data: nil, by: callers[0])
        let bodies = try await harness.dueBodies()
        #expect(bodies.count == 2)
        #expect(bodies.allSatisfy { $0.contains("\"ContextIdentifier\":\"Cust1\"") })
    }

    @Test("GetLastError is empty when there was none, or no such webhook; else the last failure's text")
    func lastError() async throws {
        let harness = Harness()
        let stored = try await save(harness)
        let other = Caller(tenant: "Other", associate: Fixed.anna)
        #expect(try await harness.agent.lastError(id: stored.id, for: harness.caller) == "")
        #expect(try await harness.agent.lastError(id: 99, for: harness.caller) == "")
        try await harness.agent.signalEvent(name: "contact.created", primaryKey: 1, data: nil, by: harness.caller)
        let claims = try await harness.store.claim(
            ClaimLimits(total: 1),
            for: Lease(owner: Fixed.id, start: harness.clock.now, duration: .seconds(1))
        )
        let claim = try #require(claims.first)
        let outcome = SendOutcome.answered(TargetAnswer(status: 500, reason: "Oops"))
        let attempt = Attempt(started: harness.clock.now, duration: .seconds(1), retry: 0, outcome: outcome)
        let result = DeliveryResult(
            id: claim.id,
            fence: claim.fence,
            attempt: attempt,
            outcome: outcome,
            decided: attempt.ended,
            policy: .netServer,
            random: 0
        )
        let due = attempt.ended.advanced(by: .seconds(1))
        #expect(try await harness.store.record([result]) == [.retry(at: due)])
        #expect(try await harness.agent.lastError(id: stored.id, for: harness.caller) == "HTTP/1.1 500 Oops")
        #expect(try await harness.agent.lastError(id: stored.id, for: other) == "")
    }

    @Test("A store that fails is told by a reference, without internals")
    func brokenStore() async throws {
        let agent = WebhookAgent(
            store: BrokenStore(),
            sender: ScriptedSender([]),
            rules: AgentRules(),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            now: { Fixed.time },
            makeID: { Fixed.id }
        )
        let caller = Caller(tenant: "Default", associate: Fixed.anna)
        var stored = Fixed.webhook
        stored.id = 1
        let update = stored
        let errors = [
            await failure { _ = try await agent.saveWebhook(Fixed.webhook, by: caller) },
            await failure { _ = try await agent.saveWebhook(update, by: caller) },
            await failure { _ = try await agent.webhook(id: 1, for: caller) },
            await failure { _ = try await agent.webhooks(matching: WebhookFilter(), for: caller) },
            await failure { try await agent.deleteWebhook(id: 1, for: caller) },
            await failure { try await agent.signalEvent(name: "x", primaryKey: 1, data: nil, by: caller) },
            await failure { _ = try await agent.lastError(id: 1, for: caller) },
        ]
        for error in errors {
            let error = try #require(error)
            #expect(error.kind == .server)
            #expect(error.message.contains(Fixed.idText))
            #expect(error.friendlyText.contains(Fixed.idText))
            for text in [error.message, error.friendlyText] {
                #expect(!text.contains("I/O"))
                #expect(!text.contains("sqlite"))
            }
        }
    }
}
