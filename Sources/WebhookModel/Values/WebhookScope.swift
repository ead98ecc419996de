import Text

/// The webhooks that a caller may see and change. This is the one statement of the isolation of tenants and applications
/// (docs/contract.md#section-5): agents pass a caller's scope to the store, and stores ask ``holds(_:)`` or its like in
/// SQL.
package struct WebhookScope: Sendable, Hashable {
    /// The tenant.
    package var tenant: String
    /// The name of the application; nil for the webhooks of every application.
    package var application: String?

    /// Creates a scope.
    package init(tenant: String, application: String? = nil) {
        (self.tenant, self.application) = (tenant, application)
    }

    /// Whether a webhook that was registered in `other` is in this scope: it is of the same tenant and, where this scope
    /// is an application's, of that application. A webhook that is not in the scope behaves as if it did not exist.
    package func holds(_ other: WebhookScope) -> Bool {
        tenant.isSame(as: other.tenant) && (application == nil || application.isSame(as: other.application))
    }
}
