/// The operations of NetServer's Webhook agent, by the names that the contract gives them (docs/contract.md#section-3).
package enum WebhookOperation: String, Sendable, CaseIterable {
    case createDefaultWebhook = "CreateDefaultWebhook"
    case saveWebhook = "SaveWebhook"
    case getWebhook = "GetWebhook"
    case getAllWebhooks = "GetAllWebhooks"
    case deleteWebhook = "DeleteWebhook"
    case testWebhook = "TestWebhook"
    case signalEvent = "SignalEvent"
    case getLastError = "GetLastError"
}
