package import AgentCore

extension AgentError {
    /// The message, and what the caller can do in the words of SOAP and REST. Both protocols show the same text.
    package var messageWithRemedy: String {
        switch remedy {
        case nil: message
        case .sendApplicationToken:
            """
            \(message) Send one that is registered with this tenant in the header block ApplicationToken, over REST in \
            the header SO-AppToken.
            """
        case .sendTicket:
            """
            \(message) Get one from SoPrincipal.svc and send it in the header block Credentials, over REST as \
            'Authorization: SoTicket'.
            """
        case .renewTicket: "\(message) Get a new one from SoPrincipal.svc."
        }
    }
}
