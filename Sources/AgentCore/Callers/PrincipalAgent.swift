import Foundation
package import Logging
package import StoreContracts
import Text
package import WebhookModel

/// NetServer's SoPrincipal agent: who may call. It logs users in, gives out tickets, and says whom the credentials of any
/// other call stand for (docs/contract.md#section-5). Every service asks it and adds no rule about callers.
///
/// Operations throw ``AgentError``. For a wrong name, password or access token they return nil instead of a ``Login``.
package struct PrincipalAgent: Sendable {
    private let callers: CallerIndex
    private let sessions: UserSessions
    private let digests: DigestMemo
    private let attempts: LoginAttempts

    /// In bytes. Longer ones are nobody's: what is not read to its end takes no longer for those who exist.
    package static let longestPassword = 1024

    /// - Parameters:
    ///   - ticketLifetime: How long a ticket lives after its last use.
    ///   - now: The clock.
    ///   - sleep: Waits; throws when the task is cancelled.
    ///   - onLogin: Told of every attempt to log in.
    package init(
        installation: Installation,
        sessions: any SessionStore,
        cryptography: any CallerCryptography,
        ticketLifetime: Duration,
        throttle: LoginThrottle = LoginThrottle(),
        logger: Logger,
        now: @escaping @Sendable () -> Timestamp = { Timestamp(Date()) },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        onLogin: @escaping @Sendable (LoginOutcome) -> Void = { _ in }
    ) {
        callers = CallerIndex(installation, cryptography: cryptography)
        digests = DigestMemo(cryptography)
        self.sessions = UserSessions(
            store: sessions,
            cryptography: cryptography,
            digests: digests,
            ticketLifetime: ticketLifetime,
            logger: logger,
            now: now
        )
        attempts = LoginAttempts(
            cryptography: cryptography,
            rememberedFor: min(.seconds(300), ticketLifetime / 10),
            throttle: throttle,
            now: now,
            sleep: sleep,
            logger: logger,
            onLogin: onLogin
        )
    }

    /// The identifier of the tenant that a path names, as it is configured; nil when there is none. On-site, paths name
    /// none and there is one.
    package func tenant(named name: String?) -> String? {
        callers.tenant(named: name)?.id
    }

    // MARK: Calls

    /// Who makes a call. Throws an error of kind session that names what is missing or wrong: the application token, or
    /// the ticket.
    package func caller(_ credentials: Credentials) async throws(AgentError) -> Caller {
        let (tenant, application) = try tenantAndApplication(credentials)
        guard let user = try await sessions.user(ofTicket: try Self.ticket(credentials), in: tenant) else {
            throw Self.noSession(ticketIsMissing: false)
        }
        return caller(user, tenant, application)
    }

    /// Returns who makes a call if that is known without asking the store; nil if only ``caller(_:)`` can tell.
    /// Throws as that does.
    package func knownCaller(_ credentials: Credentials) throws(AgentError) -> Caller? {
        let (tenant, application) = try tenantAndApplication(credentials)
        switch sessions.knowledge(ofTicket: try Self.ticket(credentials), in: tenant) {
        case .known(let user?): return caller(user, tenant, application)
        case .known(nil): throw Self.noSession(ticketIsMissing: false)
        case .unknown: return nil
        }
    }

    private static func ticket(_ credentials: Credentials) throws(AgentError) -> String {
        guard let ticket = credentials.ticket, !ticket.isEmpty else { throw noSession(ticketIsMissing: true) }
        return ticket
    }

    /// Who makes a call that carries a name and a password, and the ticket of a session for those that would rather go on
    /// with one. Throws an error of kind session when they are wrong.
    package func caller(
        userName: String,
        password: String,
        _ credentials: Credentials
    ) async throws(AgentError) -> (caller: Caller, ticket: String) {
        let (tenant, application) = try tenantAndApplication(credentials)
        guard
            let login = try await attempts.login(userName: userName, password: password, in: tenant, with: credentials)
        else { throw Self.loginFailed }
        let caller = caller(login.user, tenant, application)
        // One session for many calls: each would otherwise leave one behind.
        if let known = login.reusableTicket, try await sessions.user(ofTicket: known, in: tenant) != nil {
            return (caller, known)
        }
        let ticket = try await sessions.begin(login.user, tenant).ticket
        attempts.remember(ticket: ticket, for: login)
        return (caller, ticket)
    }

    /// Who makes a call that carries an access token. The token stands for its application, so that an application token
    /// is not looked at. Throws an error of kind session when the token is unknown.
    package func caller(accessToken: String, _ credentials: Credentials) async throws(AgentError) -> Caller {
        let tenant = try tenant(credentials)
        guard let user = try await attempts.user(accessToken: accessToken, in: tenant, with: credentials) else {
            throw Self.loginFailed
        }
        guard callers.isHosted else { return caller(user, tenant, nil) }
        guard let application = tenant.application(ofAccessToken: digests.digest(of: accessToken)) else {
            throw AgentError(
                .session,
                "The access token names no application of this tenant (configuration, tenants[].accessTokens[].application)."
            )
        }
        return caller(user, tenant, application)
    }

    // MARK: Logging in

    /// Logs in with a name and a password; nil when they are wrong.
    package func authenticate(
        userName: String?,
        password: String?,
        _ credentials: Credentials
    ) async throws(AgentError) -> Login? {
        let (tenant, _) = try tenantAndApplication(credentials)
        let login = try await attempts.login(
            userName: userName ?? "",
            password: password ?? "",
            in: tenant,
            with: credentials
        )
        guard let login else { return nil }
        return try await sessions.begin(login.user, tenant)
    }

    /// Logs in with an access token; nil when it is unknown.
    package func authenticate(accessToken: String?, _ credentials: Credentials) async throws(AgentError) -> Login? {
        let (tenant, _) = try tenantAndApplication(credentials)
        guard let user = try await attempts.user(accessToken: accessToken ?? "", in: tenant, with: credentials) else {
            return nil
        }
        return try await sessions.begin(user, tenant)
    }

    /// Logs in with what `data` says: `Type` is `usernamepassword`, with `UserName` and `Password`, or `ticket`, with
    /// `Ticket`, whose session goes on. Names are taken in any case. Throws an error for any other type.
    package func authenticate(
        data: StringDictionary?,
        _ credentials: Credentials
    ) async throws(AgentError) -> Login? {
        let (tenant, _) = try tenantAndApplication(credentials)
        let values = Dictionary(
            (data?.entries ?? []).map { (CaseInsensitiveName($0.key), $0.value ?? "") },
            uniquingKeysWith: { first, _ in first }
        )
        let value = { (name: String) in values[CaseInsensitiveName(name)] }
        switch value("Type")?.trimmingSpace {
        case let type? where CaseInsensitiveName("UsernamePassword").matches(type):
            return try await authenticate(userName: value("UserName"), password: value("Password"), credentials)
        case let type? where CaseInsensitiveName("Ticket").matches(type):
            let ticket = value("Ticket")?.trimmingSpace ?? ""
            // Tickets cannot be guessed, so nobody is slowed.
            let user = try await sessions.user(ofTicket: ticket, in: tenant)
            attempts.note(
                user == nil ? .failed : .succeeded,
                .init(kind: "ticket", userName: nil, tenant: tenant.id, credentials: credentials)
            )
            return user.map { Login($0, ticket: ticket) }
        case nil:
            throw AgentError(
                .invalidArgument,
                "AuthenticationData has no key Type; it must be there, with the value usernamepassword or ticket."
            )
        case .some(let type):
            throw AgentError(
                .notSupported,
                "The authentication type \(Excerpt.quoted(type)) is not supported; usernamepassword and ticket are."
            )
        }
    }

    /// Logs in the identity under which the request arrived: here requests arrive under none.
    package func authenticateImplicit(_ credentials: Credentials) throws(AgentError) -> Login? {
        _ = try tenantAndApplication(credentials)
        return nil
    }

    /// Whether a caller may be told about the installation: whoever may log in.
    package func checkApplicant(_ credentials: Credentials) throws(AgentError) {
        _ = try tenantAndApplication(credentials)
    }

    // MARK: Sessions

    /// The sessions that have not expired, those used last first; at most `limit`.
    package func openSessions(matching filter: SessionFilter, limit: Int) async throws(StoreError) -> [Session] {
        try await sessions.open(matching: filter, limit: limit)
    }

    /// Ends sessions: at once here, within a second where other processes serve the same store. Returns how many.
    package func endSessions(matching filter: SessionFilter) async throws(StoreError) -> Int {
        try await sessions.end(matching: filter)
    }

    /// Removes up to `limit` expired sessions from the store. Returns whether there may be more.
    package func pruneSessions(limit: Int) async throws(StoreError) -> Bool {
        try await sessions.prune(limit: limit)
    }

    // MARK: Parts

    /// The tenant and, hosted, the application that a request comes from.
    private func tenantAndApplication(
        _ credentials: Credentials
    ) throws(AgentError) -> (tenant: CallerIndex.Tenant, application: Application?) {
        let tenant = try tenant(credentials)
        guard callers.isHosted else { return (tenant, nil) }
        guard let token = credentials.applicationToken, !token.isEmpty else {
            throw AgentError(
                .session,
                "The request carries no application token.",
                remedy: .sendApplicationToken,
                friendlyText: "The application did not say which one it is: its application token is missing."
            )
        }
        guard let application = tenant.application(digests.digest(of: token)) else {
            throw AgentError(
                .session,
                "The application token is not registered with this tenant.",
                friendlyText: "The application may not call: its application token is not registered here."
            )
        }
        return (tenant, application)
    }

    private func tenant(_ credentials: Credentials) throws(AgentError) -> CallerIndex.Tenant {
        guard let tenant = callers.tenant(id: credentials.tenant) else {
            throw AgentError(.session, "There is no tenant \(Excerpt.quoted(credentials.tenant)).")
        }
        return tenant
    }

    private func caller(_ user: User, _ tenant: CallerIndex.Tenant, _ application: Application?) -> Caller {
        Caller(
            tenant: tenant.id,
            application: application?.name,
            associate: user.principal.associate,
            rights: user.rights
        )
    }

    /// See docs/contract.md#section-5.
    private static let loginFailed = AgentError(.session, "Authentication failed!")

    private static func noSession(ticketIsMissing: Bool) -> AgentError {
        AgentError(
            .session,
            ticketIsMissing ? "The request carries no ticket." : "The ticket is unknown or has expired.",
            remedy: ticketIsMissing ? .sendTicket : .renewTicket,
            friendlyText: "You are not logged in, or the session has expired. Log in again."
        )
    }
}
