import Text

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

    /// A caller with these members.
    package init(
        tenant: String,
        application: String? = nil,
        associate: Associate,
        rights: Set<Right> = Set(Right.allCases)
    ) {
        self.tenant = tenant
        self.application = application
        self.associate = associate
        self.rights = rights
    }

    /// What this caller may see and change.
    package var scope: WebhookScope { WebhookScope(tenant: tenant, application: application) }
}

/// What a user may do; the raw value is its name in configuration and in `FunctionRights`.
package enum Right: String, Sendable, Hashable, CaseIterable {
    /// See, save, test and delete webhooks.
    case webhooks
}

/// The webhooks that a caller may see and change. This is the one statement of the isolation of tenants and applications
/// (contract, section 5): agents pass a caller's scope to the store, and stores ask ``holds(_:)`` or its like in SQL.
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

    /// Whether a webhook that was registered in `other` is in this scope: it is of the same tenant and, where this scope
    /// is an application's, of that application. Another's behaves as if it did not exist.
    package func holds(_ other: WebhookScope) -> Bool {
        tenant.isSame(as: other.tenant) && (application == nil || application.isSame(as: other.application))
    }
}
