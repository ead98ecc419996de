import AgentCore
import NetServerSOAP
import Testing

@Suite("What a caller who is not known can do")
struct RemedyTests {
    @Test(
        "The message names the header blocks of SOAP and the headers of REST",
        arguments: [
            (nil, "Wrong."),
            (
                .sendApplicationToken,
                "Wrong. Send one that is registered with this tenant in the header block ApplicationToken, over REST in the header SO-AppToken."
            ),
            (
                .sendTicket,
                "Wrong. Get one from SoPrincipal.svc and send it in the header block Credentials, over REST as 'Authorization: SoTicket'."
            ),
            (.renewTicket, "Wrong. Get a new one from SoPrincipal.svc."),
        ] as [(AgentError.Remedy?, String)]
    )
    func message(remedy: AgentError.Remedy?, text: String) {
        #expect(AgentError(.session, "Wrong.", remedy: remedy).messageWithRemedy == text)
    }
}
