/// Knows who a ticket belongs to.
package protocol CallerDirectory: Sendable {
    /// The caller that the credentials of a request stand for. Throws an ``AgentError`` of kind session when they stand
    /// for none.
    func caller(ticket: String?, applicationToken: String?) async throws(AgentError) -> Caller
}

extension AgentError {
    /// A missing, unknown or expired ticket (contract, section 5).
    package static func noSession(ticketIsMissing: Bool) -> AgentError {
        AgentError(
            .session,
            ticketIsMissing
                ? "The request carries no ticket. Get one from SoPrincipal.svc and send it in the header block Credentials."
                : "The ticket is unknown or has expired. Get a new one from SoPrincipal.svc.",
            friendlyText: "You are not logged in, or the session has expired. Log in again."
        )
    }
}
