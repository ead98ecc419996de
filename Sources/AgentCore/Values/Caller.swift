/// Who makes a call, once the ticket and the application token have been checked.
package struct Caller: Sendable, Hashable {
    /// `Default` on an on-site installation, else the tenant's identifier.
    package var tenant: String
    /// The registered application that calls; nil where applications are not told apart (on-site).
    package var application: String?
    /// The user.
    package var associate: Associate

    /// A caller with these members.
    package init(tenant: String, application: String? = nil, associate: Associate) {
        self.tenant = tenant
        self.application = application
        self.associate = associate
    }

    /// What this caller may see and change.
    package var scope: WebhookScope { WebhookScope(tenant: tenant, application: application) }
}

/// The webhooks that a caller may see and change: those of its tenant and, hosted, of its application (contract,
/// section 5).
package struct WebhookScope: Sendable, Hashable {
    /// The tenant.
    package var tenant: String
    /// nil: those of every application.
    package var application: String?

    /// A scope with these members.
    package init(tenant: String, application: String? = nil) {
        self.tenant = tenant
        self.application = application
    }
}
