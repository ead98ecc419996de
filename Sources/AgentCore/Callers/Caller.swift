package import WebhookModel

/// Who makes a call, once the ticket and the application token have been checked.
package struct Caller: Sendable, Hashable {
    /// `Default` on an on-site installation, else the tenant's identifier.
    package var tenant: String
    /// The name of the registered application that calls; nil where applications are not told apart (on-site).
    package var application: String?
    /// The user.
    package var associate: Associate
    /// What the user may do.
    package var rights: Set<Right>

    /// Creates a caller.
    package init(
        tenant: String,
        application: String? = nil,
        associate: Associate,
        rights: Set<Right> = Set(Right.allCases)
    ) {
        (self.tenant, self.application, self.associate, self.rights) = (tenant, application, associate, rights)
    }

    /// What this caller may see and change.
    package var scope: WebhookScope { WebhookScope(tenant: tenant, application: application) }
}

/// What a user may do; the raw value is its name in configuration and in `FunctionRights`.
package enum Right: String, Sendable, Hashable, CaseIterable {
    /// See, save, test and delete webhooks.
    case webhooks
}
