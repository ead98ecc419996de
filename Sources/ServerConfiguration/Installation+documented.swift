package import AgentCore
import Cryptography
import WebhookModel

extension Installation {
    /// The credentials of NetServer's documentation, so that its samples can be posted as they stand
    /// (docs/callers.md#a-configuration-file).
    package enum Documented {
        /// A ticket that is always valid.
        package static let ticket = "7T:1234abcxyzExample=="
        /// The token of an application.
        package static let applicationToken = "1234567-1234-9876"
        /// The name of the user that both are for.
        package static let userName = "tje0"
        /// That user's password.
        package static let password = "Tje0"
        /// The tenant on a hosted installation.
        package static let tenant = "Cust12345"

        /// The user of the documentation's samples. The password is no secret, so neither need its hash be dear.
        package static var user: User {
            User(
                passwordHash: PasswordHash.cheap(ofPassword: password).description,
                principal: Principal(
                    associate: Associate(
                        associateID: 5,
                        name: userName,
                        personID: 3,
                        rank: 1,
                        groupIndex: 1,
                        fullName: "Tje Nul",
                        userName: userName
                    )
                )
            )
        }
    }

    /// The same installation with the documented credentials in the tenant `Default` or, hosted, `Cust12345`.
    package func addingDocumentedCredentials() -> Installation {
        var installation = self
        let id = kind == .onSite ? Self.defaultTenant : Documented.tenant
        var tenant = Tenant(id: id)
        if let index = tenants.firstIndex(where: { $0.id.lowercased() == id.lowercased() }) {
            tenant = installation.tenants.remove(at: index)
        }
        if !tenant.users.contains(where: { $0.name.lowercased() == Documented.userName }) {
            tenant.users.append(Documented.user)
        }
        if !tenant.applications.contains(where: { $0.token == Documented.applicationToken }) {
            tenant.applications.append(Application(token: Documented.applicationToken, name: "Documentation"))
        }
        tenant.fixedTickets[Documented.ticket] = Documented.userName
        installation.tenants.append(tenant)
        return installation
    }
}
