import AgentCore
import Foundation
import JSON
import ServerConfiguration
import StoreContracts
import TestSupport
import Testing
import WebhookModel

@testable import WebhookServer

/// A webhook is the same webhook whichever front it came through.
@Suite("SOAP and REST on one installation", .timeLimit(.minutes(10)))
struct CrossFrontTests {
    private static func with(
        _ body: @escaping @Sendable (RunningService, _ ticket: String) async throws -> Void
    ) async throws {
        try await RunningService.with(settings: { settings in
            settings.installation = Callers.installation(.onSite)
            settings.rules.sendsFieldValues = true
        }) { service in
            let callers = Callers(service: service, kind: .onSite, tenant: "Default", token: nil)
            try await body(service, try #require(try await callers.login("anna", "right")))
        }
    }

    @Test(
        "What one front saves another reads, signals, changes and deletes",
        arguments: FrontKind.allCases,
        FrontKind.allCases
    )
    func cross(saver: FrontKind, other: FrontKind) async throws {
        try await Self.with { service, ticket in
            let (saving, signalling) = (saver.front(service), other.front(service))
            let saved = try await saving.call(.save(BothFrontsTests.hook), ticket: ticket)
            guard case .webhook(let webhook?) = saved else {
                Issue.record("\(saved)")
                return
            }
            #expect(webhook["WebhookId"] == "1")
            let seen = try await [saving, signalling].asyncMap { try await $0.call(.get(1), ticket: ticket) }
            #expect(seen == [saved, saved])
            let list = try await signalling.call(.list(event: "order.paid"), ticket: ticket)
            #expect(list == .webhooks([webhook]))

            let rest = RESTClient(service: service)
            let data = BothFrontsTests.hook.properties
            for front in [saving, signalling] {
                _ = try await front.call(.signal("order.paid", key: 3, data: data), ticket: ticket)
                try await rest.waitUntilIdle()
            }
            let sent = service.sender.sent.map(BothFrontsTests.described)
            try #require(sent.count == 3)
            #expect(sent[1] == sent[2], "Signalled through \(saver) and through \(other).")
            #expect(sent[2].contains(#""WebhookName":"Blåbær & <co>""#))
            #expect(sent[2].contains(#""big":9007199254740993"#))

            var changed = BothFrontsTests.hook
            changed.id = 1
            changed.name = "changed through \(other)"
            let updated = try await signalling.call(.save(changed), ticket: ticket)
            let read = try await saving.call(.get(1), ticket: ticket)
            #expect(read == updated)
            #expect(read != saved)
            _ = try await signalling.call(.delete(1), ticket: ticket)
            let left = try await saving.call(.list(), ticket: ticket)
            #expect(left == .webhooks([]))
        }
    }

    /// Every type that a property can have (docs/contract.md#section-3), in forms that a number or a date would lose.
    static let typed = """
        <a k="string" t="x:string">tekst</a><a k="yes" t="x:boolean">1</a><a k="no" t="x:boolean">false</a>\
        <a k="byte" t="x:byte">-5</a><a k="unsignedByte" t="x:unsignedByte">200</a><a k="short" t="x:short">7</a>\
        <a k="unsignedShort" t="x:unsignedShort">60000</a><a k="int" t="x:int">007</a>\
        <a k="unsignedInt" t="x:unsignedInt">4000000000</a><a k="long" t="x:long">9007199254740993</a>\
        <a k="smallLong" t="x:long">1</a><a k="unsignedLong" t="x:unsignedLong">18446744073709551615</a>\
        <a k="float" t="x:float">1.5</a><a k="double" t="x:double">1e3</a><a k="infinite" t="x:double">-INF</a>\
        <a k="decimal" t="x:decimal">1.10</a><a k="digits" t="x:decimal">12345678901234567890.12345</a>\
        <a k="dateTime" t="x:dateTime">2024-02-29T12:30:15</a><a k="base64" t="x:base64Binary">AAEC/w==</a>\
        <a k="uri" t="x:anyURI">http://example.com/?a=b&amp;c</a><a k="qname" t="x:QName">x:int</a>\
        <a k="guid" t="r:guid">1F2A3B4C-5D6E-7F80-9192-A3B4C5D6E7F8</a><a k="char" t="r:char">65</a>\
        <a k="duration" t="r:duration">P1DT2H</a>
        """

    private static let properties = typed.replacing(/<a k="(\w+)" t="(\w:\w+)">([^<]*)<\/a>/) {
        """
        <StringObjectKeyValuePair><Key>\($0.1)</Key><Value i:type="\($0.2)">\($0.3)</Value></StringObjectKeyValuePair>
        """
    }

    private static let nested = """
        <StringObjectKeyValuePair><Key>ints</Key><Value i:type="a:ArrayOfint"/></StringObjectKeyValuePair>\
        <StringObjectKeyValuePair><Key>inner</Key><Value i:type="n:StringObjectDictionary">\(properties)</Value>\
        </StringObjectKeyValuePair>
        """

    private static func save(_ properties: String, _ callers: Callers, ticket: String) async throws -> String {
        try await callers.call(
            """
            <SaveWebhook xmlns:x="http://www.w3.org/2001/XMLSchema" \
            xmlns:i="http://www.w3.org/2001/XMLSchema-instance" \
            xmlns:r="http://schemas.microsoft.com/2003/10/Serialization/" \
            xmlns:a="http://schemas.microsoft.com/2003/10/Serialization/Arrays" \
            xmlns:n="http://www.superoffice.net/ws/crm/NetServer/Services87">\
            <Webhook><Name>typed</Name><Events><string>sale.changed</string></Events>\
            <TargetUrl>http://127.0.0.1:9/hook</TargetUrl><Properties>\(properties)</Properties></Webhook></SaveWebhook>
            """,
            ticket: ticket,
            token: nil
        )
    }

    /// The element with the properties, of an answer that holds one webhook.
    private static func properties(in answer: String) throws -> String {
        String(try #require(answer.firstMatch(of: /(?s)<Properties>.*<\/Properties>/), "\(answer)").0)
    }

    @Test(
        "Every type survives a client that puts back over REST what it got there",
        arguments: ["PUT", "agent", "PATCH"]
    )
    func typesSurvive(way: String) async throws {
        try await Self.with { service, ticket in
            let callers = Callers(service: service, kind: .onSite, tenant: "Default", token: nil)
            let saved = try await Self.save(Self.properties + Self.nested, callers, ticket: ticket)
            let stored = try Self.properties(in: saved)
            for type in ["short", "unsignedLong", "decimal", "dateTime", "base64Binary", "QName", "guid", "ArrayOfint"]
            {
                #expect(stored.contains(":\(type)\""), "The webhook is stored with its types.")
            }
            let rest = RESTClient(service: service).carrying(ticket)
            let got = try await rest.call("GET", "/Webhook/1")
            #expect(got.status == 200)
            let answer =
                switch way {
                case "PUT": try await rest.call("PUT", "/Webhook/1", got.text)
                case "agent": try await rest.call("POST", "/Agents/Webhook/SaveWebhook", got.text)
                default: try await rest.call("PATCH", "/Webhook/1", #"{"Name": "patched"}"#)
                }
            #expect(answer.status == 200, "\(answer.text)")
            #expect(try answer.member("Properties") == got.member("Properties"))
            let read = try await callers.call(
                "<GetWebhook><WebhookId>1</WebhookId></GetWebhook>",
                ticket: ticket,
                token: nil
            )
            #expect(try Self.properties(in: read) == stored)
            #expect(read.contains("<Name>patched</Name>") == (way == "PATCH"))
        }
    }

    @Test("JSON shows what SOAP stored: digits kept, times as written, binary and guids as text")
    func shown() async throws {
        try await Self.with { service, ticket in
            let callers = Callers(service: service, kind: .onSite, tenant: "Default", token: nil)
            _ = try await Self.save(Self.properties, callers, ticket: ticket)
            let answer = try await RESTClient(service: service).carrying(ticket).call("GET", "/Webhook/1")
            let expected = """
                {"string":"tekst","yes":true,"no":false,"byte":-5,"unsignedByte":200,"short":7,"unsignedShort":60000,\
                "int":7,"unsignedInt":4000000000,"long":9007199254740993,"smallLong":1,\
                "unsignedLong":18446744073709551615,"float":1.5,"double":1e3,"infinite":"-INF","decimal":1.10,\
                "digits":12345678901234567890.12345,"dateTime":"2024-02-29T12:30:15","base64":"AAEC/w==",\
                "uri":"http://example.com/?a=b&c","qname":"x:int","guid":"1F2A3B4C-5D6E-7F80-9192-A3B4C5D6E7F8",\
                "char":"A","duration":"P1DT2H"}
                """
            #expect(try answer.member("Properties") == expected)
        }
    }

    @Test("What REST stores has types over SOAP, and an array of mixed values is a string of its JSON there")
    func typesOverSOAP() async throws {
        try await Self.with { service, ticket in
            let properties = """
                {"int": 5, "long": 2147483648, "decimal": 9223372036854775808, "double": 0.5, "text": "t", "on": true, \
                "none": null, "texts": ["a", null], "ints": [1, 2], "empty": [], "mixed": [1, "a", {"b": [null]}], \
                "object": {"n": 1}}
                """
            let rest = RESTClient(service: service).carrying(ticket)
            _ = try await rest.create(
                """
                {"Events": ["sale.changed"], "TargetUrl": "\(RESTClient.target)", "Properties": \(properties)}
                """
            )
            let callers = Callers(service: service, kind: .onSite, tenant: "Default", token: nil)
            let get = "<GetWebhook><WebhookId>1</WebhookId></GetWebhook>"
            let read = try await callers.call(get, ticket: ticket, token: nil)
            for value in [
                #"<Key>int</Key><Value xsi:type="xsd:int">5</Value>"#,
                #"<Key>long</Key><Value xsi:type="xsd:long">2147483648</Value>"#,
                #"<Key>decimal</Key><Value xsi:type="xsd:decimal">9223372036854775808</Value>"#,
                #"<Key>double</Key><Value xsi:type="xsd:double">0.5</Value>"#,
                #"<Key>text</Key><Value xsi:type="xsd:string">t</Value>"#,
                #"<Key>on</Key><Value xsi:type="xsd:boolean">true</Value>"#,
                #"<Key>none</Key><Value xsi:nil="true"/>"#,
                #"<Key>texts</Key><Value xsi:type="arr:ArrayOfstring"><arr:string>a</arr:string>"#
                    + #"<arr:string xsi:nil="true"/></Value>"#,
                #"<Key>ints</Key><Value xsi:type="arr:ArrayOfint"><arr:int>1</arr:int><arr:int>2</arr:int></Value>"#,
                #"<Key>empty</Key><Value xsi:type="arr:ArrayOfstring"></Value>"#,
                #"<Key>mixed</Key><Value xsi:type="xsd:string">[1,"a",{"b":[null]}]</Value>"#,
                #"<Key>object</Key><Value xsi:type="svc:StringObjectDictionary">"#,
            ] {
                #expect(read.contains(value), "\(value) in \(read)")
            }
            let got = try await rest.call("GET", "/Webhook/1")
            #expect(try got.member("Properties") == parsedJSON(properties).text)
        }
    }
}

extension Sequence where Element: Sendable {
    /// One after the other.
    fileprivate func asyncMap<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
