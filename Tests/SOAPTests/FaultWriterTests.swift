import SOAP
import TestSupport
import Testing
import XML

@Suite("Faults")
struct FaultWriterTests {
    private static let addressing = "http://schemas.microsoft.com/ws/2005/05/addressing/none"

    /// A code with its names in both versions.
    struct Case: Sendable, CustomTestStringConvertible {
        let code: SOAPFault.Code
        let name11: QualifiedName
        let name12: QualifiedName
        var subcode12: QualifiedName?

        var testDescription: String { "\(code)" }
    }

    static let codes = [
        Case(code: .sender, name11: soap(.soap11, "Client"), name12: soap(.soap12, "Sender")),
        Case(code: .receiver, name11: soap(.soap11, "Server"), name12: soap(.soap12, "Receiver")),
        Case(
            code: .versionMismatch,
            name11: soap(.soap11, "VersionMismatch"),
            name12: soap(.soap12, "VersionMismatch")
        ),
        Case(
            code: .mustUnderstand([QualifiedName(namespace: "urn:x", localName: "Security")]),
            name11: soap(.soap11, "MustUnderstand"),
            name12: soap(.soap12, "MustUnderstand")
        ),
        Case(
            code: .actionNotSupported,
            name11: QualifiedName(namespace: addressing, localName: "ActionNotSupported"),
            name12: soap(.soap12, "Sender"),
            subcode12: QualifiedName(namespace: addressing, localName: "ActionNotSupported")
        ),
    ]

    private static func soap(_ version: SOAPVersion, _ name: String) -> QualifiedName {
        QualifiedName(namespace: version.namespace, localName: name)
    }

    private static let hostile = "</faultstring></s:Text></s:Reason><x/>&amp;\"'\u{1}]]> é"

    private func root(
        _ code: SOAPFault.Code,
        _ version: SOAPVersion,
        detail: ((inout AnswerWriter) -> Void)? = nil
    ) throws -> XMLElement {
        let fault = SOAPFault(code, Self.hostile)
        let bytes = FaultWriter.envelope(
            for: fault,
            version: version,
            namespace: serviceNamespace,
            detail: detail
        )
        #expect(bytes.starts(with: Array("<?xml version=\"1.0\" encoding=\"UTF-8\"?>".utf8)))
        let root = try XMLDocument(parsing: bytes).root
        #expect(root.qualifiedName == Self.soap(version, "Envelope"))
        return root
    }

    @Test("SOAP 1.1 faults have a code, a text and no detail", arguments: FaultWriterTests.codes)
    func soap11(_ fault: Case) throws {
        let root = try self.root(fault.code, .soap11)
        #expect(root.children.map(\.qualifiedName) == [Self.soap(.soap11, "Body")])
        let element = try #require(root.at("Body", "Fault"))
        #expect(element.namespace == SOAPVersion.soap11.namespace)
        let names = ["faultcode", "faultstring"].map { QualifiedName(namespace: "", localName: $0) }
        #expect(element.children.map(\.qualifiedName) == names)
        let faultCode = try #require(element.at("faultcode"))
        #expect(faultCode.resolve(faultCode.text) == fault.name11)
        #expect(element.at("faultstring")?.text == Self.hostile.replacingControls)
    }

    @Test("SOAP 1.2 faults have a code, perhaps a subcode, and a reason", arguments: FaultWriterTests.codes)
    func soap12(_ fault: Case) throws {
        let root = try self.root(fault.code, .soap12)
        let element = try #require(root.at("Body", "Fault"))
        #expect(element.namespace == SOAPVersion.soap12.namespace)
        #expect(element.children.map(\.qualifiedName) == [Self.soap(.soap12, "Code"), Self.soap(.soap12, "Reason")])
        let value = try #require(element.at("Code", "Value"))
        #expect(value.resolve(value.text) == fault.name12)
        let subvalue = element.at("Code", "Subcode", "Value")
        #expect(subvalue.flatMap { $0.resolve($0.text) } == fault.subcode12)
        let reason = try #require(element.at("Reason"))
        #expect(reason.children.map(\.qualifiedName) == [Self.soap(.soap12, "Text")])
        #expect(reason.at("Text")?.text == Self.hostile.replacingControls)
        #expect(reason.at("Text")?.attribute("lang", namespace: "http://www.w3.org/XML/1998/namespace") == "en")
        #expect(root.subtree.allSatisfy { $0.namespace == SOAPVersion.soap12.namespace })
    }

    @Test("A version mismatch in SOAP 1.2 names the envelopes that are understood")
    func upgrade() throws {
        let root = try self.root(.versionMismatch, .soap12)
        #expect(root.children.map(\.name) == ["Header", "Body"])
        let upgrade = try #require(root.at("Header", "Upgrade"))
        #expect(upgrade.namespace == SOAPVersion.soap12.namespace)
        let envelopes = Array(upgrade.children)
        #expect(envelopes.allSatisfy { $0.qualifiedName == Self.soap(.soap12, "SupportedEnvelope") })
        let names = envelopes.map { $0.resolve($0.attribute("qname") ?? "") }
        #expect(names == [Self.soap(.soap12, "Envelope"), Self.soap(.soap11, "Envelope")])
    }

    @Test("Blocks that were not understood are named in SOAP 1.2's header")
    func notUnderstood() throws {
        let blocks = [
            QualifiedName(namespace: "urn:x", localName: "Security"),
            QualifiedName(namespace: "urn:a&b'c", localName: "Other"),
            QualifiedName(namespace: "", localName: "Bare"),
        ]
        let root = try self.root(.mustUnderstand(blocks), .soap12)
        let header = try #require(root.at("Header"))
        #expect(header.children.map(\.qualifiedName) == Array(repeating: Self.soap(.soap12, "NotUnderstood"), count: 3))
        #expect(header.children.map { $0.resolve($0.attribute("qname") ?? "") } == blocks)
    }

    @Test(
        "Sender, receiver and action faults have no header",
        arguments: [SOAPFault.Code.sender, .receiver, .actionNotSupported]
    )
    func noHeader(code: SOAPFault.Code) throws {
        for version in SOAPVersion.allCases {
            #expect(try root(code, version).children.map(\.name) == ["Body"])
        }
    }

    @Test("What the detail's writer writes stands in the fault's detail", arguments: SOAPVersion.allCases)
    func detail(version: SOAPVersion) throws {
        let root = try self.root(.sender, version) { writer in
            writer.markup("<Other xmlns=\"urn:x\"/>")
            writer.beginBlock("Block")
            writer.values.string("Name", "a<b")
            writer.endBlock("Block")
        }
        let fault = try #require(root.at("Body", "Fault"))
        let detail = try #require(fault.at(version == .soap11 ? "detail" : "Detail"))
        #expect(detail.namespace == (version == .soap11 ? "" : version.namespace))
        #expect(
            detail.children.map(\.qualifiedName) == [
                QualifiedName(namespace: "urn:x", localName: "Other"),
                QualifiedName(namespace: serviceNamespace, localName: "Block"),
            ]
        )
        #expect(detail.at("Block", "Name")?.text == "a<b")
        #expect(detail.at("Block", "Name")?.namespace == serviceNamespace)
    }
}

extension String {
    /// The text as XML can hold it.
    fileprivate var replacingControls: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0.value < 0x20 ? "\u{FFFD}" : $0 }))
    }
}
