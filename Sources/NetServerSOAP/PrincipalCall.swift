import AgentCore
import SOAP
import WebhookModel
import XML

/// The operations of `SoPrincipal.svc`, by the names that the contract gives them (docs/contract.md#section-5).
enum PrincipalOperation: String, Sendable, CaseIterable {
    case getSystemInfo = "GetSystemInfo"
    case authenticateImplicit = "AuthenticateImplicit"
    case authenticateUsernamePassword = "AuthenticateUsernamePassword"
    case authenticateGeneric = "AuthenticateGeneric"
    case authenticateWithAccessToken = "AuthenticateWithAccessToken"

    /// The element of the answer: the four logins share one, while their actions do not.
    var responseElement: String {
        self == .getSystemInfo ? "GetSystemInfoResponse" : "AuthenticateResponse"
    }

    /// Creates the operation of that name in a service number's contract; nil when the contract has none.
    init?(_ name: String, in number: ServiceNumber) {
        self.init(rawValue: name)
        if self == .authenticateWithAccessToken, number < .services86 { return nil }
    }
}

/// A call of `SoPrincipal.svc` with its arguments (docs/contract.md#section-5).
///
/// The arguments of a login are what the caller is authenticated by, so they are read first.
enum PrincipalCall {
    case getSystemInfo
    case authenticateImplicit
    case authenticateUsernamePassword(name: String?, password: String?)
    case authenticateGeneric(StringDictionary?)
    case authenticateWithAccessToken(String?)

    /// Reads the arguments of `operation` in `element`. Throws a fault when one is not of its type.
    init(_ operation: PrincipalOperation, _ element: XMLElement, service: FieldNamespace) throws(SOAPFault) {
        switch operation {
        case .getSystemInfo: self = .getSystemInfo
        case .authenticateImplicit: self = .authenticateImplicit
        case .authenticateUsernamePassword:
            self = .authenticateUsernamePassword(
                name: try element.field("UserName", in: service)?.string(),
                password: try element.field("Password", in: service)?.string()
            )
        case .authenticateGeneric:
            self = .authenticateGeneric(
                try element.field("AuthenticationData", in: service).map { element throws(SOAPFault) in
                    try StringDictionary(element, pair: "AuthenticationGenericDataKeyValuePair", service: service)
                }
            )
        case .authenticateWithAccessToken:
            self = .authenticateWithAccessToken(element.field("AccessToken", in: service)?.token)
        }
    }

    /// Asks the agent, and returns the answer.
    func result(
        from agent: PrincipalAgent,
        _ credentials: Credentials,
        system: SystemInfo
    ) async throws(AgentError) -> SOAPService.Outcome {
        switch self {
        case .getSystemInfo:
            try agent.checkApplicant(credentials)
            return .content { system.write("SystemInfo", tenant: credentials.tenant, to: &$0) }
        case .authenticateImplicit:
            return Self.result(try agent.authenticateImplicit(credentials), credentials)
        case .authenticateUsernamePassword(let name, let password):
            return Self.result(
                try await agent.authenticate(userName: name, password: password, credentials),
                credentials
            )
        case .authenticateGeneric(let data):
            return Self.result(try await agent.authenticate(data: data, credentials), credentials)
        case .authenticateWithAccessToken(let token):
            return Self.result(try await agent.authenticate(accessToken: token, credentials), credentials)
        }
    }

    private static func result(_ login: Login?, _ credentials: Credentials) -> SOAPService.Outcome {
        .content { writer in
            guard let login else {
                writer.null("Response")
                writer.null("Credentials")
                return writer.boolean("AuthenticationSucceeded", false)
            }
            login.write("Response", tenant: credentials.tenant, to: &writer)
            writer.begin("Credentials", .service("SoCredentials"))
            writer.string("Ticket", login.ticket)
            writer.end("Credentials")
            writer.boolean("AuthenticationSucceeded", true)
        }
    }
}

extension Login {
    /// Writes a `SoPrincipalCarrier`. Licenses and the credentials of other systems are none of this service's.
    fileprivate func write(_ name: String, tenant: String, to writer: inout XMLValueWriter) {
        let associate = principal.associate
        writer.begin(name, .service("SoPrincipalCarrier"))
        writer.value("UserType", .service("UserType"), associate.type.rawValue)
        writer.string("Associate", associate.name)
        writer.int("AssociateId", associate.associateID)
        writer.boolean("IsPerson", associate.personID != 0)
        writer.int("PersonId", associate.personID)
        writer.int("CountryId", principal.countryID)
        writer.int("HomeCountryId", principal.homeCountryID)
        writer.int("ContactId", principal.contactID)
        writer.int("GroupId", associate.groupIndex)
        writer.int("BusinessId", principal.businessID)
        writer.int("CategoryId", principal.categoryID)
        writer.int("ContactOwner", 0)
        writer.int("RoleId", principal.roleID)
        writer.string("RoleName", principal.roleName)
        writer.string("RoleDescription", principal.roleDescription)
        writer.value("RoleType", .service("RoleType"), "Employee")
        writer.begin("Licenses", .service("ArrayOfGrantedModuleLicense"))
        writer.end("Licenses")
        writer.string("FullName", associate.fullName)
        writer.string("EMailAddress", principal.emailAddress)
        writer.begin("FunctionRights", .arrays("ArrayOfstring"))
        for right in rights.map(\.rawValue).sorted() { writer.item("string", right) }
        writer.end("FunctionRights")
        writer.int("EjUserId", associate.ejUserID)
        writer.int("EjAccessLevel", 0)
        writer.value("EjUserStatus", .service("EjUserStatus"), "StatusNone")
        writer.begin("ProvidedCredentials", .service("ArrayOfProvidedCredential"))
        writer.end("ProvidedCredentials")
        writer.begin("SecondaryGroups", .arrays("ArrayOfint"))
        for group in principal.secondaryGroups { writer.item("int", String(group)) }
        writer.end("SecondaryGroups")
        writer.string("DatabaseContextIdentifier", tenant)
        writer.end(name)
    }
}
