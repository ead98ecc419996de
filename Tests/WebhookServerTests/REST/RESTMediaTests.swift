import AgentCore
import Foundation
import NIOHTTP1
import ServerConfiguration
import StoreContracts
import TestSupport
import Testing
import WebhookModel
import XML

@testable import WebhookServer

/// XML, forms and charsets, in and out (docs/contract.md#section-8).
@Suite("REST media types", .timeLimit(.minutes(10)))
struct RESTMediaTests {
    /// A webhook with everything that XML has a form for, as `application/json`.
    static let whole = """
        {"Name": "Blåbær & <co>", "Events": ["a.b", "c.d"], "TargetUrl": "http://127.0.0.1:9/hook", "Secret": "", \
        "State": "Stopped", "Headers": {"X-A": "1", "X-B": null}, "Properties": {"n": 5, "t": "x", "z": null, \
        "d": 0.25, "on": true, "list": ["a", null], "ints": [1], "o": {"p": {"q": 12345678901234567890}}}}
        """

    @Test("A webhook in XML has JSON's members by SOAP's names for items and pairs, in no namespace")
    func xml() async throws {
        try await RESTClient.holding(Self.whole) { rest in
            let base = "http://127.0.0.1:\(rest.service.port)/api/v1/Webhook"
            for type in ["application/xml", "text/xml"] {
                let answer = try await rest.call("GET", "/Webhook/1", headers: [("Accept", type)])
                #expect(answer.status == 200)
                #expect(answer.headers["Content-Type"] == ["\(type); charset=utf-8"])
                #expect(answer.text.hasPrefix("<?xml "))
                let root = try XML.XMLDocument(parsing: answer.body).root
                #expect(root.name == "Webhook")
                #expect(root.children.map(\.name) == RESTWebhookTests.members + ["_Links"])
                #expect(Self.all(root).allSatisfy { $0.namespace.isEmpty }, "Elements stand in no namespace.")
                for part in [
                    "<WebhookId>1</WebhookId><Name>Blåbær &amp; &lt;co&gt;</Name>",
                    "<Events><string>a.b</string><string>c.d</string></Events>", "<State>Stopped</State>",
                    "<StringKeyValuePair><Key>X-A</Key><Value>1</Value></StringKeyValuePair>",
                    #"<StringKeyValuePair><Key>X-B</Key><Value xsi:nil="true"/></StringKeyValuePair>"#,
                    #"<StringObjectKeyValuePair><Key>n</Key><Value xsi:type="xsd:int">5</Value>"#,
                    #"<Key>z</Key><Value xsi:nil="true"/>"#, #"<Value xsi:type="xsd:boolean">true</Value>"#,
                    #"<Value xsi:type="xsd:decimal">12345678901234567890</Value>"#,
                    "<_Links><Self>\(base)/1</Self><Archive>\(base)</Archive></_Links>",
                ] {
                    #expect(answer.text.contains(part), "\(part) in \(answer.text)")
                }
            }
        }
    }

    private static func all(_ element: XML.XMLElement) -> [XML.XMLElement] {
        [element] + element.children.flatMap(all)
    }

    @Test("Each answer in XML is named after its carrier, errors too")
    func roots() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            _ = try await rest.create()
            let xml = [("Accept", "application/xml")]
            let calls: [(String, String, String?, Int, String)] = [
                ("GET", "/Webhook/default", nil, 200, "Webhook"), ("GET", "/Webhook", nil, 200, "ArrayOfWebhook"),
                ("POST", "/Webhook", RESTClient.hook, 200, "Webhook"), ("PATCH", "/Webhook/1", "{}", 200, "Webhook"),
                ("POST", "/Webhook/Test", RESTClient.hook, 200, "WebhookResult"),
                ("GET", "/Webhook/1/LastError", nil, 200, "string"),
                ("POST", "/Agents/Webhook/GetAllWebhooks", nil, 200, "ArrayOfWebhook"),
                ("GET", "/Webhook/99", nil, 404, "Error"), ("POST", "/Webhook", "{", 400, "Error"),
                ("POST", "/Webhook", "{}", 400, "Error"), ("GET", "/Nothing", nil, 404, "Error"),
                ("DELETE", "/Webhook", nil, 405, "Error"),
            ]
            for (method, path, body, status, name) in calls {
                let answer = try await rest.call(method, path, body, headers: xml)
                #expect(answer.status == status, "\(method) \(path)")
                #expect(answer.headers["Content-Type"] == ["application/xml; charset=utf-8"], "\(method) \(path)")
                let root = try? XML.XMLDocument(parsing: answer.body).root
                #expect(root?.name == name, "\(method) \(path): \(answer.text)")
                if name == "Error" {
                    let names = root?.children.map(\.name)
                    #expect(names == ["Error", "ErrorType", "ErrorMessage", "ErrorSource"], "\(method) \(path)")
                }
                if name == "ArrayOfWebhook" {
                    #expect(root?.children.allSatisfy { $0.name == "Webhook" } == true)
                    #expect(root?.children.contains { _ in true } == true)
                }
            }
            let refused = try await rest.anonymous.call("GET", "/Webhook", headers: xml)
            #expect(refused.status == 401)
            #expect(refused.text.contains("<ErrorType>SoSessionException</ErrorType>"))
        }
    }

    @Test("The type that is asked for is echoed; what asks for none of ours gets JSON")
    func accept() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            for (accept, type) in [
                ("application/json; charset=utf-8", "application/json"), ("text/json", "text/json"),
                ("*/*", "application/json"),
                ("application/json-patch+json", "application/json-patch+json"),
                ("application/merge-patch+json", "application/merge-patch+json"),
                ("application/xml;q=0.5, application/json;q=0.4", "application/xml"),
                ("text/html, text/xml", "text/xml"), ("aplication/json", "application/json"),
                ("image/png", "application/json"), ("*/*;q=0", "application/json"),
            ] {
                let answer = try await rest.call("GET", "/Webhook/default", headers: [("Accept", accept)])
                #expect(answer.status == 200)
                #expect(answer.headers["Content-Type"] == ["\(type); charset=utf-8"], "\(accept)")
            }
        }
    }

    @Test("What was got in XML can be put back in XML, and nothing is lost")
    func roundTrip() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            let saved = try await rest.call("POST", "/Webhook", Self.whole)
            let xml = [("Accept", "application/xml")]
            let got = try await rest.call("GET", "/Webhook/1", headers: xml)
            let put = try await rest.call("PUT", "/Webhook/1", got.text, type: RESTClient.xml)
            try #require(put.status == 200, "\(put.text)")
            for name in RESTWebhookTests.members where name != "Updated" {
                #expect(try put.member(name) == saved.member(name), "\(name)")
            }
            let again = try await rest.call("GET", "/Webhook/1", headers: xml)
            let time = /<Updated>[^<]*<\/Updated>/
            #expect(again.text.replacing(time, with: "") == got.text.replacing(time, with: ""))
            let agent = try await rest.call("POST", "/Agents/Webhook/SaveWebhook", got.text, type: "text/xml")
            #expect(agent.status == 200, "\(agent.text)")
        }
    }

    static let namespaces = [
        "", #" xmlns="http://www.superoffice.net/ws/crm/NetServer/Services87""#,
        #" xmlns="http://schemas.datacontract.org/2004/07/SuperOffice.CRM.Services""#, #" xmlns="urn:x""#,
    ]

    @Test("XML is read by local names, in any namespace or none, whatever its root is called", arguments: namespaces)
    func xmlIn(namespace: String) async throws {
        let members = """
            <Name>from XML</Name><Events><string>sale.changed</string></Events>\
            <TargetUrl>http://127.0.0.1:9/hook</TargetUrl><Headers><StringKeyValuePair><Key>X-A</Key><Value>1</Value>\
            </StringKeyValuePair></Headers><Properties><StringObjectKeyValuePair><Key>n</Key>\
            <Value i:type="x:int" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" \
            xmlns:x="http://www.w3.org/2001/XMLSchema">5</Value></StringObjectKeyValuePair></Properties>\
            <Department>nobody knows it</Department>
            """
        let ignored = "<WebhookId>x</WebhookId><Registered>yesterday</Registered>"
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            for (path, root, members) in [
                ("/Webhook", "Webhook", members), ("/Webhook", "anything", members + ignored),
                ("/Agents/Webhook/SaveWebhook", "Webhook", members),
            ] {
                let body = "<\(root)\(namespace)>\(members)</\(root)>"
                let answer = try await rest.call("POST", path, body, type: RESTClient.xml)
                #expect(answer.status == 200, "\(answer.text)")
                guard answer.status == 200 else { continue }
                #expect(try answer.textMember("Name") == "from XML")
                #expect(try answer.member("Events") == #"["sale.changed"]"#)
                #expect(try answer.member("Headers") == #"{"X-A":"1"}"#)
                #expect(try answer.member("Properties") == #"{"n":5}"#)
            }
            let wrapped = "<SaveWebhook\(namespace)><Webhook>\(members)</Webhook></SaveWebhook>"
            let agent = try await rest.call(
                "POST",
                "/Agents/Webhook/SaveWebhook",
                wrapped,
                type: "text/xml; charset=utf-8"
            )
            #expect(agent.status == 200, "\(agent.text)")
        }
    }

    @Test("An event is signalled in XML and as a form, on both routes")
    func signals() async throws {
        let pairs = """
            <StringObjectKeyValuePair><Key>windowName</Key><Value>foo</Value></StringObjectKeyValuePair>\
            <StringObjectKeyValuePair><Key>widgets</Key><Value>123</Value></StringObjectKeyValuePair>
            """
        let calls: [(path: String, body: String, type: String)] = [
            ("/Webhook/sale.changed/5", "<Data>\(pairs)</Data>", RESTClient.xml),
            (
                "/Agents/Webhook/SignalEvent",
                "<a><EventName>sale.changed</EventName><PrimaryKey>5</PrimaryKey><Data>\(pairs)</Data></a>",
                RESTClient.xml
            ),
            ("/Webhook/sale.changed/5", "windowName=foo&widgets=123", RESTClient.form),
            (
                "/Agents/Webhook/SignalEvent",
                "eventname=sale.changed&PRIMARYKEY=5&Data[windowName]=foo&Data.widgets=123",
                RESTClient.form
            ),
        ]
        try await RunningService.with(settings: { $0.rules.sendsFieldValues = true }) { service in
            let rest = RESTClient(service: service)
            _ = try await rest.create()
            for call in calls {
                let answer = try await rest.call("POST", call.path, call.body, type: call.type)
                #expect(answer.status == 204, "\(call): \(answer.text)")
                try await rest.waitUntilIdle()
                let body = String(decoding: try #require(service.sender.sent.last).body, as: UTF8.self)
                #expect(body.contains(#""Changes":["windowName","widgets"]"#), "\(call)")
                #expect(body.contains(#""PrimaryKey":5"#), "\(call)")
                #expect(body.contains(#""FieldValues":{"windowName":"foo","widgets":"123"}"#), "\(call): \(body)")
            }
            #expect(service.sender.sent.count == 1 + calls.count)
        }
    }

    /// As SOAP takes them (docs/contract.md#section-9).
    @Test("Numbers and states in XML may have white space around them; where they are empty they are absent")
    func xmlNumbers() async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            _ = try await rest.create()
            for (operation, arguments, status) in [
                ("GetWebhook", "<WebhookId> 1\n</WebhookId>", 200), ("GetWebhook", "<WebhookId/>", 200),
                ("GetAllWebhooks", "<StatusFilter>\n Active </StatusFilter>", 200),
                ("GetAllWebhooks", "<StatusFilter/>", 200),
                ("SignalEvent", "<EventName>sale.changed</EventName><PrimaryKey> 5 </PrimaryKey>", 204),
                ("SignalEvent", "<EventName>nobody.listens</EventName><PrimaryKey/>", 204),
            ] {
                let body = "<a>\(arguments)</a>"
                let answer = try await rest.call("POST", "/Agents/Webhook/\(operation)", body, type: RESTClient.xml)
                #expect(answer.status == status, "\(body): \(answer.text)")
            }
            try await rest.waitUntilIdle()
            let sent = String(decoding: try #require(service.sender.sent.last).body, as: UTF8.self)
            #expect(sent.contains(#""Event":"sale.changed","PrimaryKey":5"#), "\(sent)")
        }
    }

    @Test("JSON is read in its encodings, with a byte order mark or without, and leniently")
    func encodings() async throws {
        let json = #"{"Name": "blåbær 🔑", "Events": ["a.b"], "TargetUrl": "http://127.0.0.1:9/hook"}"#
        let latin = json.replacing(" 🔑", with: "")
        let bodies: [(bytes: [UInt8], type: String?)] = [
            (Array(json.utf8), "application/json"), (Array(json.utf8), nil),
            (Array(json.utf8), "text/json; charset=\"UTF-8\""),
            ([0xEF, 0xBB, 0xBF] + Array(json.utf8), "application/json"),
            (markedUTF16(json, littleEndian: true), "application/json; charset=utf-16"),
            (Array(markedUTF16(json, littleEndian: true).dropFirst(2)), "application/json; charset=utf-16"),
            (Array(markedUTF16(json, littleEndian: false).dropFirst(2)), "application/json; charset=utf-16"),
            (markedUTF16(json, littleEndian: false), "application/json"),
            (Array(latin.unicodeScalars.map { UInt8($0.value) }), "application/json; charset=ISO-8859-1"),
            (
                Array(
                    "/* a */ {name: 'blåbær 🔑', 'EVENTS': ['a.b',], targetUrl: 'http://127.0.0.1:9/hook',} // b".utf8
                ), "text/json"
            ),
        ]
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            for (bytes, type) in bodies {
                let answer = try await rest.send("POST", "/Webhook", bytes, type: type)
                #expect(answer.status == 200, "\(type ?? "none"): \(answer.text)")
                guard answer.status == 200 else { continue }
                #expect(try answer.textMember("Name").hasPrefix("blåbær"))
            }
        }
    }

    @Test(
        "Another type or charset is 415",
        arguments: [
            "text/plain", "application/soap+xml", "multipart/form-data; boundary=x", "application/jsonx", "json",
            "application/json; charset=windows-1252", "application/xml; charset=koi8-r", "application/json; charset=x",
        ]
    )
    func unsupported(type: String) async throws {
        try await RunningService.with { service in
            let rest = RESTClient(service: service)
            let answer = try await rest.call("POST", "/Webhook", RESTClient.hook, type: type)
            answer.expectProblem(415, "SoInvalidArgumentException", source: "Webhook.SaveWebhook", type)
            let count = try await rest.count()
            #expect(count == 0)
        }
    }
}
