import Foundation
import Testing
import XML

/// What toolkits make of the typed values that they read, saved back, leaves what is stored as it is
/// (docs/contract.md#section-3 and docs/contract.md#section-9).
@Suite("Values as toolkits write them")
struct ToolkitValueTests {
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

    /// The element Value with a type of XML Schema.
    private static func typed(_ type: String, _ text: String) -> String {
        "<n:Value i:type=\"x:\(type)\">\(text)</n:Value>"
    }

    /// What a toolkit reads, as the element Value that was saved first, and what the toolkit sends back.
    static let cases: [(toolkit: String, stored: String, sent: String)] = [
        (
            "PHP: strings",
            strings,
            "<n:Value><string><x:string>én</x:string><x:string>to &amp; tre</x:string></string></n:Value>"
        ),
        ("PHP: ints", numbers, "<n:Value><int><x:string>1</x:string><x:string>-2</x:string></int></n:Value>"),
        (
            "PHP: a dictionary",
            dictionary,
            """
            <n:Value><StringObjectKeyValuePair><e:Struct><Key>k</Key><Value>1</Value></e:Struct>\
            <e:Struct><Key>l</Key><Value>true</Value></e:Struct></StringObjectKeyValuePair></n:Value>
            """
        ),
        ("PHP: no strings", "<n:Value i:type=\"a:ArrayOfstring\"/>", "<n:Value/>"),
        ("PHP: no ints", "<n:Value i:type=\"a:ArrayOfint\"/>", "<n:Value></n:Value>"),
        ("PHP: no pairs", "<n:Value i:type=\"n:StringObjectDictionary\"/>", "<n:Value/>"),
        ("PHP: a boolean", typed("boolean", "0"), "<n:Value>false</n:Value>"),
        ("PHP: a double", typed("double", "1E+100"), "<n:Value>1.0E+100</n:Value>"),
        ("PHP: no number", typed("double", "NaN"), "<n:Value>NAN</n:Value>"),
        ("PHP: a double's first digits", typed("double", "3.14159265358979323"), "<n:Value>3.1415926535898</n:Value>"),
        ("PHP: a large number", typed("unsignedLong", "18446744073709551615"), "<n:Value>1.844674407371E+19</n:Value>"),
        ("PHP: a sign", typed("int", "+042"), "<n:Value>42</n:Value>"),
        ("PHP: bytes", typed("base64Binary", "aGVs bG8="), "<n:Value>hello</n:Value>"),
        ("PHP: a zero byte", typed("base64Binary", "AAH+/w=="), "<n:Value/>"),
        ("JAX-WS: unsignedByte", typed("unsignedByte", "255"), typed("short", "255")),
        (
            "JAX-WS: unsignedLong",
            typed("unsignedLong", "18446744073709551615"),
            typed("integer", "18446744073709551615")
        ),
        ("JAX-WS: a small unsignedLong", typed("unsignedLong", "5"), typed("integer", "5")),
        ("JAX-WS: anyURI", typed("anyURI", "urn:a"), typed("string", "urn:a")),
        (
            "JAX-WS: the prefix of a name",
            "<n:Value xmlns:own=\"urn:q\" i:type=\"x:QName\">own:n</n:Value>",
            "<n:Value xmlns:ns3=\"urn:q\" i:type=\"x:QName\">ns3:n</n:Value>"
        ),
        ("gSOAP: more digits", typed("float", "0.1"), typed("float", "0.100000001")),
        (
            "Axis: a text in the form of a guid",
            typed("string", "2fcf9b8e-3b2f-4d3f-9a51-0d9a3b6f0f10"),
            "<n:Value i:type=\"ser:guid\">2fcf9b8e-3b2f-4d3f-9a51-0d9a3b6f0f10</n:Value>"
        ),
    ]

    @Test("Leave what is stored as it is", arguments: cases)
    func repeated(toolkit: String, stored: String, sent: String) async throws {
        try await RunningService.with { service in
            let saved = try await Self.save(stored, id: "0", service)
            let again = try await Self.save(sent, id: saved.id, service)
            #expect(again.value == saved.value, "\(toolkit)")
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
            let saved = try await Self.save(Self.typed(type, text), id: "0", service)
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
