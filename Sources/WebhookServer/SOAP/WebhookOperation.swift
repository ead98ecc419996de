import AgentCore
import SOAP
import XML

/// The operations of `Webhook.svc`, each bound once: its arguments are read, then the agent is called, then its answer
/// written (contract, section 3).
enum WebhookOperation: String, Sendable, CaseIterable {
    case createDefaultWebhook = "CreateDefaultWebhook"
    case saveWebhook = "SaveWebhook"
    case getWebhook = "GetWebhook"
    case getAllWebhooks = "GetAllWebhooks"
    case deleteWebhook = "DeleteWebhook"
    case testWebhook = "TestWebhook"
    case signalEvent = "SignalEvent"
    case getLastError = "GetLastError"

    /// The call of an operation whose arguments have been read.
    typealias Call = (WebhookAgent, Caller) async throws(AgentError) -> SOAPFront.Outcome

    /// The element of the answer.
    var responseElement: String { rawValue + "Response" }

    /// Reads the arguments in `element`; a fault when one is not of its type.
    func call(_ element: XMLElement, number: ServiceNumber) throws(SOAPFault) -> Call {
        let service = FieldNamespace.service(number.namespace)
        switch self {
        case .createDefaultWebhook:
            return { agent, caller throws(AgentError) in
                Self.response(try agent.createDefaultWebhook(for: caller), number)
            }
        case .saveWebhook:
            let webhook = try Self.webhook(element, number)
            return { agent, caller throws(AgentError) in
                Self.response(try await agent.saveWebhook(webhook, by: caller), number)
            }
        case .getWebhook:
            let id = try element.field("WebhookId", in: service)?.int32() ?? 0
            return { agent, caller throws(AgentError) in
                Self.response(try await agent.webhook(id: id, for: caller), number)
            }
        case .getAllWebhooks:
            let filter = WebhookFilter(
                name: try element.field("NameFilter", in: service)?.string(),
                event: try element.field("EventFilter", in: service)?.string(),
                state: try WebhookState(element.field("StatusFilter", in: service))
            )
            return { agent, caller throws(AgentError) in
                .webhooks(number) { id, limit throws(AgentError) in
                    try await agent.webhooks(matching: filter, after: id, limit: limit, for: caller)
                }
            }
        case .deleteWebhook:
            let id = try element.field("WebhookId", in: service)?.int32() ?? 0
            return { agent, caller throws(AgentError) in
                try await agent.deleteWebhook(id: id, for: caller)
                return .content { _ in }
            }
        case .testWebhook:
            let webhook = try Self.webhook(element, number)
            return { agent, caller throws(AgentError) in
                Self.response(try await agent.testWebhook(webhook, by: caller))
            }
        case .signalEvent:
            return try Self.signal(element, service: service)
        case .getLastError:
            let id = try element.field("WebhookId", in: service)?.int32() ?? 0
            return { agent, caller throws(AgentError) in
                let error = try await agent.lastError(id: id, for: caller)
                return .content { $0.string("Response", error) }
            }
        }
    }

    private static func webhook(_ element: XMLElement, _ number: ServiceNumber) throws(SOAPFault) -> Webhook? {
        try element.field("Webhook", in: .service(number.namespace)).map { element throws(SOAPFault) in
            try Webhook(element, number: number)
        }
    }

    private static func signal(_ element: XMLElement, service: FieldNamespace) throws(SOAPFault) -> Call {
        let name = try element.field("EventName", in: service)?.string()
        let key = try element.field("PrimaryKey", in: service)?.int32() ?? 0
        let data = try element.field("Data", in: service).map { element throws(SOAPFault) in
            try ObjectDictionary(element, service: service)
        }
        return { agent, caller throws(AgentError) in
            try await agent.signalEvent(name: name, primaryKey: key, data: data, by: caller)
            return .content { _ in }
        }
    }

    private static func response(_ webhook: Webhook?, _ number: ServiceNumber) -> SOAPFront.Outcome {
        .content { Webhook.write(webhook, "Response", for: number, to: &$0) }
    }

    private static func response(_ result: WebhookTestResult) -> SOAPFront.Outcome {
        .content { writer in
            writer.begin("Response", .service("WebhookResult"))
            writer.writeCarrierMembers()
            writer.boolean("Success", result.success)
            writer.string("Message", result.message)
            writer.end("Response")
        }
    }
}
