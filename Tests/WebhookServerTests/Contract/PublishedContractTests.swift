import Cryptography
import Foundation
import NetServerSOAP
import Networking
import Testing
import WSDL

@testable import WebhookServer

/// The WSDL that each service number publishes is the one that SuperOffice published, and does not change by accident:
/// clients hold proxies that were generated from it.
@Suite("Published contract")
struct PublishedContractTests {
    @Test("The contract has the published components, in order and with their prefixes", arguments: PublishedFile.all)
    func structure(file: PublishedFile) throws {
        let ours = try WSDLDigest.lines(of: file.text, number: file.number)
        let difference = try ours.difference(from: file.publishedDigest).map(describe)
        #expect(difference.isEmpty, "\(difference.joined(separator: "\n"))")
    }

    @Test("The published contract is frozen to the byte", arguments: PublishedFile.all)
    func bytes(file: PublishedFile) {
        #expect(SHA256Digest.hex(of: Array(file.text.utf8)) == file.sha256)
    }

    @Test(
        "Names its own service number alone, and holds no mark of a part that some numbers lack",
        arguments: PublishedFile.all
    )
    func text(file: PublishedFile) {
        let numbers = Set(file.text.matches(of: /Services(\d+)/).map { String($0.1) })
        #expect(numbers == [String(file.number)])
        #expect(file.text.components(separatedBy: "<?").count == 2, "the XML declaration is the one thing written so")
    }

    @Test("A change of structure changes the digest", arguments: Edit.structural)
    func sensitivity(edit: Edit) throws {
        let file = PublishedFile(service: "Webhook", number: 87)
        #expect(try WSDLDigest.lines(of: edit.applied(to: file.text), number: 87) != file.publishedDigest)
    }

    @Test("A change of anything else does not", arguments: Edit.cosmetic)
    func insensitivity(edit: Edit) throws {
        let file = PublishedFile(service: "Webhook", number: 87)
        #expect(try WSDLDigest.lines(of: edit.applied(to: file.text), number: 87) == file.publishedDigest)
    }

    @Test(
        "The digests are those of the published files",
        .enabled(if: PublishedFile.folder != nil, "PUBLISHED_WSDL names no folder with them"),
        arguments: PublishedFile.all.filter { $0.number != 86 }
    )
    func digests(file: PublishedFile) throws {
        let folder = try #require(PublishedFile.folder)
        let url = URL(filePath: folder).appending(path: "Wcf\(file.service)\(file.number).wsdl")
        let lines = try WSDLDigest.lines(of: String(contentsOf: url, encoding: .utf8), number: file.number)
        #expect(try lines == file.publishedDigest, "The digest must hold:\n\(lines.joined(separator: "\n"))")
    }

    private func describe(_ change: CollectionDifference<String>.Change) -> String {
        switch change {
        case .remove(_, let line, _): "missing: \(line)"
        case .insert(_, let line, _): "extra:   \(line)"
        }
    }
}

/// The text of one service of one service number, with what it is held to.
struct PublishedFile: Sendable, CustomTestStringConvertible {
    let service: String
    let number: Int

    static let all = ["Webhook", "SoPrincipal"].flatMap { service in
        ServiceNumber.allCases.map { PublishedFile(service: service, number: $0.rawValue) }
    }

    /// Where SuperOffice's own files are.
    static let folder = ProcessInfo.processInfo.environment["PUBLISHED_WSDL"]

    var testDescription: String { service + String(number) }

    var text: String {
        service == "Webhook"
            ? PublishedContract.webhook(number: number) : PublishedContract.soPrincipal(number: number)
    }

    var sha256: String? { Self.sha256[testDescription] }

    private static let sha256 = [
        "Webhook85": "f1a71c9f61fe9a143e8936c078c3920031f1a71e8a45809c610e788f3f53323f",
        "Webhook86": "55bf9ccc790292abe1c8bbbca007a5b0519f156a915fd34520320e1a51df0fd9",
        "Webhook87": "0db86f35abe5553da0fd9cd44d6ff84d630695a1781fd55f1367b390056925b2",
        "Webhook88": "29642365834a0ef10d726e65afd0d626885db814b2a22ba9d522f451a4d99ac6",
        "SoPrincipal85": "3f61593d7ec935400852ef258ee732689fff94c86f8aa21a664ca265c162ed80",
        "SoPrincipal86": "9ac1364748a5f100278da6ad67539e791faa4a96f7b75787d163238792f554c5",
        "SoPrincipal87": "16d1223580d0bdf46c0c865f6bb319799453ff8c7392b82f1af3277bfb1ef328",
        "SoPrincipal88": "b52dd95968b5b6a51f8df7a0c241f66168edecf0e3fd005636e3b3075380fa41",
    ]

    /// The lines that ``WSDLDigest`` gives for SuperOffice's own file. 86 is 87 but for the number.
    var publishedDigest: [String] {
        get throws {
            let file = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "Digests/\(service)\(number == 86 ? 87 : number).digest")
            return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
        }
    }
}

/// A change to the text of 87's `Webhook.svc`, made where its old text first occurs.
struct Edit: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let old: String
    let new: String

    init(_ description: String, _ old: String, _ new: String) {
        testDescription = description
        self.old = old
        self.new = new
    }

    func applied(to text: String) throws -> String {
        let place = try #require(text.range(of: old), "the text to change is not in the file")
        return text.replacingCharacters(in: place, with: new)
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
            #"xmlns:q1="http://schemas.microsoft.com"#,
            #"xmlns:q1="http://example.com"#
        ),
        Edit("base type changed", #"<xs:extension base="tns:Carrier">"#, #"<xs:extension base="tns:Webhook">"#),
        Edit("enumeration value renamed", #"<xs:enumeration value="Stopped"/>"#, #"<xs:enumeration value="Halted"/>"#),
        Edit("dictionary mark changed", #"Serialization/">true<"#, #"Serialization/">false<"#),
        Edit("type of an enumeration changed", #"Name="short" Namespace"#, #"Name="int" Namespace"#),
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
        Edit(
            "another prefix for the same type",
            #"type="q1:ArrayOfstring" "#,
            #"type="q2:ArrayOfstring" xmlns:q2="http://schemas.microsoft.com/2003/10/Serialization/Arrays" "#
        ),
        Edit("a prefix more", "<wsdl:types>", #"<wsdl:types xmlns:a="urn:a">"#),
        Edit(
            "two global components swapped",
            """
            <xs:element name="SoCredentials" type="tns:SoCredentials" nillable="true"/>
                  <xs:element name="Credentials" type="tns:SoCredentials" nillable="true"/>
            """,
            """
            <xs:element name="Credentials" type="tns:SoCredentials" nillable="true"/>
                  <xs:element name="SoCredentials" type="tns:SoCredentials" nillable="true"/>
            """
        ),
        Edit("another service number", "NetServer/Services87\"", "NetServer/Services88\""),
    ]

    static let cosmetic = [
        Edit("another address", "http://localhost:8087/", "https://crm.example.com/Cust12345/"),
        Edit(
            "another documentation",
            "<wsdl:documentation>Manages webhooks",
            "<wsdl:documentation>Looks after webhooks"
        ),
        Edit("a comment less", "<!-- Operations -->", ""),
        Edit("attributes in another order", #"name="Name" type="xs:string""#, #"type="xs:string" name="Name""#),
        Edit("an empty line more", "<wsdl:types>", "\n<wsdl:types>"),
    ]
}
