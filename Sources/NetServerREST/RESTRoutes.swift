import AgentCore
import HTTPRouting
import HTTPTypes

/// The routes of the REST API, by what follows `/api` (docs/contract.md#section-8).
enum RESTRoutes {
    static let table = RouteTable(descriptions + webhooks + agents)

    /// What stands before every path that ``RESTOperation/routes`` lists.
    static let version = "/v1"

    /// The routes of what follows `/api` in a path; nil when there are none.
    static func match(_ path: RequestPath) -> RouteMatch<RESTOperation>? {
        // Databases end a text at a NUL.
        guard !path.parts.contains(where: { $0.utf8.contains(0) }) else { return nil }
        return table.match(path)
    }

    private static let descriptions: [Route<RESTOperation>] = [
        Route(.get, "/", .versions, for: .everybody, "Tells the versions of the API."),
        Route(.get, "/v1", .routes, for: .everybody, "Lists what there is."),
        Route(.get, "/v1/openapi.json", .openAPI, for: .everybody, "Gets the OpenAPI document."),
    ]

    private static let webhooks: [Route<RESTOperation>] = [
        row(
            .get,
            "/v1/Webhook",
            .list,
            of: .getAllWebhooks,
            query("nameFilter", "eventFilter", "statusFilter") + "Gets the webhooks that pass every filter."
        ),
        row(.post, "/v1/Webhook", .create, of: .saveWebhook, "Creates a webhook."),
        row(.get, "/v1/Webhook/default", .defaultWebhook, of: .createDefaultWebhook, "Gets a webhook to start from."),
        row(.get, "/v1/Webhook/{id:int32}", .get, of: .getWebhook, "Gets a webhook."),
        row(.put, "/v1/Webhook/{id:int32}", .replace, of: .saveWebhook, "Replaces a webhook."),
        row(
            .patch,
            "/v1/Webhook/{id:int32}",
            .patch,
            of: .saveWebhook,
            "Changes a webhook with a JSON Patch or a merge patch."
        ),
        row(.delete, "/v1/Webhook/{id:int32}", .delete, of: .deleteWebhook, "Deletes a webhook."),
        row(.post, "/v1/Webhook/Test", .test, of: .testWebhook, "Sends the test event to a webhook's target."),
        row(
            .get,
            "/v1/Webhook/{id:int32}/LastError",
            .lastError,
            of: .getLastError,
            "Gets the text of a webhook's last failure."
        ),
        row(.post, "/v1/Webhook/{eventName}/{primaryKey:int32}", .signal, of: .signalEvent, "Signals an event."),
        row(
            .get,
            "/v1/Archive/dynamic",
            .usages,
            of: nil,
            query("$select", "$filter") + "Gets the counters of webhooks, webhook_usage."
        ),
    ]

    /// Each operation by its name.
    private static let agents: [Route<RESTOperation>] = WebhookOperation.allCases.flatMap { operation in
        let path = PathPattern("/v1/Agents/Webhook/\(operation.rawValue)")
        return [
            Route(.get, path, .describe(operation), for: .everybody, "Describes the call."),
            row(.post, path, .agent(operation), of: operation, summary(of: operation)),
        ]
    }

    private static func row(
        _ method: HTTPRequest.Method,
        _ path: PathPattern,
        _ operation: RESTOperation,
        of named: WebhookOperation?,
        _ summary: String
    ) -> Route<RESTOperation> {
        Route(method, path, operation, for: .caller, label: named?.rawValue, summary)
    }

    private static func summary(of operation: WebhookOperation) -> String {
        switch operation {
        case .createDefaultWebhook: "Gets a webhook to start from."
        case .saveWebhook: "Creates a webhook, or replaces the one with its id."
        case .getWebhook: query("webhookId") + "Gets a webhook."
        case .getAllWebhooks: "Gets the webhooks that pass every filter."
        case .deleteWebhook: query("webhookId") + "Deletes a webhook."
        case .testWebhook: "Sends the test event to a webhook's target."
        case .signalEvent: "Signals an event."
        case .getLastError: "Gets the text of a webhook's last failure."
        }
    }

    /// Parameters as NetServer writes them before the text.
    private static func query(_ names: String...) -> String {
        "?" + names.map { "\($0)={\($0)}" }.joined(separator: "&") + "   "
    }
}
