import AgentCore
import SOAP
import WebhookModel
import XML

/// A call of `Webhook.svc` with its arguments (docs/contract.md#section-3).
enum WebhookCall {
    case createDefaultWebhook
    case saveWebhook(Webhook?)
    case getWebhook(id: Int32)
    case getAllWebhooks(WebhookFilter)
    case deleteWebhook(id: Int32)
    case testWebhook(Webhook?)
    case signalEvent(name: String?, primaryKey: Int32, data: ObjectDictionary?)
    case getLastError(id: Int32)

    /// Reads the arguments of `operation` in `element`. Throws a fault when one is not of its type.
    init(_ operation: WebhookOperation, _ element: XMLElement, number: ServiceNumber) throws(SOAPFault) {
        let service = FieldNamespace.service(number.namespace)
        switch operation {
        case .createDefaultWebhook: self = .createDefaultWebhook
        case .saveWebhook: self = .saveWebhook(try Self.webhook(element, number))
        case .getWebhook: self = .getWebhook(id: try Self.id(element, service))
        case .getAllWebhooks:
            self = .getAllWebhooks(
                WebhookFilter(
                    name: try element.field("NameFilter", in: service)?.string(),
                    event: try element.field("EventFilter", in: service)?.string(),
                    state: try WebhookState(element.field("StatusFilter", in: service))
                )
            )
        case .deleteWebhook: self = .deleteWebhook(id: try Self.id(element, service))
        case .testWebhook: self = .testWebhook(try Self.webhook(element, number))
        case .signalEvent:
            self = .signalEvent(
                name: try element.field("EventName", in: service)?.string(),
                primaryKey: try element.field("PrimaryKey", in: service)?.int32() ?? 0,
                data: try element.field("Data", in: service).map { element throws(SOAPFault) in
                    try ObjectDictionary(element, service: service)
                }
            )
        case .getLastError: self = .getLastError(id: try Self.id(element, service))
        }
    }

    private static func id(_ element: XMLElement, _ service: FieldNamespace) throws(SOAPFault) -> Int32 {
        try element.field("WebhookId", in: service)?.int32() ?? 0
    }

    private static func webhook(_ element: XMLElement, _ number: ServiceNumber) throws(SOAPFault) -> Webhook? {
        try element.field("Webhook", in: .service(number.namespace)).map { element throws(SOAPFault) in
            try Webhook(element, number: number)
        }
    }

    /// Asks the agent, and returns the answer in the words of a service number's contract.
    func result(
        from agent: WebhookAgent,
        for caller: Caller,
        number: ServiceNumber
    ) async throws(AgentError) -> SOAPService.Outcome {
        switch self {
        case .createDefaultWebhook: return Self.result(try agent.createDefaultWebhook(for: caller), number)
        case .saveWebhook(let webhook): return Self.result(try await agent.saveWebhook(webhook, by: caller), number)
        case .getWebhook(let id): return Self.result(try await agent.webhook(id: id, for: caller), number)
        case .getAllWebhooks(let filter):
            return .webhooks { id, limit throws(AgentError) in
                try await agent.webhooks(matching: filter, after: id, limit: limit, for: caller)
            }
        case .deleteWebhook(let id):
            try await agent.deleteWebhook(id: id, for: caller)
            return .content { _ in }
        case .testWebhook(let webhook):
            let result = try await agent.testWebhook(webhook, by: caller)
            return .content { writer in
                writer.begin("Response", .service("WebhookResult"))
                writer.writeCarrierMembers()
                writer.boolean("Success", result.success)
                writer.string("Message", result.message)
                writer.end("Response")
            }
        case .signalEvent(let name, let primaryKey, let data):
            try await agent.signalEvent(name: name, primaryKey: primaryKey, data: data, by: caller)
            return .content { _ in }
        case .getLastError(let id):
            let error = try await agent.lastError(id: id, for: caller)
            return .content { $0.string("Response", error) }
        }
    }

    private static func result(_ webhook: Webhook?, _ number: ServiceNumber) -> SOAPService.Outcome {
        .content { Webhook.write(webhook, "Response", for: number, to: &$0) }
    }
}

extension WebhookOperation {
    /// The element of the answer: the operation's name and `Response`, which is not put together for every request.
    var responseElement: String {
        switch self {
        case .createDefaultWebhook: "CreateDefaultWebhookResponse"
        case .saveWebhook: "SaveWebhookResponse"
        case .getWebhook: "GetWebhookResponse"
        case .getAllWebhooks: "GetAllWebhooksResponse"
        case .deleteWebhook: "DeleteWebhookResponse"
        case .testWebhook: "TestWebhookResponse"
        case .signalEvent: "SignalEventResponse"
        case .getLastError: "GetLastErrorResponse"
        }
    }
}
