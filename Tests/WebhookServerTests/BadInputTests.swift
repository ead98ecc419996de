import Foundation
import NIOHTTP1
import NetServerSOAP
import ServerConfiguration
import Testing
import WebhookServer
import XML

/// What is wrong with a request is answered clearly, in the version it came in, and the service goes on serving.
@Suite("Bad input")
struct BadInputTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// The whole request body, for an envelope namespace.
        let body: @Sendable (String) -> [UInt8]
        /// What the fault's reason names.
        let mentions: String

        init(_ description: String, mentions: String, _ body: @escaping @Sendable (String) -> String) {
            testDescription = description
            self.mentions = mentions
            self.body = { Array(body($0).utf8) }
        }

        init(_ description: String, mentions: String, bytes: @escaping @Sendable (String) -> [UInt8]) {
            testDescription = description
            self.mentions = mentions
            body = bytes
        }
    }

    @Test(
        "Where operation errors are to be faults, they are, with what is wrong as the detail",
        arguments: ["http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"]
    )
    func operationErrorsAsFaults(namespace: String) async throws {
        try await RunningService.with(settings: { $0.operationErrors = .fault }) { service in
            let request = Self.envelope(namespace, "<n:SaveWebhook><n:Webhook/></n:SaveWebhook>")
            let answer = try await service.post(Array(request.utf8), contentType: "application/xml", action: nil)
            #expect(answer.status == 500)
            let envelope = try XML.XMLDocument(parsing: answer.body).root
            #expect(envelope.namespace == namespace)
            let text = String(decoding: answer.body, as: UTF8.self)
            #expect(text.contains(namespace.contains("2003") ? "s:Sender<" : "s:Client<"), "\(text)")
            #expect(text.contains("<ExceptionType>SuperOffice.Exceptions.So"), "\(text)")
        }
    }

    static let service = "http://www.superoffice.net/ws/crm/NetServer/Services87"

    static func envelope(_ namespace: String, _ body: String, header: String = "", prolog: String = "") -> String {
        """
        \(prolog)<s:Envelope xmlns:s="\(namespace)" xmlns:n="\(service)" \
        xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">\
        <s:Header><n:Credentials><n:Ticket>7T:1234abcxyzExample==</n:Ticket></n:Credentials>\(header)</s:Header>\
        <s:Body>\(body)</s:Body></s:Envelope>
        """
    }

    static let laughs =
        "<!DOCTYPE l [<!ENTITY a \"ha\">"
        + (1...9).map {
            "<!ENTITY a\($0) \"" + String(repeating: "&a\($0 == 1 ? "" : String($0 - 1));", count: 10) + "\">"
        }
        .joined() + "]>"

    static let cases: [Case] = [
        Case("nothing at all", mentions: "empty") { _ in "" },
        Case("not XML", mentions: "well-formed") { _ in "hello" },
        Case("JSON", mentions: "well-formed") { _ in "{\"a\": 1}" },
        Case("a truncated envelope", mentions: "well-formed") {
            String(envelope($0, "<n:CreateDefaultWebhook/>").dropLast(20))
        },
        Case("a DTD", mentions: "DTD") { envelope($0, "<n:CreateDefaultWebhook/>", prolog: "<!DOCTYPE x>") },
        Case("an external entity", mentions: "DTD") {
            envelope(
                $0,
                "<n:SignalEvent><n:EventName>&x;</n:EventName></n:SignalEvent>",
                prolog: "<!DOCTYPE x [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"
            )
        },
        Case("a billion laughs", mentions: "DTD") {
            envelope($0, "<n:SignalEvent><n:EventName>&a9;</n:EventName></n:SignalEvent>", prolog: laughs)
        },
        Case("a body of 10 MB", mentions: "max-body-bytes") {
            envelope(
                $0,
                "<n:SignalEvent><n:EventName>" + String(repeating: "x", count: 10 << 20)
                    + "</n:EventName></n:SignalEvent>"
            )
        },
        Case("a depth of 10,000", mentions: "max-depth") {
            envelope($0, String(repeating: "<a>", count: 10_000) + String(repeating: "</a>", count: 10_000))
        },
        Case("100,000 attributes", mentions: "start tag") {
            envelope($0, "<n:SignalEvent " + (0..<100_000).map { "a\($0)=''" }.joined(separator: " ") + "/>")
        },
        Case("an XML declaration that does not end", mentions: "XML declaration") { _ in
            "<?xml version=\"1.0\" " + String(repeating: " ", count: 1_000_000) + "?><a/>"
        },
        Case("1,700 namespace declarations", mentions: "attributes") {
            envelope($0, "<a " + (0..<1700).map { "xmlns:p\($0)='urn:x'" }.joined(separator: " ") + "/>")
        },
        Case("65 attributes", mentions: "attributes") {
            envelope($0, "<n:SignalEvent " + (0..<65).map { "a\($0)=''" }.joined(separator: " ") + "/>")
        },
        Case("100,000 elements", mentions: "elements") { envelope($0, String(repeating: "<a/>", count: 100_000)) },
        Case("an undeclared prefix", mentions: "well-formed") { envelope($0, "<q:CreateDefaultWebhook/>") },
        Case("an undeclared prefix in a type", mentions: "prefix") {
            envelope(
                $0,
                "<n:SignalEvent><n:Data><n:StringObjectKeyValuePair><n:Key>k</n:Key><n:Value xsi:type='q:int'>1</n:Value></n:StringObjectKeyValuePair></n:Data></n:SignalEvent>"
            )
        },
        Case("no Body", mentions: "Body") { "<s:Envelope xmlns:s='\($0)'/>" },
        Case("two operations", mentions: "one operation") {
            envelope($0, "<n:CreateDefaultWebhook/><n:CreateDefaultWebhook/>")
        },
        Case("an integer overflow", mentions: "PrimaryKey") {
            envelope($0, "<n:SignalEvent><n:PrimaryKey>2147483648</n:PrimaryKey></n:SignalEvent>")
        },
        Case(
            "invalid UTF-8",
            mentions: "well-formed",
            bytes: { namespace in
                let text = envelope(namespace, "<n:SignalEvent><n:EventName>@</n:EventName></n:SignalEvent>")
                return Array(text.utf8).flatMap { $0 == UInt8(ascii: "@") ? [0xC3, 0x28] : [$0] }
            }
        ),
        Case("an invalid date", mentions: "Registered") {
            envelope(
                $0,
                "<n:SaveWebhook><n:Webhook><n:Registered>2023-02-30T00:00:00Z</n:Registered></n:Webhook></n:SaveWebhook>"
            )
        },
    ]

    static let versions = [
        ("http://schemas.xmlsoap.org/soap/envelope/", "text/xml; charset=utf-8"),
        ("http://www.w3.org/2003/05/soap-envelope", "application/soap+xml; charset=utf-8"),
    ]

    @Test("Bad SOAP input is answered with a fault that names what is wrong", arguments: cases, versions)
    func fault(_ bad: Case, version: (namespace: String, contentType: String)) async throws {
        try await RunningService.with { service in
            let answer = try await service.post(
                bad.body(version.namespace),
                contentType: version.contentType,
                action: nil
            )
            #expect(answer.status == 500)
            let root = try XML.XMLDocument(parsing: answer.body).root
            #expect(root.namespace == version.namespace)
            let text = String(decoding: answer.body, as: UTF8.self)
            #expect(text.contains("Fault>"))
            #expect(text.contains(bad.mentions), "\(text)")
            #expect(!text.contains("root:"), "A fault holds nothing of the machine's files.")
            #expect(!text.contains(".swift"), "A fault holds nothing of the service's insides.")

            let good = Self.envelope(version.namespace, "<n:CreateDefaultWebhook/>")
            let next = try await service.post(Array(good.utf8), contentType: version.contentType, action: nil)
            #expect(next.status == 200)
        }
    }

    @Test("Nothing is stored by a save that is refused")
    func nothingStored() async throws {
        let refused = [
            "<n:Webhook><n:TargetUrl>http://127.0.0.1:9/x</n:TargetUrl></n:Webhook>",
            "<n:Webhook><n:Events><n:string>a.b</n:string></n:Events></n:Webhook>",
            "<n:Webhook><n:Events><n:string>a.b</n:string></n:Events><n:TargetUrl>ftp://x/</n:TargetUrl></n:Webhook>",
            "<n:Webhook><n:Events><n:string>a.b</n:string></n:Events><n:TargetUrl>\(ScriptedSender.failingURL)</n:TargetUrl></n:Webhook>",
            "<n:Webhook><n:WebhookId>x</n:WebhookId></n:Webhook>",
        ]
        try await RunningService.with { service in
            for webhook in refused {
                let request = Self.envelope(Self.versions[0].0, "<n:SaveWebhook>\(webhook)</n:SaveWebhook>")
                let answer = try await service.post(Array(request.utf8), contentType: "text/xml", action: nil)
                #expect(!String(decoding: answer.body, as: UTF8.self).contains(">true</Succeeded>"))
            }
            let list = Self.envelope(Self.versions[0].0, "<n:GetAllWebhooks/>")
            let answer = try await service.post(Array(list.utf8), contentType: "text/xml", action: nil)
            #expect(String(decoding: answer.body, as: UTF8.self).contains("<Response></Response>"))
        }
    }

    @Test(
        "A media type that is no envelope's is 415",
        arguments: ["application/json", "text/plain", "", "text/html; x=text/xml"]
    )
    func mediaType(_ type: String) async throws {
        try await RunningService.with { service in
            let answer = try await service.post(Array("<a/>".utf8), contentType: type, action: nil)
            #expect(answer.status == 415)
            #expect(String(decoding: answer.body, as: UTF8.self).contains("text/xml"))
        }
    }

    @Test("A method that a service does not have is 405 with Allow", arguments: ["PUT", "DELETE", "PATCH", "OPTIONS"])
    func method(_ method: String) async throws {
        try await RunningService.with { service in
            let answer = try await service.send(method, service.url)
            #expect(answer.status == 405)
            #expect(answer.headers["Allow"] == ["GET, HEAD, POST"])
        }
    }

    @Test(
        "A path that is no service's is 404",
        arguments: ["/Remote/Services84/Webhook.svc", "/Remote/Services87/Contact.svc", "/remote"]
    )
    func path(_ path: String) async throws {
        try await RunningService.with { service in
            let answer = try await service.send("GET", "http://127.0.0.1:\(service.port)\(path)")
            #expect(answer.status == 404)
        }
    }
}
