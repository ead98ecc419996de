/// What a request says about who sent it, and from where.
package struct Credentials: Sendable, Hashable {
    /// The identifier of the tenant that the path names; `Default` on-site.
    package var tenant: String
    /// Identifies the session.
    package var ticket: String?
    /// Identifies the calling application.
    package var applicationToken: String?
    /// The client's address, as far as it can be known.
    package var address: String
    /// What is slowed down together when logins fail: the address or, where a client has many, what they have in common.
    package var network: String

    /// Creates credentials.
    package init(
        tenant: String,
        ticket: String? = nil,
        applicationToken: String? = nil,
        address: String,
        network: String? = nil
    ) {
        (self.tenant, self.ticket, self.applicationToken, self.address) = (tenant, ticket, applicationToken, address)
        self.network = network ?? address
    }
}

/// A session that has begun, or that a ticket stands for.
package struct Login: Sendable, Hashable {
    /// Who has logged in.
    package var principal: Principal
    /// What they may do.
    package var rights: Set<Right>
    /// What the next calls send.
    package var ticket: String

    init(_ user: User, ticket: String) {
        principal = user.principal
        rights = user.rights
        self.ticket = ticket
    }
}
