import SOAP
import TestSupport
import Testing
import XML

@Suite("References in envelopes")
struct EnvelopeReferenceTests {
    private static let encoding12 = "http://www.w3.org/2003/05/soap-encoding"

    /// As PHP's SoapClient writes an object that is used twice.
    private func body(_ version: SOAPVersion, reference: String = "#ref1") -> String {
        let (id, ref) = version == .soap11 ? ("id", "href") : ("c:id", "c:ref")
        return """
            <n:SaveWebhook xmlns:c="\(Self.encoding12)"><n:Webhook>\
            <n:RegisteredAssociate \(id)="ref1"><n:Name>anna</n:Name></n:RegisteredAssociate>\
            <n:UpdatedAssociate \(ref)="\(reference)"/></n:Webhook></n:SaveWebhook>
            """
    }

    @Test(
        "What PHP's SoapClient writes for an object used twice is read in both places",
        arguments: SOAPVersion.allCases
    )
    func usedTwice(version: SOAPVersion) throws {
        let operation = try readEnvelope(envelopeText(version, body: body(version))).operation
        for name in ["RegisteredAssociate", "UpdatedAssociate"] {
            #expect(operation.at("Webhook", name, "Name")?.text == "anna")
        }
    }

    @Test("A reference that cannot be resolved is a fault that names it", arguments: SOAPVersion.allCases)
    func dangling(version: SOAPVersion) {
        let refusal = SOAPTests.refusal(of: envelopeText(version, body: body(version, reference: "#ref2")))
        #expect(refusal?.fault.code == .sender)
        #expect(refusal?.version == version)
        #expect(refusal?.fault.reason.contains("UpdatedAssociate refers to '#ref2'") == true)
    }

    @Test("A reference to what holds it is a fault that names it")
    func circular() {
        let body = "<n:SignalEvent><n:Data id='ref1'><n:Value href='#ref1'/></n:Data></n:SignalEvent>"
        let refusal = SOAPTests.refusal(of: envelopeText(.soap11, body: body))
        #expect(refusal?.fault.code == .sender)
        #expect(refusal?.fault.reason.contains("Value refers to '#ref1', which holds that reference itself") == true)
    }

    @Test("What is referred to may stand beside the operation, in the header, or in what is ignored")
    func places() throws {
        let operation = "<n:GetWebhook><n:WebhookId href='#i'/></n:GetWebhook>"
        let target = "<n:multiRef id='i'>7</n:multiRef>"
        for text in [
            envelopeText(.soap11, body: operation + target), envelopeText(.soap11, body: target + operation),
            envelopeText(.soap11, header: "<x:Block xmlns:x='urn:x'>\(target)</x:Block>", body: operation),
        ] {
            #expect(try readEnvelope(text, contentType: "text/xml").operation.at("WebhookId")?.text == "7")
        }
        #expect(SOAPTests.refusal(of: envelopeText(.soap11, body: operation + target + "<n:multiRef id='j'/>")) != nil)
    }

    @Test("References of blocks that are ignored need not lead anywhere")
    func ignored() throws {
        let header = "<x:Block xmlns:x='urn:x' href='#none'><x:A href='cid:1'/></x:Block>"
        #expect(try readEnvelope(envelopeText(.soap11, header: header)).operation.name == "GetWebhook")
    }
}
