package import JSON
import Networking
package import WebhookModel

extension AdminAPI {
    /// A webhook without its secret, and without its headers, which may hold one.
    package struct Webhook: AdminAnswer {
        /// The webhook's id.
        package let webhookId: Int32
        /// The tenant.
        package let tenant: String
        /// The name.
        package let name: String?
        /// The names of its events.
        package let events: [String?]
        /// The target, without credentials.
        package let targetUrl: String?
        /// The state.
        package let state: String
        /// The type.
        package let type: String?

        /// Creates what is shown of a tenant's webhook.
        package init(_ webhook: WebhookModel.Webhook, of tenant: String) {
            webhookId = webhook.id
            self.tenant = tenant
            name = webhook.name
            events = webhook.events ?? []
            targetUrl = webhook.targetURL.map(TargetURL.withoutCredentials)
            state = webhook.state.name
            type = webhook.type
        }

        package var json: JSONValue {
            .members(
                ("events", JSONValue(events)),
                ("name", name.map(JSONValue.string)),
                ("state", .string(state)),
                ("targetUrl", targetUrl.map(JSONValue.string)),
                ("tenant", .string(tenant)),
                ("type", type.map(JSONValue.string)),
                ("webhookId", JSONValue(webhookId))
            )
        }
    }

    /// All webhooks. The service writes the list piece by piece.
    package struct WebhookList: Decodable, Sendable {
        /// The webhooks.
        package let webhooks: [Webhook]
    }

    /// The counters of a webhook.
    package struct Usage: AdminAnswer {
        /// The webhook's id.
        package let webhookId: Int32
        /// How many attempts there were.
        package let totalCalls: Int
        /// How many of them failed.
        package let totalErrors: Int
        /// How many failed since the last one that did not.
        package let consecutiveErrors: Int
        /// The text of the last failure.
        package let lastError: String?

        /// Creates what is shown of a webhook's counters.
        package init(_ usage: WebhookUsage, of webhook: Int32) {
            webhookId = webhook
            totalCalls = usage.totalCalls
            totalErrors = usage.totalErrors
            consecutiveErrors = usage.consecutiveErrors
            lastError = usage.lastError
        }

        package var json: JSONValue {
            .members(
                ("consecutiveErrors", JSONValue(consecutiveErrors)),
                ("lastError", lastError.map(JSONValue.string)),
                ("totalCalls", JSONValue(totalCalls)),
                ("totalErrors", JSONValue(totalErrors)),
                ("webhookId", JSONValue(webhookId))
            )
        }
    }
}
