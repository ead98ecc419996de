package import WebhookModel

/// An installation of NetServer with its tenants and their callers (docs/contract.md#section-5).
package struct Installation: Sendable, Hashable {
    /// The two kinds of installation.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// One tenant, `Default`, which paths do not name; application tokens are ignored.
        case onSite = "on-site"
        /// Paths begin with the tenant; application tokens are checked and divide webhooks.
        case hosted
    }

    /// The only tenant of an on-site installation.
    package static let defaultTenant = "Default"

    /// Which kind it is.
    package var kind: Kind
    /// Its customers; on-site exactly one.
    package var tenants: [Tenant]

    /// Creates an installation.
    package init(kind: Kind, tenants: [Tenant]) {
        (self.kind, self.tenants) = (kind, tenants)
    }
}

/// A customer of an installation: nothing of it can be seen from another.
package struct Tenant: Sendable, Hashable {
    /// What paths begin with on a hosted installation, and `ContextIdentifier`.
    package var id: String
    /// The applications that may call.
    package var applications: [Application]
    /// Who may log in.
    package var users: [User]
    /// What lets programs log in as a user.
    package var accessTokens: [AccessToken]
    /// Tickets that are always valid, by user name: for the documentation's samples, with `--dev` alone.
    package var fixedTickets: [String: String]

    /// Creates a tenant.
    package init(
        id: String,
        applications: [Application] = [],
        users: [User] = [],
        accessTokens: [AccessToken] = [],
        fixedTickets: [String: String] = [:]
    ) {
        (self.id, self.applications, self.users) = (id, applications, users)
        (self.accessTokens, self.fixedTickets) = (accessTokens, fixedTickets)
    }
}

/// A program that is registered with a tenant.
package struct Application: Sendable, Hashable {
    /// What it sends in the header block `ApplicationToken`.
    package var token: String
    /// What its webhooks belong to: a new token does not part them from it.
    package var name: String

    /// Creates an application.
    package init(token: String, name: String) {
        (self.token, self.name) = (token, name)
    }
}

/// A secret that logs its holder in as a user. An operator issues it to one application.
package struct AccessToken: Sendable, Hashable {
    /// The secret.
    package var token: String
    /// The name of the user.
    package var user: String
    /// The name of the application whose calls those with the token are; nil on-site, where applications are not told apart.
    package var application: String?

    /// Creates a token of a user, hosted with its application.
    package init(token: String, user: String, application: String? = nil) {
        (self.token, self.user, self.application) = (token, user, application)
    }
}

/// Somebody who may log in.
package struct User: Sendable, Hashable {
    /// What the password is checked against; what it means is the affair of ``CallerCryptography``.
    package var passwordHash: String
    /// What the user may do.
    package var rights: Set<Right>
    /// Who it is.
    package var principal: Principal

    /// Creates a user.
    package init(passwordHash: String, rights: Set<Right> = Set(Right.allCases), principal: Principal) {
        (self.passwordHash, self.rights, self.principal) = (passwordHash, rights, principal)
    }

    /// What the user logs in with; case does not count.
    package var name: String { principal.associate.userName }
}

/// Who has logged in: what `SoPrincipalCarrier` tells beside the rights.
package struct Principal: Sendable, Hashable {
    /// The associate.
    package var associate: Associate
    /// Where the user lives.
    package var countryID: Int32 = 0
    /// The installation's country.
    package var homeCountryID: Int32 = 0
    /// The company that the user works for.
    package var contactID: Int32 = 0
    /// That company's business.
    package var businessID: Int32 = 0
    /// That company's category.
    package var categoryID: Int32 = 0
    /// The user's role.
    package var roleID: Int32 = 0
    /// The role's name.
    package var roleName = ""
    /// What the role is for.
    package var roleDescription = ""
    /// The address of the user.
    package var emailAddress = ""
    /// User groups beside the associate's own.
    package var secondaryGroups: [Int32] = []

    /// Creates a principal of whom only the associate is known.
    package init(associate: Associate) {
        self.associate = associate
    }
}
