import Foundation
import Testing
import XML

/// What toolkits make of the typed values that they read, saved back, leaves what is stored as it is
/// (docs/contract.md#section-3 and docs/contract.md#section-9).
@Suite("Values as toolkits write them")
struct ToolkitValueTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// The element Value as it was saved first.
        let stored: String
        /// As the toolkit sends it back.
        let sent: String

        init(_ description: String, _ stored: String, _ sent: String) {
            testDescription = description
            self.stored = stored
            self.sent = sent
        }
    }

    private static let strings = """
        <n:Value i:type="a:ArrayOfstring"><a:string>én</a:string><a:string>to &amp; tre</a:string></n:Value>
        """
    private static let numbers = """
        <n:Value i:type="a:ArrayOfint"><a:int>1</a:int><a:int>-2</a:int></n:Value>
        """
    private static let dictionary = """
        <n:Value i:type="n:StringObjectDictionary"><n:StringObjectKeyValuePair><n:Key>k</n:Key>\
        <n:Value i:type="x:int">1</n:Value></n:StringObjectKeyValuePair><n:StringObjectKeyValuePair><n:Key>l</n:Key>\
        <n:Value i:type="x:boolean">true</n:Value></n:StringObjectKeyValuePair></n:Value>
        """

    static let cases: [Case] = [
        Case(
            "PHP: strings",
            strings,
            "<n:Value><string><x:string>én</x:string><x:string>to &amp; tre</x:string></string></n:Value>"
        ),
        Case("PHP: ints", numbers, "<n:Value><int><x:string>1</x:string><x:string>-2</x:string></int></n:Value>"),
        Case(
            "PHP: a dictionary",
            dictionary,
            """
            <n:Value><StringObjectKeyValuePair><e:Struct><Key>k</Key><Value>1</Value></e:Struct>\
            <e:Struct><Key>l</Key><Value>true</Value></e:Struct></StringObjectKeyValuePair></n:Value>
            """
        ),
        Case("PHP: no strings", "<n:Value i:type=\"a:ArrayOfstring\"/>", "<n:Value/>"),
        Case("PHP: no ints", "<n:Value i:type=\"a:ArrayOfint\"/>", "<n:Value></n:Value>"),
        Case("PHP: no pairs", "<n:Value i:type=\"n:StringObjectDictionary\"/>", "<n:Value/>"),
        Case("PHP: a boolean", "<n:Value i:type=\"x:boolean\">0</n:Value>", "<n:Value>false</n:Value>"),
        Case("PHP: a double", "<n:Value i:type=\"x:double\">1E+100</n:Value>", "<n:Value>1.0E+100</n:Value>"),
        Case("PHP: no number", "<n:Value i:type=\"x:double\">NaN</n:Value>", "<n:Value>NAN</n:Value>"),
        Case(
            "PHP: a double's first digits",
            "<n:Value i:type=\"x:double\">3.14159265358979323</n:Value>",
            "<n:Value>3.1415926535898</n:Value>"
        ),
        Case(
            "PHP: a large number",
            "<n:Value i:type=\"x:unsignedLong\">18446744073709551615</n:Value>",
            "<n:Value>1.844674407371E+19</n:Value>"
        ),
        Case("PHP: a sign", "<n:Value i:type=\"x:int\">+042</n:Value>", "<n:Value>42</n:Value>"),
        Case("PHP: bytes", "<n:Value i:type=\"x:base64Binary\">aGVs bG8=</n:Value>", "<n:Value>hello</n:Value>"),
        Case("PHP: a zero byte", "<n:Value i:type=\"x:base64Binary\">AAH+/w==</n:Value>", "<n:Value/>"),
        Case(
            "JAX-WS: unsignedByte",
            "<n:Value i:type=\"x:unsignedByte\">255</n:Value>",
            "<n:Value i:type=\"x:short\">255</n:Value>"
        ),
        Case(
            "JAX-WS: unsignedLong",
            "<n:Value i:type=\"x:unsignedLong\">18446744073709551615</n:Value>",
            "<n:Value i:type=\"x:integer\">18446744073709551615</n:Value>"
        ),
        Case(
            "JAX-WS: a small unsignedLong",
            "<n:Value i:type=\"x:unsignedLong\">5</n:Value>",
            "<n:Value i:type=\"x:integer\">5</n:Value>"
        ),
        Case(
            "JAX-WS: anyURI",
            "<n:Value i:type=\"x:anyURI\">urn:a</n:Value>",
            "<n:Value i:type=\"x:string\">urn:a</n:Value>"
        ),
        Case(
            "JAX-WS: the prefix of a name",
            "<n:Value xmlns:own=\"urn:q\" i:type=\"x:QName\">own:n</n:Value>",
            "<n:Value xmlns:ns3=\"urn:q\" i:type=\"x:QName\">ns3:n</n:Value>"
        ),
        Case(
            "gSOAP: more digits",
            "<n:Value i:type=\"x:float\">0.1</n:Value>",
            "<n:Value i:type=\"x:float\">0.100000001</n:Value>"
        ),
        Case(
            "Axis: a text in the form of a guid",
            "<n:Value i:type=\"x:string\">2fcf9b8e-3b2f-4d3f-9a51-0d9a3b6f0f10</n:Value>",
            "<n:Value i:type=\"ser:guid\">2fcf9b8e-3b2f-4d3f-9a51-0d9a3b6f0f10</n:Value>"
        ),
    ]

    @Test("Leave what is stored as it is", arguments: cases)
    func repeated(_ value: Case) async throws {
        try await RunningService.with { service in
            let saved = try await Self.save(value.stored, id: "0", service)
            let again = try await Self.save(value.sent, id: saved.id, service)
            #expect(again.value == saved.value)
        }
    }

    @Test(
        "Types that are not stored as such are read as the original's serializer does",
        arguments: [
            ("integer", "5", "long"), ("nonNegativeInteger", "18446744073709551615", "unsignedLong"),
            ("date", "2024-02-29", "string"), ("hexBinary", "00ff", "string"), ("token", "a", "string"),
        ]
    )
    func standIn(type: String, text: String, stored: String) async throws {
        try await RunningService.with { service in
            let saved = try await Self.save("<n:Value i:type=\"x:\(type)\">\(text)</n:Value>", id: "0", service)
            #expect(saved.value.contains("xsi:type=\"xsd:\(stored)\">\(text)<"), "\(saved.value)")
        }
    }

    @Test(
        "What an item or a number holds beside its text is not dropped",
        arguments: [
            "<n:Value i:type=\"a:ArrayOfint\"><a:int><x:x>1</x:x></a:int></n:Value>",
            "<n:Value i:type=\"a:ArrayOfint\"><a:int></a:int></n:Value>",
            "<n:Value i:type=\"a:ArrayOfstring\"><a:string>q<x:x>1</x:x></a:string></n:Value>",
            "<n:Value i:type=\"x:integer\">18446744073709551616</n:Value>",
            "<n:Value><string><string>a</string></string><string>b</string></n:Value>",
            "<n:Value><string><foo>a</foo></string></n:Value>",
        ]
    )
    func nested(value: String) async throws {
        try await RunningService.with { service in
            let answer = try await service.post(Self.request(value, id: "0"), contentType: "text/xml", action: nil)
            #expect(answer.status == 500)
            #expect(String(decoding: answer.body, as: UTF8.self).contains("<faultcode>s:Client</faultcode>"))
        }
    }

    @Test("A text that holds an element is a fault that names it, since a part of it would be lost")
    func brokenText() async throws {
        try await RunningService.with { service in
            let request = String(decoding: Self.request("<n:Value/>", id: "0"), as: UTF8.self)
                .replacing("<n:Events>", with: "<n:Secret>a<n:b>b</n:b>c</n:Secret><n:Events>")
            let answer = try await service.post(Array(request.utf8), contentType: "text/xml", action: nil)
            #expect(answer.status == 500)
            #expect(String(decoding: answer.body, as: UTF8.self).contains("Secret"))
        }
    }

    /// Saves a webhook with that value; its id and the element Value of the answer.
    private static func save(
        _ value: String,
        id: String,
        _ service: RunningService
    ) async throws -> (id: String, value: String) {
        let answer = try await service.post(request(value, id: id), contentType: "text/xml", action: nil)
        let text = String(decoding: answer.body, as: UTF8.self)
        let newID = try #require(text.firstMatch(of: /<WebhookId>([0-9]+)</), "\(text)").output.1
        let element = try #require(text.firstMatch(of: /<Key>p<\/Key>(<Value.*)<\/StringObjectKeyValuePair><\/Prop/))
        return (String(newID), String(element.output.1))
    }

    private static func request(_ value: String, id: String) -> [UInt8] {
        let text = """
            <s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:n="\(BadInputTests.service)" \
            xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:x="http://www.w3.org/2001/XMLSchema" \
            xmlns:a="http://schemas.microsoft.com/2003/10/Serialization/Arrays" \
            xmlns:ser="http://schemas.microsoft.com/2003/10/Serialization/" \
            xmlns:e="http://schemas.xmlsoap.org/soap/encoding/">\
            <s:Header><n:Credentials><n:Ticket>7T:1234abcxyzExample==</n:Ticket></n:Credentials></s:Header>\
            <s:Body><n:SaveWebhook><n:Webhook><n:WebhookId>\(id)</n:WebhookId>\
            <n:Events><a:string>a.b</a:string></n:Events><n:TargetUrl>http://127.0.0.1:9/hook</n:TargetUrl>\
            <n:Properties><n:StringObjectKeyValuePair><n:Key>p</n:Key>\(value)</n:StringObjectKeyValuePair>\
            </n:Properties></n:Webhook></n:SaveWebhook></s:Body></s:Envelope>
            """
        return Array(text.utf8)
    }
}
