import TestSupport
import Testing
import XML

@testable import SOAP

@Suite("Envelopes that are refused")
struct EnvelopeRefusalTests {
    @Test(
        "What is no XML or not allowed in it is the sender's fault, in the version of the media type",
        arguments: [
            "", "hello", "<a", "<!DOCTYPE a><a/>", "<a><?x y?></a>", "<p:a/>", "<a>\u{1}</a>", "<a>&x;</a>", "<html/>",
            "<Envelope2 xmlns='http://www.w3.org/2003/05/soap-envelope'/>",
        ]
    )
    func notAnEnvelope(text: String) {
        for (contentType, version) in [("text/xml", SOAPVersion.soap11), ("application/soap+xml", .soap12)] {
            let refusal = SOAPTests.refusal(of: text, contentType: contentType)
            #expect(refusal?.fault.code == .sender)
            #expect(refusal?.version == version)
            #expect(refusal?.fault.reason.isEmpty == false)
        }
    }

    @Test("The reader's limits hold")
    func limits() {
        let deep = String(repeating: "<a>", count: 10_000)
        let refusal = SOAPTests.refusal(of: envelopeText(body: deep))
        #expect(refusal?.fault.code == .sender)
        #expect(refusal?.fault.reason == "The document exceeds the limit of 64 levels of nesting.")
    }

    @Test(
        "An Envelope of another namespace is a version mismatch",
        arguments: ["http://www.w3.org/2001/12/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope", "urn:x", ""]
    )
    func versionMismatch(namespace: String) {
        let declaration = namespace.isEmpty ? "" : " xmlns='\(namespace)'"
        let text = "<Envelope\(declaration)><Body><GetWebhook xmlns='\(serviceNamespace)'/></Body></Envelope>"
        for (contentType, version) in [("text/xml", SOAPVersion.soap11), ("application/soap+xml", .soap12)] {
            let refusal = SOAPTests.refusal(of: text, contentType: contentType)
            #expect(refusal?.fault.code == .versionMismatch)
            #expect(refusal?.version == version)
        }
    }

    @Test(
        "An envelope without exactly one operation in exactly one Body is the sender's fault",
        arguments: [
            "", "<e:Header/>", "<e:Body/>", "<e:Body></e:Body>", "<e:Body> text <!-- c --></e:Body>",
            "<e:Body><n:GetWebhook/><n:GetWebhook/></e:Body>", "<e:Body><n:GetWebhook/><x/></e:Body>",
            "<e:Body><n:GetWebhook/></e:Body><e:Body/>", "<e:Body/><e:Body><n:GetWebhook/></e:Body>",
            "<Body><n:GetWebhook/></Body>", "<n:Body><n:GetWebhook/></n:Body>", "<e:body><n:GetWebhook/></e:body>",
            "<e:Header><e:Body><n:GetWebhook/></e:Body></e:Header>",
        ]
    )
    func body(content: String) {
        for version in SOAPVersion.allCases {
            let text =
                "<e:Envelope xmlns:e='\(version.namespace)' xmlns:n='\(serviceNamespace)'>\(content)</e:Envelope>"
            let refusal = SOAPTests.refusal(of: text)
            #expect(refusal?.fault.code == .sender)
            #expect(refusal?.version == version)
        }
    }

    @Test("A Body of the other version's namespace is none")
    func bodyOfOtherVersion() {
        let text = """
            <e:Envelope xmlns:e="\(SOAPVersion.soap12.namespace)" xmlns:o="\(SOAPVersion.soap11.namespace)">\
            <o:Body><GetWebhook xmlns="\(serviceNamespace)"/></o:Body></e:Envelope>
            """
        #expect(refusal(of: text)?.fault.code == .sender)
    }

    @Test(
        "An operation of another namespace is unknown",
        arguments: ["", "urn:x", "http://www.superoffice.net/ws/crm/NetServer/Services86"]
    )
    func operationNamespace(namespace: String) {
        let refusal = SOAPTests.refusal(of: envelopeText(body: "<GetWebhook xmlns='\(namespace)'/>"))
        #expect(refusal?.fault.code == .actionNotSupported)
        #expect(refusal?.fault.reason.contains("{\(namespace)}GetWebhook") == true)
        #expect(refusal?.version == .soap12)
    }

    private static let action = serviceNamespace + "/Webhook/GetWebhook"

    @Test(
        "An action that names the operation, or nothing, is allowed",
        arguments: [
            nil, "", "\"\"", " ", "GetWebhook", "\"GetWebhook\"", "urn:GetWebhook", "urn:x#GetWebhook",
            serviceNamespace + "/Webhook/GetWebhook", "\"" + serviceNamespace + "/Webhook/GetWebhook\"",
            " \"" + serviceNamespace + "/Webhook/GetWebhook\" ", "\"", "\"\"\"", "\"GetWebhook", "GetWebhook\"",
            "GetWebhook\" \"\t", "\u{A0}GetWebhook\u{2003}", "\r\nGetWebhook\r\n", "é/GetWebhook",
            "a\u{301}:GetWebhook",
            "://#GetWebhook", String(repeating: "x/", count: 5000) + "GetWebhook",
        ] as [String?]
    )
    func action(action: String?) throws {
        for version in SOAPVersion.allCases {
            let envelope = try readEnvelope(envelopeText(version), contentType: "text/xml", action: action)
            #expect(envelope.operation.name == "GetWebhook")
        }
    }

    @Test(
        "An action that names another operation is refused",
        arguments: [
            "SaveWebhook", "\"SaveWebhook\"", "urn:SaveWebhook", serviceNamespace + "/Webhook/SaveWebhook",
            "\"" + serviceNamespace + "/Webhook/SaveWebhook\"", serviceNamespace + "/Webhook/GetWebhookResponse",
            serviceNamespace + "/Webhook/getwebhook", "\"" + serviceNamespace + "/Webhook/GetAllWebhooks\"",
            "\"\"GetWebhook\"", "Get Webhook", "GetWebhook/", "urn:", "/", "GetWebhook\u{301}", "Get\"Webhook",
            "xGetWebhook",
            "ＧetWebhook", "GetWebhook\u{0}",
        ]
    )
    func otherAction(action: String) {
        for version in SOAPVersion.allCases {
            let refusal = SOAPTests.refusal(of: envelopeText(version), contentType: "text/xml", action: action)
            #expect(refusal?.fault.code == .actionNotSupported)
            #expect(refusal?.version == version)
        }
    }

    @Test("The media type's action counts as the header does; both must agree with the Body")
    func mediaTypeAction() throws {
        let other = serviceNamespace + "/Webhook/SaveWebhook"
        for value in ["action=\"\(Self.action)\"", "action=\(Self.action)", "action=\"\"", "action=GetWebhook"] {
            _ = try readEnvelope(envelopeText(), contentType: "application/soap+xml; \(value)")
            _ = try readEnvelope(envelopeText(), contentType: "application/soap+xml; \(value)", action: Self.action)
            let conflict = refusal(of: envelopeText(), contentType: "application/soap+xml; \(value)", action: other)
            #expect(conflict?.fault.code == .actionNotSupported)
        }
        for action in [nil, "", "\"\(Self.action)\""] {
            let conflict = refusal(
                of: envelopeText(),
                contentType: "application/soap+xml; action=\"\(other)\"",
                action: action
            )
            #expect(conflict?.fault.code == .actionNotSupported)
        }
    }

    @Test("Long names are cut in reasons")
    func longNames() throws {
        let long = String(repeating: "x", count: 20_000)
        let texts = ["<\(long)/>", "<Envelope xmlns='urn:\(long)'/>", envelopeText(body: "<\(long)/>")]
        for text in texts {
            let reason = try #require(refusal(of: text)).fault.reason
            #expect(reason.utf8.count < 600)
        }
        let action = try #require(refusal(of: envelopeText(), action: long)).fault.reason
        #expect(action.utf8.count < 600)
    }
}
