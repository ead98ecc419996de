import AgentCore
import HTTPTypes
import WebhookModel

/// What the API tells of itself: each path beneath `/api/v1` with its methods, and what these do.
enum RESTDescription {
    typealias Entry = (path: String, methods: [(method: HTTPRequest.Method, text: String)])

    /// In the order in which they are listed.
    static let entries: [Entry] =
        [
            ("", [(.get, "Lists what there is.")]),
            ("/openapi.json", [(.get, "Gets the OpenAPI document.")]),
            (
                "/Webhook",
                [
                    (
                        .get,
                        query("nameFilter", "eventFilter", "statusFilter") + "Gets the webhooks that pass every filter."
                    ), (.post, "Creates a webhook."),
                ]
            ),
            ("/Webhook/default", [(.get, "Gets a webhook to start from.")]),
            (
                "/Webhook/{id}",
                [
                    (.get, "Gets a webhook."), (.put, "Replaces a webhook."),
                    (.patch, "Changes a webhook with a JSON Patch or a merge patch."), (.delete, "Deletes a webhook."),
                ]
            ),
            ("/Webhook/Test", [(.post, "Sends the test event to a webhook's target.")]),
            ("/Webhook/{id}/LastError", [(.get, "Gets the text of a webhook's last failure.")]),
            ("/Webhook/{eventName}/{primaryKey}", [(.post, "Signals an event.")]),
            (
                "/Archive/dynamic",
                [(.get, query("$select", "$filter") + "Gets the counters of webhooks, webhook_usage.")]
            ),
        ] + WebhookOperation.allCases.map(agent)

    /// The entry of an operation by its name.
    static func agent(_ operation: WebhookOperation) -> Entry {
        let text =
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
        return ("/Agents/Webhook/\(operation.rawValue)", [(.get, "Describes the call."), (.post, text)])
    }

    /// Parameters as NetServer writes them before the text.
    private static func query(_ names: String...) -> String {
        "?" + names.map { "\($0)={\($0)}" }.joined(separator: "&") + "   "
    }
}
