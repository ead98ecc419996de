import Cryptography
import Foundation
import Testing
import WSDL

/// The WSDL that this server publishes is the one that SuperOffice published, and does not change by accident:
/// clients hold proxies that were generated from it.
@Suite("Published contract")
struct PublishedContractTests {
    @Test("States the published structure, no more and no less", arguments: PublishedFile.allCases)
    func structure(file: PublishedFile) throws {
        let ours = try WSDLDigest.lines(parsing: file.bytes)
        let difference = try ours.difference(from: file.publishedDigest).map(describe)
        #expect(difference.isEmpty, "\(difference.joined(separator: "\n"))")
    }

    @Test("Is frozen to the byte", arguments: PublishedFile.allCases)
    func bytes(file: PublishedFile) {
        #expect(SHA256Digest.hex(of: file.bytes) == file.sha256)
    }

    @Test("A change of structure changes the digest", arguments: Edit.structural)
    func sensitivity(edit: Edit) throws {
        let edited = try edit.applied(to: PublishedFile.webhook.bytes)
        #expect(try WSDLDigest.lines(parsing: edited) != PublishedFile.webhook.publishedDigest)
    }

    @Test("A change of anything else does not", arguments: Edit.cosmetic)
    func insensitivity(edit: Edit) throws {
        let edited = try edit.applied(to: PublishedFile.webhook.bytes)
        #expect(try WSDLDigest.lines(parsing: edited) == PublishedFile.webhook.publishedDigest)
    }

    private func describe(_ change: CollectionDifference<String>.Change) -> String {
        switch change {
        case .remove(_, let line, _): "missing: \(line)"
        case .insert(_, let line, _): "extra:   \(line)"
        }
    }
}

/// One of the files under `WSDL/`, with what it is held to.
enum PublishedFile: String, CaseIterable, Sendable {
    case webhook = "Webhook"
    case soPrincipal = "SoPrincipal"

    var bytes: [UInt8] {
        switch self {
        case .webhook: PublishedContract.webhook
        case .soPrincipal: PublishedContract.soPrincipal
        }
    }

    var sha256: String {
        switch self {
        case .webhook: "bfac5dfceb6f38ad83e61282ae246195d0cbee0a14b1dd304f21c7fe135199b6"
        case .soPrincipal: "7d3b8468b8fb121df36a7cb12f33a6654e260342a62217b38c2212feb01c215c"
        }
    }

    /// The lines that `WSDLDigest` gives for SuperOffice's own file.
    var publishedDigest: [String] {
        get throws {
            let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "\(rawValue).digest")
            return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
        }
    }
}

/// A change to the text of `Webhook.wsdl`, made where its old text first occurs.
struct Edit: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let old: String
    let new: String

    init(_ description: String, _ old: String, _ new: String) {
        testDescription = description
        self.old = old
        self.new = new
    }

    func applied(to bytes: [UInt8]) throws -> [UInt8] {
        let text = String(decoding: bytes, as: UTF8.self)
        let place = try #require(text.range(of: old), "the text to change is not in the file")
        return Array(text.replacingCharacters(in: place, with: new).utf8)
    }
}

extension Edit {
    static let structural = [
        Edit(
            "two members of a sequence swapped",
            """
                        <xs:element name="EventName" type="xs:string" minOccurs="0" nillable="true"/>
                        <xs:element name="PrimaryKey" type="xs:int" minOccurs="0"/>
            """,
            """
                        <xs:element name="PrimaryKey" type="xs:int" minOccurs="0"/>
                        <xs:element name="EventName" type="xs:string" minOccurs="0" nillable="true"/>
            """
        ),
        Edit(
            "nillable dropped",
            #"name="Secret" type="xs:string" minOccurs="0" nillable="true""#,
            #"name="Secret" type="xs:string" minOccurs="0""#
        ),
        Edit(
            "minOccurs dropped",
            #"name="State" type="tns:WebhookState" minOccurs="0""#,
            #"name="State" type="tns:WebhookState""#
        ),
        Edit("member renamed", #"name="TargetUrl""#, #"name="TargetURL""#),
        Edit("member of another type", #"name="Rank" type="xs:short""#, #"name="Rank" type="xs:int""#),
        Edit(
            "prefix of a type bound elsewhere",
            #"xmlns:arr="http://schemas.microsoft.com"#,
            #"xmlns:arr="http://example.com"#
        ),
        Edit("base type changed", #"<xs:extension base="tns:Carrier">"#, #"<xs:extension base="tns:Webhook">"#),
        Edit("enumeration value renamed", #"<xs:enumeration value="Stopped"/>"#, #"<xs:enumeration value="Halted"/>"#),
        Edit("dictionary mark changed", "<ser:IsDictionary>true<", "<ser:IsDictionary>false<"),
        Edit("type of an enumeration changed", #"<ser:ActualType Name="short""#, #"<ser:ActualType Name="int""#),
        Edit(
            "header block retyped",
            #"<xs:element name="Succeeded" type="xs:boolean"/>"#,
            #"<xs:element name="Succeeded" type="xs:string"/>"#
        ),
        Edit("global element removed", #"<xs:element name="UserType" type="tns:UserType" nillable="true"/>"#, ""),
        Edit("elements unqualified", #"elementFormDefault="qualified""#, #"elementFormDefault="unqualified""#),
        Edit("message part renamed", #"<wsdl:part name="parameters""#, #"<wsdl:part name="body""#),
        Edit("message part of another element", #"element="tns:SaveWebhook""#, #"element="tns:TestWebhook""#),
        Edit(
            "addressing action changed",
            "Services87/Webhook/SaveWebhookResponse\"",
            "Services87/Webhook/SaveWebhook\""
        ),
        Edit("SOAP action changed", "soapAction=\"http://www.superoffice.net/ws/crm/NetServer/", "soapAction=\"urn:"),
        Edit("style changed", #"style="document""#, #"style="rpc""#),
        Edit(
            "header binding removed",
            #"<soap:header message="tns:SaveWebhookRequest_Headers" part="Credentials" use="literal"/>"#,
            ""
        ),
        Edit("body encoded", #"<soap:body use="literal"/>"#, #"<soap:body use="encoded"/>"#),
        Edit("bound to SOAP 1.2", "http://schemas.xmlsoap.org/wsdl/soap/", "http://schemas.xmlsoap.org/wsdl/soap12/"),
        Edit("port renamed", #"<wsdl:port name="BasicHttpBinding_Webhook""#, #"<wsdl:port name="Webhook""#),
        Edit("service renamed", #"<wsdl:service name="WcfWebhookService""#, #"<wsdl:service name="WebhookService""#),
        Edit("another service number", "NetServer/Services87\"", "NetServer/Services88\""),
    ]

    static let cosmetic = [
        Edit("another address", "http://localhost:8087/", "https://crm.example.com/Cust12345/"),
        Edit(
            "another documentation",
            "<wsdl:documentation>Manages webhooks",
            "<wsdl:documentation>Looks after webhooks"
        ),
        Edit("a comment less", "<!-- Header blocks of the requests -->", ""),
        Edit(
            "another prefix",
            #"type="tns:SoTimeZone" nillable"#,
            #"xmlns:own="http://www.superoffice.net/ws/crm/NetServer/Services87" type="own:SoTimeZone" nillable"#
        ),
        Edit(
            "two global components swapped",
            """
            <xs:element name="ApplicationToken" type="xs:string" nillable="true"/>

                  <xs:element name="Credentials" type="tns:SoCredentials" nillable="true"/>
            """,
            """
            <xs:element name="Credentials" type="tns:SoCredentials" nillable="true"/>
                  <xs:element name="ApplicationToken" type="xs:string" nillable="true"/>
            """
        ),
    ]
}
