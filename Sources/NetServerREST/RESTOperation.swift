import AgentCore

/// What a REST call does.
enum RESTOperation: Hashable, Sendable {
    /// Tells the versions of the API.
    case versions
    /// Lists the routes.
    case routes
    /// Gets the OpenAPI document.
    case openAPI
    /// Describes an agent's call.
    case describe(WebhookOperation)
    /// Gets a webhook to start from.
    case defaultWebhook
    /// Lists webhooks.
    case list
    /// Creates a webhook.
    case create
    /// Gets a webhook.
    case get
    /// Replaces a webhook.
    case replace
    /// Changes a webhook.
    case patch
    /// Deletes a webhook.
    case delete
    /// Sends the test event.
    case test
    /// Gets the text of a webhook's last failure.
    case lastError
    /// Signals an event.
    case signal
    /// Lists the counters of webhooks.
    case usages
    /// Makes an agent's call.
    case agent(WebhookOperation)
}
