import SOAP
import TestSupport
import Testing
import XML

@testable import NetServerSOAP

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
        let request = try readRequest(envelopeText(before: Self.blocks))
        #expect(request.version == .soap12)
        #expect(request.shape == .documented(.webhook))
        #expect(request.operation.name == "GetWebhook")
        #expect(request.operation.namespace == serviceNamespace)
        expectBlocks(request.header)
    }

    @Test("Proper envelopes have them in the Header", arguments: SOAPVersion.allCases)
    func header(version: SOAPVersion) throws {
        let request = try readRequest(envelopeText(version, header: Self.blocks))
        #expect(request.version == version)
        #expect(request.shape == .framework)
        expectBlocks(request.header)
    }

    @Test("Blocks are found behind the Body too")
    func order() throws {
        let behind = try readRequest(envelopeText(after: Self.blocks))
        #expect(behind.shape == .documented(.webhook))
        expectBlocks(behind.header)
        let header = "<e:Header>\(Self.blocks)</e:Header>"
        let late = try readRequest(envelopeText(after: header))
        #expect(late.shape == .framework)
        expectBlocks(late.header)
    }

    @Test("An envelope without blocks has no caller and the framework's shape", arguments: SOAPVersion.allCases)
    func noBlocks(version: SOAPVersion) throws {
        for header in [nil, "", "<!-- none -->"] {
            let request = try readRequest(envelopeText(version, header: header))
            #expect(request.header == RequestHeader())
            #expect(request.shape == .framework)
        }
    }

    @Test("A block in the Header wins over the same outside, and only over that")
    func headerWins() throws {
        let outside =
            "<n:ApplicationToken>outer</n:ApplicationToken><n:Credentials><n:Ticket>outer</n:Ticket></n:Credentials>"
        let inside = "<n:ApplicationToken>inner</n:ApplicationToken>"
        for text in [envelopeText(before: outside, header: inside), envelopeText(header: inside, after: outside)] {
            let request = try readRequest(text)
            #expect(request.header.applicationToken == "inner")
            #expect(request.header.ticket == "outer")
        }
    }

    @Test("Only token and credentials outside a Header make the documented form")
    func timeZoneOutside() throws {
        let zone = "<n:TimeZone><n:SoTimeZoneId>54</n:SoTimeZoneId></n:TimeZone>"
        let inside = "<n:Credentials><n:Ticket>ticket</n:Ticket></n:Credentials>"
        let request = try readRequest(envelopeText(before: zone, header: inside))
        #expect(request.shape == .framework)
        #expect(request.header.timeZone?.id == 54)
    }

    @Test("Blocks outside a SOAP 1.1 envelope's Header are read, but answered in SOAP 1.1's shape")
    func outsideSOAP11() throws {
        let request = try readRequest(envelopeText(.soap11, before: Self.blocks))
        #expect(request.version == .soap11)
        #expect(request.shape == .framework)
        expectBlocks(request.header)
    }

    @Test("Null blocks say nothing")
    func null() throws {
        let nilled = "xmlns:i=\"\(Namespace.schemaInstance)\" i:nil=\"true\""
        let blocks = """
            <n:ApplicationToken \(nilled)/><n:Credentials><n:Ticket \(nilled)/></n:Credentials>\
            <n:TimeZone \(nilled)/>
            """
        let request = try readRequest(envelopeText(header: blocks))
        #expect(request.header == RequestHeader())
        let empty = try readRequest(envelopeText(header: "<n:Credentials/><n:TimeZone/>"))
        #expect(empty.header.ticket == nil)
        #expect(empty.header.timeZone == TimeZoneBlock(id: 0, locationCode: nil))
    }

    @Test("A ticket may stand in the service's namespace or in none")
    func ticketNamespace() throws {
        let request = try readRequest(envelopeText(header: "<n:Credentials><Ticket>ticket</Ticket></n:Credentials>"))
        #expect(request.header.ticket == "ticket")
    }

    @Test("A time zone that cannot be read is refused by its element", arguments: SOAPVersion.allCases)
    func badTimeZone(version: SOAPVersion) {
        let zone = "<n:TimeZone><n:SoTimeZoneId>noon</n:SoTimeZoneId></n:TimeZone>"
        let refusal = NetServerSOAPTests.refusal(of: envelopeText(version, header: zone))
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
        let request = try readRequest(text)
        #expect(request.operation.name == "GetWebhook")
        expectBlocks(request.header)
    }

    @Test("Prefixes, default namespaces, CDATA and references do not matter")
    func spelling() throws {
        let text = """
            <?xml version="1.0"?><Envelope xmlns="\(SOAPVersion.soap11.namespace)">
            <Header><ApplicationToken xmlns="\(serviceNamespace)"><![CDATA[to]]>&#107;en</ApplicationToken></Header>
            <b:Body xmlns:b="\(SOAPVersion.soap11.namespace)"><SaveWebhook xmlns="\(serviceNamespace)"/></b:Body>
            </Envelope>
            """
        let request = try readRequest(text)
        #expect(request.header.applicationToken == "token")
        #expect(request.operation.name == "SaveWebhook")
    }

    @Test("The ticket may be referred to", arguments: SOAPVersion.allCases)
    func ticket(version: SOAPVersion) throws {
        let header = "<n:Credentials><n:Ticket href='#t'/></n:Credentials>"
        let request = try readRequest(
            envelopeText(version, header: header, body: "<n:GetWebhook><n:T id='t'>7T:x</n:T></n:GetWebhook>")
        )
        #expect(request.header.ticket == "7T:x")
    }

    @Test("NetServer's blocks are understood wherever they stand", arguments: SOAPVersion.allCases)
    func understood(version: SOAPVersion) throws {
        let mark = "e:mustUnderstand='1'"
        let blocks = """
            <n:ApplicationToken \(mark)>token</n:ApplicationToken>\
            <n:Credentials \(mark)><n:Ticket>ticket</n:Ticket></n:Credentials><n:TimeZone \(mark)/>
            """
        for text in [envelopeText(version, header: blocks), envelopeText(version, before: blocks)] {
            let request = try readRequest(text)
            #expect(request.header.applicationToken == "token")
            #expect(request.header.ticket == "ticket")
        }
    }

    @Test("A block that NetServer does not have is not understood", arguments: SOAPVersion.allCases)
    func notUnderstood(version: SOAPVersion) {
        let header = "<n:Other e:mustUnderstand='1'/><ApplicationToken e:mustUnderstand='1'/>"
        let refusal = NetServerSOAPTests.refusal(of: envelopeText(version, header: header))
        let names = [
            QualifiedName(namespace: serviceNamespace, localName: "Other"),
            QualifiedName(namespace: "", localName: "ApplicationToken"),
        ]
        #expect(refusal?.fault.code == .mustUnderstand(names))
    }
}
