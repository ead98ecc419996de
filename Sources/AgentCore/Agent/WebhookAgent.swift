package import FoundationEssentials
package import Logging
package import StoreContracts
import Text
package import WebhookModel

/// NetServer's Webhook agent: the eight operations, with every rule about webhooks. The SOAP and REST
/// services bind to it and add no rule.
///
/// Operations throw ``AgentError``. It is of the kind `sentry` if the caller's user lacks the right
/// ``AgentRules/webhookRight``. If the store fails, the caller gets a reference, and the log gets the whole error.
package struct WebhookAgent: Sendable {
    let store: any WebhookStore & EventIntake
    private let sender: any NotificationSender
    let rules: AgentRules
    let now: @Sendable () -> Timestamp
    let makeID: @Sendable () -> UUID
    private let failures: StoreFailureLog

    /// - Parameters:
    ///   - sender: Sends test events.
    ///   - now: The clock.
    ///   - makeID: Makes the ids of events, and the references of failures.
    package init(
        store: any WebhookStore & EventIntake,
        sender: any NotificationSender,
        rules: AgentRules,
        logger: Logger,
        now: @escaping @Sendable () -> Timestamp = { Timestamp(Date()) },
        makeID: @escaping @Sendable () -> UUID = { UUID() }
    ) {
        self.store = store
        self.sender = sender
        self.rules = rules
        failures = StoreFailureLog(logger: logger)
        self.now = now
        self.makeID = makeID
    }

    /// A webhook to start from; it is not stored.
    package func createDefaultWebhook(for caller: Caller) throws(AgentError) -> Webhook {
        try checkRight(caller)
        var webhook = Webhook()
        webhook.state = .active
        webhook.type = Webhook.deliverableType
        webhook.events = ["contact.created", "contact.deleted"]
        return webhook
    }

    /// The caller's webhook of that id, nil when there is none.
    package func webhook(id: Int32, for caller: Caller) async throws(AgentError) -> Webhook? {
        try checkRight(caller)
        return try await mappingStoreErrors { () throws(StoreError) in try await store.webhook(id: id, in: caller.scope)
        }
    }

    /// The caller's webhook of that id, where the store has it in memory; nil where ``webhook(id:for:)`` must be asked.
    package func heldWebhook(id: Int32, for caller: Caller) throws(AgentError) -> HeldWebhook? {
        try checkRight(caller)
        return store.heldWebhook(id: id, in: caller.scope)
    }

    /// The caller's webhooks that pass the filter and whose ids follow `id`, by id, `limit` at most.
    package func webhooks(
        matching filter: WebhookFilter,
        after id: Int32,
        limit: Int,
        for caller: Caller
    ) async throws(AgentError) -> [Webhook] {
        try checkRight(caller)
        return try await mappingStoreErrors { () throws(StoreError) in
            try await store.webhooks(WebhookQuery(filter, after: id, limit: limit), in: caller.scope)
        }
    }

    /// Deletes the caller's webhook of that id; an absent one is none the worse.
    package func deleteWebhook(id: Int32, for caller: Caller) async throws(AgentError) {
        try checkRight(caller)
        let time = now()
        try await mappingStoreErrors { () throws(StoreError) in
            _ = try await store.delete(id: id, in: caller.scope, at: time)
        }
    }

    /// Sends the test event to the webhook's target and tells what it answered. The webhook need not be stored.
    package func testWebhook(_ webhook: Webhook?, by caller: Caller) async throws(AgentError) -> WebhookTestResult {
        try checkRight(caller)
        guard var webhook else { throw Self.missing("Webhook") }
        webhook.trimNames()
        if webhook.id != 0, webhook.mayBeRestored {
            let id = webhook.id
            let stored = try await mappingStoreErrors { () throws(StoreError) in
                try await store.webhook(id: id, in: caller.scope)
            }
            if let stored { webhook.restoreTexts(of: stored) }
        }
        try WebhookValidation.testing(webhook, rules: rules).check()
        guard webhook.isDeliverable else {
            throw AgentError(.notSupported, "Webhooks of type '\(webhook.type ?? "")' cannot be tested here.")
        }
        switch await sender.send(testEvent(for: webhook, by: caller)) {
        case .answered(let answer):
            return WebhookTestResult(success: rules.success.includes(answer.status), message: answer.transcript)
        case .failed(let failure):
            return WebhookTestResult(success: false, message: failure.text)
        }
    }

    /// Takes an event in for every webhook of the caller's tenant that listens to it; returns once that is durable and
    /// before anything is sent. Nobody listening is success.
    package func signalEvent(
        name: String?,
        primaryKey: Int32,
        data: ObjectDictionary?,
        by caller: Caller
    ) async throws(AgentError) {
        let result = await withCheckedContinuation { continuation in
            signalEvent(name: name, primaryKey: primaryKey, data: data, by: caller) {
                continuation.resume(returning: $0)
            }
        }
        try result.get()
    }

    /// Takes an event in as the other form does.
    ///
    /// - Parameter completion: Is told once what came of it, on any thread, also on the caller's, and must not block.
    package func signalEvent(
        name: String?,
        primaryKey: Int32,
        data: ObjectDictionary?,
        by caller: Caller,
        completion: @escaping @Sendable (Result<Void, AgentError>) -> Void
    ) {
        do {
            if rules.webhookRight == .everything { try checkRight(caller) }
        } catch {
            return completion(.failure(error))
        }
        var event = event(name: name?.trimmingSpace ?? "", primaryKey: primaryKey, data: data, by: caller)
        event.missed = rules.missedEvents
        if rules.sendsFieldValues { event.bodyTail = EventBody.tail(fieldValues: data ?? ObjectDictionary()) }
        store.signal(event) { [failures, makeID] result in
            completion(failures.mapped(result, reference: makeID()).map { _ in })
        }
    }

    /// The text of the last failed delivery; empty when there was none or no such webhook.
    package func lastError(id: Int32, for caller: Caller) async throws(AgentError) -> String {
        try checkRight(caller)
        return try await mappingStoreErrors { () throws(StoreError) in
            try await store.lastError(id: id, in: caller.scope)
        } ?? ""
    }

    /// The counters of the caller's webhooks with one of these ids, by id; of the `limit` lowest at most.
    package func usages(
        of ids: ClosedRange<Int32>,
        limit: Int = .max,
        for caller: Caller
    ) async throws(AgentError) -> [Int32: WebhookUsage] {
        try checkRight(caller)
        return try await mappingStoreErrors { () throws(StoreError) in
            try await store.usages(of: ids, in: caller.scope, limit: limit)
        }
    }

    func checkRight(_ caller: Caller) throws(AgentError) {
        guard rules.webhookRight != .nothing, !caller.rights.contains(.webhooks) else { return }
        throw AgentError(
            .sentry,
            "The user '\(caller.associate.userName)' does not have the right 'webhooks'.",
            friendlyText: "You do not have the right to work with webhooks. Ask your administrator for it."
        )
    }

    func verifyTarget(of webhook: Webhook, for caller: Caller) async throws(AgentError) {
        guard rules.verifiesTarget, webhook.isDeliverable else { return }
        let outcome = await sender.send(testEvent(for: webhook, by: caller))
        if case .answered(let answer) = outcome, rules.success.includes(answer.status) { return }
        let expected = rules.success == .ok ? "200" : "a 2xx status"
        let fault = "The target did not answer the test event with \(expected) but: \(outcome.summary)"
        throw AgentError(
            .validation,
            "The webhook is not saved. " + fault,
            friendlyText: fault,
            parameters: [.init(key: "TargetUrl", value: fault)]
        )
    }

    private func testEvent(for webhook: Webhook, by caller: Caller) -> WebhookNotification {
        let event = event(name: "test", primaryKey: 0, data: nil, by: caller)
        return WebhookNotification(
            url: webhook.targetURL ?? "",
            headers: webhook.headers,
            secret: webhook.secret,
            event: event.name,
            eventID: event.id,
            retry: 0,
            isTest: true,
            body: event.bodyHead + EventBody.suffix(of: webhook) + event.bodyTail
        )
    }

    private func event(name: String, primaryKey: Int32, data: ObjectDictionary?, by caller: Caller) -> Event {
        let id = makeID()
        let time = now()
        let head = EventBody.head(
            eventID: id,
            time: time,
            changes: data?.entries.map(\.key) ?? [],
            event: name,
            primaryKey: primaryKey,
            tenant: caller.tenant,
            changedBy: caller.associate.associateID
        )
        let tail = EventBody.tail(fieldValues: nil)
        return Event(id: id, tenant: caller.tenant, name: name, bodyHead: head, bodyTail: tail, time: time)
    }

    func mappingStoreErrors<Value>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(AgentError) -> Value {
        try await failures.mappingStoreErrors(reference: makeID(), body)
    }

    static func missing(_ argument: String) -> AgentError {
        AgentError(.invalidArgument, "The argument \(argument) is missing.")
    }

    static func notFound(_ id: Int32) -> AgentError {
        AgentError(.notFound, "There is no webhook with the id \(id).")
    }
}

/// What testing a webhook showed.
package struct WebhookTestResult: Sendable, Hashable {
    /// Whether the target answered as one does that takes a delivery.
    package var success: Bool
    /// Status line, headers and body of the answer, or why there was none.
    package var message: String
}
