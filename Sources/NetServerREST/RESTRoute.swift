import AgentCore
import HTTPTypes
import Text

/// What a path beneath `/api` asks for.
enum RESTRoute: Hashable, Sendable {
    /// `/api`
    case versions
    /// `/api/v1`
    case service
    /// `/api/v1/openapi.json`
    case description
    /// `/api/v1/Webhook/default`
    case defaultWebhook
    /// `/api/v1/Webhook`
    case webhooks
    /// `/api/v1/Webhook/Test`
    case test
    /// `/api/v1/Webhook/{id}`
    case webhook(Int32)
    /// `/api/v1/Webhook/{id}/LastError`
    case lastError(Int32)
    /// `/api/v1/Webhook/{eventName}/{primaryKey}`
    case signal(event: String, primaryKey: Int32)
    /// `/api/v1/Agents/Webhook/{Operation}`
    case agent(WebhookOperation)
    /// `/api/v1/Archive/dynamic`
    case archive

    /// - Parameter parts: What follows `/api`, percent signs resolved. Names are taken in any case.
    init?(_ parts: [String]) {
        // Databases end a text there.
        guard !parts.contains(where: { $0.utf8.contains(0) }) else { return nil }
        let names = parts.map { AnyCaseName($0).text }
        guard let version = names.first else {
            self = .versions
            return
        }
        guard version == "v1" else { return nil }
        switch (names.count, names.dropFirst().first, names.dropFirst(2).first) {
        case (1, _, _): self = .service
        case (2, "openapi.json"?, _): self = .description
        case (2, "webhook"?, _): self = .webhooks
        case (3, "archive"?, "dynamic"?): self = .archive
        case (3, "webhook"?, "default"?): self = .defaultWebhook
        case (3, "webhook"?, "test"?): self = .test
        case (3, "webhook"?, let id?):
            guard let id = Int32(id) else { return nil }
            self = .webhook(id)
        case (4, "webhook"?, _) where names[3] == "lasterror":
            guard let id = Int32(names[2]) else { return nil }
            self = .lastError(id)
        case (4, "webhook"?, _):
            guard let key = Int32(names[3]) else { return nil }
            self = .signal(event: parts[2], primaryKey: key)
        case (4, "agents"?, "webhook"?):
            guard let operation = WebhookOperation.allCases.first(where: { $0.rawValue.lowercased() == names[3] })
            else { return nil }
            self = .agent(operation)
        default: return nil
        }
    }

    /// The methods that it takes.
    var methods: [HTTPRequest.Method] {
        switch self {
        case .versions, .service, .description, .defaultWebhook, .lastError, .archive: [.get]
        case .webhooks, .agent: [.get, .post]
        case .webhook: [.get, .put, .patch, .delete]
        case .test, .signal: [.post]
        }
    }

    /// Whether anybody may ask.
    func isOpen(_ method: HTTPRequest.Method) -> Bool {
        switch self {
        case .versions, .service, .description: true
        // It describes the call.
        case .agent: method == .get
        default: false
        }
    }

    /// The operation that a call is of, as errors name it.
    func operation(_ method: HTTPRequest.Method) -> WebhookOperation? {
        switch (self, method) {
        case (.versions, _), (.service, _), (.description, _), (.archive, _), (.agent, .get): nil
        case (.defaultWebhook, _): .createDefaultWebhook
        case (.webhooks, .get): .getAllWebhooks
        case (.webhooks, _): .saveWebhook
        case (.test, _): .testWebhook
        case (.webhook, .get): .getWebhook
        case (.webhook, .delete): .deleteWebhook
        case (.webhook, _): .saveWebhook
        case (.lastError, _): .getLastError
        case (.signal, _): .signalEvent
        case (.agent(let operation), _): operation
        }
    }
}
