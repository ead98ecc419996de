import Foundation
import Testing

/// Arrays of SOAP's encodings, which older toolkits send also where the contract is literal.
@Suite("Arrays of SOAP's encodings")
struct EncodedArrayTests {
    private static let head = """
        <s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:n="\(BadInputTests.service)" \
        xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:x="http://www.w3.org/2001/XMLSchema" \
        xmlns:e="http://schemas.xmlsoap.org/soap/encoding/" xmlns:f="http://www.w3.org/2003/05/soap-encoding">\
        <s:Header><n:Credentials><n:Ticket>7T:1234abcxyzExample==</n:Ticket></n:Credentials></s:Header><s:Body>
        """

    private static func save(_ members: String, _ service: RunningService) async throws -> (status: Int, text: String) {
        let envelope = """
            \(head)<n:SaveWebhook><n:Webhook>\(members)<n:TargetUrl>http://127.0.0.1:9/hook</n:TargetUrl></n:Webhook>\
            </n:SaveWebhook></s:Body></s:Envelope>
            """
        let answer = try await service.post(Array(envelope.utf8), contentType: "text/xml", action: nil)
        return (answer.status, String(decoding: answer.body, as: UTF8.self))
    }

    static let arrays = [
        #"i:type="e:Array" e:arrayType="x:string[2]""#, #"e:arrayType="x:string[2]""#, #"i:type="e:Array""#,
        #"f:itemType="x:string" f:arraySize="2""#, #"i:type="f:Array""#, #"f:arraySize="*""#,
    ]

    @Test("Events may be one, whatever its items are called", arguments: EncodedArrayTests.arrays)
    func events(attributes: String) async throws {
        try await RunningService.with { service in
            for name in ["item", "n:Item", "x:string", "e:string", "p:any"] {
                let items = ["one.created", "two.created"].map { "<\(name)>\($0)</\(name)>" }.joined()
                let answer = try await Self.save(
                    "<n:Events \(attributes) xmlns:p=\"urn:p\">\(items)</n:Events>",
                    service
                )
                #expect(answer.status == 200, "\(answer.text)")
                #expect(answer.text.matches(of: /string>(one|two).created</).count == 2, "\(name): \(answer.text)")
            }
        }
    }

    @Test("Headers and Properties may be one, of pairs")
    func pairs() async throws {
        try await RunningService.with { service in
            let answer = try await Self.save(
                """
                <n:Events e:arrayType="x:string[1]"><item>a.b</item></n:Events>\
                <n:Headers i:type="e:Array" e:arrayType="n:StringKeyValuePair[1]"><item><Key>X-A</Key><Value>1</Value></item>\
                </n:Headers><n:Properties i:type="e:Array"><item><Key>p</Key><Value i:type="x:int">5</Value></item>\
                </n:Properties>
                """,
                service
            )
            #expect(answer.text.contains("<Key>X-A</Key><Value>1</Value>"), "\(answer.text)")
            #expect(answer.text.contains(#"<Key>p</Key><Value xsi:type="xsd:int">5</Value>"#))
        }
    }

    /// The attributes and items of a value, and the value as it is shown.
    static let values = [
        (
            #"i:type="e:Array" e:arrayType="x:string[2]"><a>1</a><a i:nil="true"/>"#,
            #"xsi:type="arr:ArrayOfstring"><arr:string>1</arr:string><arr:string xsi:nil="true"/>"#
        ),
        (
            #"i:type="e:Array" e:arrayType="x:int[2]"><a>1</a><a i:type="x:int">-2</a>"#,
            #"xsi:type="arr:ArrayOfint"><arr:int>1</arr:int><arr:int>-2</arr:int>"#
        ),
        (#"f:itemType="x:int" f:arraySize="1"><a>7</a>"#, #"xsi:type="arr:ArrayOfint"><arr:int>7</arr:int>"#),
        (#"i:type="e:Array" e:arrayType="x:int[0]">"#, #"xsi:type="arr:ArrayOfint">"#),
        (#"i:type="e:Array" e:arrayType="x:string[0]">"#, #"xsi:type="arr:ArrayOfstring">"#),
        (
            #"i:type="e:Array" e:arrayType="x:anyType[3]"><a i:type="x:int">1</a><a i:type="x:string">b</a>"#
                + #"<a i:type="x:boolean">true</a>"#,
            #"xsi:type="xsd:string">[1,"b",true]"#
        ),
        (
            #"e:arrayType="n:StringObjectKeyValuePair[1]"><p><n:Key>k</n:Key><n:Value i:type="x:short">3</n:Value></p>"#,
            #"<Key>k</Key><Value xsi:type="xsd:short">3</Value>"#
        ),
    ]

    @Test("A property may be one", arguments: EncodedArrayTests.values)
    func property(value: String, shown: String) async throws {
        try await RunningService.with { service in
            let answer = try await Self.save(
                """
                <n:Events><n:string>a.b</n:string></n:Events><n:Properties><n:StringObjectKeyValuePair><n:Key>p</n:Key>\
                <n:Value \(value)</n:Value></n:StringObjectKeyValuePair></n:Properties>
                """,
                service
            )
            #expect(answer.text.contains(shown), "\(answer.text)")
        }
    }

    @Test(
        "A type that is not known is named with its own namespace",
        arguments: [
            ("e:Struct", "http://schemas.xmlsoap.org/soap/encoding/"),
            ("f:Blob", "http://www.w3.org/2003/05/soap-encoding"),
            ("x:Array", "http://www.w3.org/2001/XMLSchema"),
        ]
    )
    func unknownType(type: String, namespace: String) async throws {
        try await RunningService.with { service in
            let answer = try await Self.save(
                """
                <n:Events><n:string>a.b</n:string></n:Events><n:Properties><n:StringObjectKeyValuePair><n:Key>p</n:Key>\
                <n:Value i:type="\(type)"><a/></n:Value></n:StringObjectKeyValuePair></n:Properties>
                """,
                service
            )
            #expect(answer.status == 500)
            #expect(answer.text.contains("{\(namespace)}\(type.dropFirst(2))"), "\(answer.text)")
        }
    }
}
