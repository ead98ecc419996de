import SOAP
import TestSupport
import Testing
import XML

@Suite("Header blocks that must be understood")
struct MustUnderstandTests {
    private static let next11 = "http://schemas.xmlsoap.org/soap/actor/next"
    private static let role = "http://www.w3.org/2003/05/soap-envelope/role/"

    /// The version, the attributes of a foreign block, and whether it has to be understood here.
    static let cases: [(SOAPVersion, String, Bool)] = [
        (.soap11, "", false),
        (.soap11, "e:mustUnderstand='0'", false),
        (.soap11, "e:mustUnderstand='false'", false),
        (.soap11, "e:mustUnderstand='1'", true),
        (.soap11, "e:mustUnderstand='true'", true),
        (.soap11, "mustUnderstand='1'", false),
        (.soap11, "e:mustUnderstand='1' e:actor=''", true),
        (.soap11, "e:mustUnderstand='1' e:actor='\(next11)'", true),
        (.soap11, "e:mustUnderstand='1' e:actor='urn:somebody-else'", false),
        (.soap11, "e:mustUnderstand='1' e:role='urn:somebody-else'", true),
        (.soap12, "", false),
        (.soap12, "e:mustUnderstand='0'", false),
        (.soap12, "e:mustUnderstand='false'", false),
        (.soap12, "e:mustUnderstand='1'", true),
        (.soap12, "e:mustUnderstand='true'", true),
        (.soap12, "mustUnderstand='true'", false),
        (.soap12, "xmlns:o='http://schemas.xmlsoap.org/soap/envelope/' o:mustUnderstand='1'", false),
        (.soap12, "e:mustUnderstand='1' e:role=''", true),
        (.soap12, "e:mustUnderstand='1' e:role='\(role)next'", true),
        (.soap12, "e:mustUnderstand='1' e:role='\(role)ultimateReceiver'", true),
        (.soap12, "e:mustUnderstand='1' e:role='\(role)none'", false),
        (.soap12, "e:mustUnderstand='1' e:role='urn:somebody-else'", false),
        (.soap12, "e:mustUnderstand='1' e:actor='urn:somebody-else'", true),
    ]

    @Test("A foreign block is refused when it is for us and must be understood", arguments: MustUnderstandTests.cases)
    func foreign(version: SOAPVersion, attributes: String, mustBeUnderstood: Bool) {
        let refusal = SOAPTests.refusal(
            of: envelopeText(version, header: "<x:Security xmlns:x='urn:x' \(attributes)/>")
        )
        #expect((refusal != nil) == mustBeUnderstood)
        guard let refusal else { return }
        #expect(refusal.fault.code == .mustUnderstand([QualifiedName(namespace: "urn:x", localName: "Security")]))
        #expect(refusal.version == version)
        #expect(refusal.fault.reason.contains("{urn:x}Security"))
    }

    @Test(
        "A mustUnderstand that is no boolean is a fault, whosever block it is",
        arguments: SOAPVersion.allCases,
        ["wrong", "", "TRUE", "True", "2", "yes", "1 1"]
    )
    func noBoolean(version: SOAPVersion, mark: String) {
        for block in [
            "<x:Security xmlns:x='urn:x'", "<n:Known", "<x:A xmlns:x='urn:x' e:role='urn:y' e:actor='urn:y'",
        ] {
            let refusal = SOAPTests.refusal(of: envelopeText(version, header: "\(block) e:mustUnderstand='\(mark)'/>"))
            #expect(refusal?.fault.code == .sender)
            #expect(refusal?.version == version)
            #expect(refusal?.fault.reason.contains("mustUnderstand '\(mark)'") == true)
        }
    }

    @Test("White space around a mustUnderstand does not count", arguments: SOAPVersion.allCases)
    func space(version: SOAPVersion) {
        let block = "<x:A xmlns:x='urn:x' e:mustUnderstand=' 1\n'/>"
        #expect(SOAPTests.refusal(of: envelopeText(version, header: block)) != nil)
    }

    @Test("A block that the service knows is understood", arguments: SOAPVersion.allCases)
    func own(version: SOAPVersion) throws {
        let receiver = version == .soap11 ? "e:actor='\(Self.next11)'" : "e:role='\(Self.role)next'"
        let mark = "e:mustUnderstand='1'"
        for attributes in [mark, mark + " " + receiver] {
            let envelope = try readEnvelope(envelopeText(version, header: "<n:Known \(attributes)/>"))
            #expect(envelope.operation.name == "GetWebhook")
        }
    }

    @Test("All blocks that are not understood are named", arguments: SOAPVersion.allCases)
    func several(version: SOAPVersion) {
        let header = """
            <a xmlns='urn:1' e:mustUnderstand='1'/><b xmlns='urn:2'/><n:Other e:mustUnderstand='1'/>\
            <Known e:mustUnderstand='1'/>
            """
        let refusal = SOAPTests.refusal(of: envelopeText(version, header: header))
        let names = [
            QualifiedName(namespace: "urn:1", localName: "a"),
            QualifiedName(namespace: serviceNamespace, localName: "Other"),
            QualifiedName(namespace: "", localName: "Known"),
        ]
        #expect(refusal?.fault.code == .mustUnderstand(names))
    }

    @Test("WS-Addressing blocks that need not be understood are ignored", arguments: SOAPVersion.allCases)
    func addressing(version: SOAPVersion) throws {
        let header = """
            <w:Action xmlns:w="http://www.w3.org/2005/08/addressing">urn:a</w:Action>\
            <w:MessageID xmlns:w="http://www.w3.org/2005/08/addressing">urn:uuid:1</w:MessageID>\
            <w:To xmlns:w="http://www.w3.org/2005/08/addressing">http://localhost/</w:To>
            """
        #expect(try readEnvelope(envelopeText(version, header: header)).operation.name == "GetWebhook")
    }
}
