package import WebhookModel

/// An operation that failed, as NetServer's clients are told of it: `ExceptionInfo` over SOAP, the error object over REST
/// (docs/contract.md#section-4 and docs/contract.md#section-8). Every text is fit for the caller.
package struct AgentError: Error, Sendable, Hashable {
    /// The exception types; the raw value is the last component of the type's name.
    package enum Kind: String, Sendable, CaseIterable {
        /// No valid session: the ticket or the application token.
        case session = "SoSessionException"
        /// What the call is about does not exist, for this caller.
        case notFound = "SoNotFoundException"
        /// An argument is missing or cannot be read.
        case invalidArgument = "SoInvalidArgumentException"
        /// Fields that may not be saved so; `parameters` says which and why.
        case validation = "SoValidationException"
        /// No right to do it.
        case sentry = "SoSentryException"
        /// Not as things stand: somebody else has changed it meanwhile.
        case illegalOperation = "SoIllegalOperationException"
        /// NetServer may do it, this service does not.
        case notSupported = "SoNotSupportedException"
        /// The service's own failure.
        case server = "SoServerException"

        /// The full name, as SOAP shows it.
        package var exceptionType: String { "SuperOffice.Exceptions." + rawValue }
    }

    /// A step that makes an unknown caller known. The service of each protocol names the headers that carry it.
    package enum Remedy: Sendable, Hashable {
        /// Send the token of an application that is registered with the tenant.
        case sendApplicationToken
        /// Get a ticket, and send it.
        case sendTicket
        /// Get another ticket.
        case renewTicket
    }

    /// Which of NetServer's exceptions it is.
    package var kind: Kind
    /// What is wrong, naming the id or field.
    package var message: String
    /// What the caller can do about it; nil where the message says all.
    package var remedy: Remedy?
    /// What a person is shown; always filled, because clients print it.
    package var friendlyText: String
    /// Field name and what is wrong with it, for ``Kind/validation``.
    package var parameters: [StringDictionary.Entry]
    /// After how many seconds it may go otherwise; nil where that cannot be said.
    package var retryAfter: Int?

    /// An error whose friendly text is its message where none is given.
    package init(
        _ kind: Kind,
        _ message: String,
        remedy: Remedy? = nil,
        friendlyText: String? = nil,
        parameters: [StringDictionary.Entry] = []
    ) {
        self.kind = kind
        self.message = message
        self.remedy = remedy
        self.friendlyText = friendlyText ?? message
        self.parameters = parameters
    }

    /// The failure of the service itself: the caller gets a reference, the log the cause.
    package static func server(reference: String) -> AgentError {
        AgentError(
            .server,
            "The service could not carry out the operation. Reference: \(reference)",
            friendlyText: "Something went wrong in the service. Try again; if it happens again, report \(reference)."
        )
    }
}
