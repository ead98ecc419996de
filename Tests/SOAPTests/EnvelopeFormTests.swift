import Testing
import XML

@testable import SOAP

@Suite("Envelope forms")
struct EnvelopeFormTests {
    private static let blocks = """
        <n:ApplicationToken>token</n:ApplicationToken>\
        <n:Credentials><n:Ticket>ticket</n:Ticket></n:Credentials>\
        <n:TimeZone><n:SoTimeZoneId>54</n:SoTimeZoneId>\
        <n:SoTimeZoneLocationCode>CET</n:SoTimeZoneLocationCode></n:TimeZone>
        """

    private func expectBlocks(_ header: RequestHeader) {
        #expect(header.applicationToken == "token")
        #expect(header.ticket == "ticket")
        #expect(header.timeZone == TimeZoneBlock(id: 54, locationCode: "CET"))
    }

    @Test("The documented form has its blocks before the Body and no Header")
    func documented() throws {
        let envelope = try readEnvelope(envelopeText(before: Self.blocks))
        #expect(envelope.version == .soap12)
        #expect(envelope.shape == .documented)
        #expect(envelope.operation.name == "GetWebhook")
        #expect(envelope.operation.namespace == serviceNamespace)
        expectBlocks(envelope.header)
    }

    @Test("Proper envelopes have them in the Header", arguments: SOAPVersion.allCases)
    func header(version: SOAPVersion) throws {
        let envelope = try readEnvelope(envelopeText(version, header: Self.blocks))
        #expect(envelope.version == version)
        #expect(envelope.shape == .framework)
        expectBlocks(envelope.header)
    }

    @Test("The version is the envelope's, whatever the media type says", arguments: SOAPVersion.allCases)
    func version(version: SOAPVersion) throws {
        for contentType in ["text/xml", "application/soap+xml", "application/xml"] {
            let envelope = try readEnvelope(envelopeText(version), contentType: contentType)
            #expect(envelope.version == version)
        }
    }

    @Test("Blocks are found behind the Body too")
    func order() throws {
        let behind = try readEnvelope(envelopeText(after: Self.blocks))
        #expect(behind.shape == .documented)
        expectBlocks(behind.header)
        let header = "<e:Header>\(Self.blocks)</e:Header>"
        let late = try readEnvelope(envelopeText(after: header))
        #expect(late.shape == .framework)
        expectBlocks(late.header)
    }

    @Test("An envelope without blocks has no caller and the framework's shape", arguments: SOAPVersion.allCases)
    func noBlocks(version: SOAPVersion) throws {
        for header in [nil, "", "<!-- none -->"] {
            let envelope = try readEnvelope(envelopeText(version, header: header))
            #expect(envelope.header == RequestHeader())
            #expect(envelope.shape == .framework)
        }
    }

    @Test("A block in the Header wins over the same outside, and only over that")
    func headerWins() throws {
        let outside =
            "<n:ApplicationToken>outer</n:ApplicationToken><n:Credentials><n:Ticket>outer</n:Ticket></n:Credentials>"
        let inside = "<n:ApplicationToken>inner</n:ApplicationToken>"
        for text in [envelopeText(before: outside, header: inside), envelopeText(header: inside, after: outside)] {
            let envelope = try readEnvelope(text)
            #expect(envelope.header.applicationToken == "inner")
            #expect(envelope.header.ticket == "outer")
        }
    }

    @Test("Only token and credentials outside a Header make the documented form")
    func timeZoneOutside() throws {
        let zone = "<n:TimeZone><n:SoTimeZoneId>54</n:SoTimeZoneId></n:TimeZone>"
        let inside = "<n:Credentials><n:Ticket>ticket</n:Ticket></n:Credentials>"
        let envelope = try readEnvelope(envelopeText(before: zone, header: inside))
        #expect(envelope.shape == .framework)
        #expect(envelope.header.timeZone?.id == 54)
    }

    @Test("Blocks outside a SOAP 1.1 envelope's Header are read, but answered in SOAP 1.1's shape")
    func outsideSOAP11() throws {
        let envelope = try readEnvelope(envelopeText(.soap11, before: Self.blocks))
        #expect(envelope.version == .soap11)
        #expect(envelope.shape == .framework)
        expectBlocks(envelope.header)
    }

    @Test("Null blocks say nothing")
    func null() throws {
        let nilled = "xmlns:i=\"\(Namespace.schemaInstance)\" i:nil=\"true\""
        let blocks = """
            <n:ApplicationToken \(nilled)/><n:Credentials><n:Ticket \(nilled)/></n:Credentials>\
            <n:TimeZone \(nilled)/>
            """
        let envelope = try readEnvelope(envelopeText(header: blocks))
        #expect(envelope.header == RequestHeader())
        let empty = try readEnvelope(envelopeText(header: "<n:Credentials/><n:TimeZone/>"))
        #expect(empty.header.ticket == nil)
        #expect(empty.header.timeZone == TimeZoneBlock(id: 0, locationCode: nil))
    }

    @Test("A ticket may stand in the service's namespace or in none")
    func ticketNamespace() throws {
        let envelope = try readEnvelope(envelopeText(header: "<n:Credentials><Ticket>ticket</Ticket></n:Credentials>"))
        #expect(envelope.header.ticket == "ticket")
    }

    @Test("A time zone that cannot be read is refused by its element", arguments: SOAPVersion.allCases)
    func badTimeZone(version: SOAPVersion) {
        let zone = "<n:TimeZone><n:SoTimeZoneId>noon</n:SoTimeZoneId></n:TimeZone>"
        let refusal = SOAPTests.refusal(of: envelopeText(version, header: zone))
        #expect(refusal?.version == version)
        #expect(refusal?.fault.code == .sender)
        #expect(refusal?.fault.reason.contains("SoTimeZoneId") == true)
    }

    @Test("What is unknown is ignored, elements and attributes", arguments: SOAPVersion.allCases)
    func unknown(version: SOAPVersion) throws {
        let noise = "<x xmlns='urn:x'><y/></x><!-- c --><n:Other/><ApplicationToken>not ours</ApplicationToken>"
        let text = envelopeText(
            version,
            before: noise,
            header: noise + Self.blocks + noise,
            body: "<!-- c --> <n:GetWebhook a='1' n:b='2'/> <!-- c -->",
            after: noise
        )
        let envelope = try readEnvelope(text)
        #expect(envelope.operation.name == "GetWebhook")
        expectBlocks(envelope.header)
    }

    @Test("Prefixes, default namespaces, CDATA and references do not matter")
    func spelling() throws {
        let text = """
            <?xml version="1.0"?><Envelope xmlns="\(SOAPVersion.soap11.namespace)">
            <Header><ApplicationToken xmlns="\(serviceNamespace)"><![CDATA[to]]>&#107;en</ApplicationToken></Header>
            <b:Body xmlns:b="\(SOAPVersion.soap11.namespace)"><SaveWebhook xmlns="\(serviceNamespace)"/></b:Body>
            </Envelope>
            """
        let envelope = try readEnvelope(text)
        #expect(envelope.header.applicationToken == "token")
        #expect(envelope.operation.name == "SaveWebhook")
    }
}
