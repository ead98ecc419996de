import TestSupport
import Testing
import XML

@testable import SOAP

@Suite("Deserialization")
struct DeserializationTests {
    @Test(
        "Fields are found in the service's namespace, the arrays' or none",
        arguments: [("n:", true), ("arr:", true), ("", true), ("xsd:", false)]
    )
    func namespaces(prefix: String, isFound: Bool) throws {
        let parent = try element("<p><\(prefix)Name>x</\(prefix)Name></p>")
        #expect((parent.field("Name", in: .service(serviceNamespace)) != nil) == isFound)
        #expect(parent.field("name", in: .service(serviceNamespace)) == nil)
        #expect(parent.field("Nam", in: .service(serviceNamespace)) == nil)
    }

    @Test("A field is the first of its name that is not null")
    func firstField() throws {
        let parent = try element("<p><xsd:A>0</xsd:A><n:A xsi:nil='true'/><n:B/><n:A>1</n:A><A>2</A></p>")
        #expect(parent.field("A", in: .service(serviceNamespace))?.text == "1")
        #expect(try element("<p><A xsi:nil='1'/></p>").field("A", in: .service(serviceNamespace)) == nil)
        #expect(try element("<p><q><A>1</A></q></p>").field("A", in: .service(serviceNamespace)) == nil)
    }

    @Test(
        "Null is what xsi:nil says",
        arguments: [
            ("xsi:nil='true'", true), ("xsi:nil='1'", true), ("xsi:nil='false'", false), ("xsi:nil='0'", false),
            ("nil='true'", false), ("", false),
        ]
    )
    func null(attributes: String, isNil: Bool) throws {
        let element = try SOAPTests.element("<a \(attributes)>5</a>")
        #expect(element.isNil == isNil)
        #expect(try element.string() == (isNil ? nil : "5"))
        #expect(element.token == (isNil ? nil : "5"))
        #expect(try element.int32() == (isNil ? nil : 5))
    }

    @Test("A string keeps its white space, and empty is no null")
    func string() throws {
        #expect(try element("<a> x </a>").string() == " x ")
        #expect(try element("<a/>").string() == "")
        #expect(try element("<a> \n </a>").token == nil)
        #expect(try element("<a> x y\n</a>").token == "x y")
    }

    @Test(
        "Numbers are read to their limits; nothing is no number",
        arguments: [
            ("0", 0), (" 5\n", 5), ("+5", 5), ("-5", -5), ("007", 7), ("2147483647", .max), ("-2147483648", .min),
            ("", nil),
            ("  ", nil), ("<!-- c -->", nil), ("<![CDATA[5]]>", 5), ("&#53;", 5),
        ] as [(String, Int32?)]
    )
    func int32(content: String, expected: Int32?) throws {
        #expect(try element("<a>\(content)</a>").int32() == expected)
    }

    @Test(
        "What is no int is a fault that names the element",
        arguments: [
            "2147483648", "-2147483649", "99999999999999999999999", "5.0", "1e3", "0x5", "five", "5 5", "--5", "٥",
            "true",
            "5<b/>",
        ]
    )
    func badInt32(content: String) throws {
        let element = try SOAPTests.element("<n:WebhookId>\(content)</n:WebhookId>")
        let fault = #expect(throws: SOAPFault.self) { try element.int32() }
        #expect(fault?.code == .sender)
        #expect(fault?.reason.contains("WebhookId") == true)
        #expect(fault?.reason.contains("int") == true)
    }

    @Test("A short has its own limits")
    func int16() throws {
        #expect(try element("<a>32767</a>").int16() == Int16.max)
        #expect(try element("<a>-32768</a>").int16() == Int16.min)
        #expect(try element("<a/>").int16() == nil)
        let tooLarge = try element("<Rank>32768</Rank>")
        let fault = #expect(throws: SOAPFault.self) { try tooLarge.int16() }
        #expect(fault == .deserialization(of: "Rank", as: "short", text: "32768"))
    }

    @Test(
        "Booleans are read as XML writes them, and as suds does",
        arguments: [
            ("true", true), ("false", false), ("1", true), ("0", false), ("True", true), ("False", false),
            (" true ", true),
            ("", nil),
        ] as [(String, Bool?)]
    )
    func boolean(content: String, expected: Bool?) throws {
        #expect(try element("<a>\(content)</a>").boolean() == expected)
    }

    @Test("What is no boolean is a fault", arguments: ["yes", "2", "tru", "TRUE", "-1"])
    func badBoolean(content: String) throws {
        let element = try SOAPTests.element("<Deleted>\(content)</Deleted>")
        let fault = #expect(throws: SOAPFault.self) { try element.boolean() }
        #expect(fault == .deserialization(of: "Deleted", as: "boolean", text: content))
    }

    @Test("A long value is cut in the fault")
    func longValue() {
        let fault = SOAPFault.deserialization(of: "A", as: "int", text: String(repeating: "9", count: 10_000))
        #expect(fault.reason.utf8.count < 200)
    }

    @Test(
        "A type's name is resolved by its prefix or the default namespace",
        arguments: [
            ("xsi:type='xsd:string'", Namespace.schema, "string"),
            ("xsi:type=' xsd:int '", Namespace.schema, "int"),
            ("xsi:type='q:guid' xmlns:q='\(Namespace.serialization)'", Namespace.serialization, "guid"),
            ("xsi:type='Webhook' xmlns='\(serviceNamespace)'", serviceNamespace, "Webhook"),
            ("xsi:type='string'", "", "string"),
            ("i:type='xsd:string' xmlns:i='\(Namespace.schemaInstance)'", Namespace.schema, "string"),
        ] as [(String, String, String)]
    )
    func typeName(attributes: String, namespace: String, name: String) throws {
        let expected = QualifiedName(namespace: namespace, localName: name)
        #expect(try element("<a \(attributes)>x</a>").typeName() == expected)
    }

    @Test("A value without a type has no type name", arguments: ["", "type='xsd:int'", "xsi:type=''", "xsi:type=' '"])
    func noTypeName(attributes: String) throws {
        #expect(try element("<a \(attributes)>x</a>").typeName() == nil)
    }

    @Test("A type's prefix that is not declared is a fault that names the element")
    func undeclaredPrefix() throws {
        let element = try SOAPTests.element("<Value xsi:type='q:int'>5</Value>")
        let fault = #expect(throws: SOAPFault.self) { try element.typeName() }
        #expect(fault?.code == .sender)
        #expect(fault?.reason.contains("Value") == true)
        #expect(fault?.reason.contains("q:int") == true)
    }

    @Test("A colon ends the prefix also where a combining character follows it")
    func combiningCharacter() throws {
        let element = try SOAPTests.element("<Value/>")
        let expected = QualifiedName(namespace: Namespace.schema, localName: "\u{301}x")
        #expect(element.resolve("xsd:\u{301}x") == expected)
        #expect(element.resolve("xsd:a:\u{301}x") == nil)
        #expect(element.resolve(":\u{301}x") == nil)
        #expect(element.resolve("") == nil)
    }

    @Test("White space is what XML calls so")
    func trimming() {
        #expect(" \t\r\na b\n ".trimmingXMLSpace == "a b")
        #expect("".trimmingXMLSpace == "")
        #expect(" \n".trimmingXMLSpace == "")
        #expect("\u{A0}a\u{2003}".trimmingXMLSpace == "\u{A0}a\u{2003}")
        #expect(" é\u{301} ".trimmingXMLSpace == "é\u{301}")
    }
}
