import TestSupport
import Testing
import XML

@testable import SOAP

@Suite("Written SOAP answers")
struct AnswerWriterTests {
    /// The shapes in the versions that they come in.
    static let kinds: [(AnswerShape, SOAPVersion)] = [
        (prefixed, .soap12), (.framework, .soap11), (.framework, .soap12),
    ]
    private static let prefixed = AnswerShape.prefixed(service: "w:", arrays: "a2:", serialization: "a1:")

    @Test(
        "An answer is an envelope with a header block and the operation's element",
        arguments: AnswerWriterTests.kinds
    )
    func envelope(shape: AnswerShape, version: SOAPVersion) throws {
        let bytes = answerBytes(shape, version) { _ in }
        #expect(bytes.starts(with: Array("<?xml version=\"1.0\" encoding=\"UTF-8\"?>".utf8)))
        let root = try XMLDocument(parsing: bytes).root
        #expect(root.qualifiedName == QualifiedName(namespace: version.namespace, localName: "Envelope"))
        #expect(
            root.children.map(\.qualifiedName) == [
                QualifiedName(namespace: version.namespace, localName: "Header"),
                QualifiedName(namespace: version.namespace, localName: "Body"),
            ]
        )
        let block = try #require(root.at("Header", "Block"))
        #expect(block.namespace == serviceNamespace)
        #expect(block.text == "a&b")
        #expect(try #require(root.at("Header")).children.map(\.name) == ["Block"])
        let operation = try #require(root.at("Body", "GetWebhookResponse"))
        #expect(operation.namespace == serviceNamespace)
        #expect(operation.attributes.isEmpty)
        #expect(operation.children.map(\.name) == [])
    }

    @Test("The prefixed shape has the prefixes that it is given")
    func givenPrefixes() {
        let bytes = answerBytes(Self.prefixed, .soap12) { $0.string("Name", "x") }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains("<SOAP-ENV:Envelope "))
        #expect(text.contains("<SOAP-ENV:Body><w:GetWebhookResponse>"))
        #expect(text.contains("<w:Name xsi:type=\"xsd:string\">x</w:Name>"))
    }

    @Test("The framework's shape declares the service as the default namespace of each block")
    func frameworkPrefixes() {
        let bytes = answerBytes(.framework, .soap11) { $0.string("Name", "x") }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains("<Block xmlns=\"\(serviceNamespace)\">a&amp;b</Block>"))
        #expect(text.contains("<GetWebhookResponse xmlns=\"\(serviceNamespace)\" "))
        #expect(text.contains("><Name>x</Name></GetWebhookResponse>"))
    }

    @Test("The operation's element declares the prefixes of types, for readers that keep parts of the Body")
    func prefixesOfTypes() throws {
        let bytes = answerBytes(.framework, .soap11) { $0.anyValue("Value", .serialization("guid"), "x") }
        let text = String(decoding: bytes, as: UTF8.self)
        let operation = try #require(text.firstMatch(of: /<GetWebhookResponse [^>]*>/)).output
        for prefix in ["xsi", "xsd", "arr", "ser", "svc"] { #expect(operation.contains(" xmlns:\(prefix)=")) }
    }

    @Test(
        "Values have the service's namespace, and their type in the prefixed shape only",
        arguments: AnswerWriterTests.kinds
    )
    func values(shape: AnswerShape, version: SOAPVersion) throws {
        let response = try answer(shape, version) { writer in
            writer.begin("Response", .service("Webhook"))
            writer.int("WebhookId", -5)
            writer.string("Name", " a<b>&\"\r\n ")
            writer.short("Rank", 7)
            writer.boolean("Deleted", false)
            writer.boolean("Success", true)
            writer.value("Registered", .schema("dateTime"), "2024-02-29T12:30:15Z")
            writer.begin("Pair")
            writer.end("Pair")
            writer.end("Response")
        }
        let expected: [(String, QualifiedName?, String)] = [
            ("WebhookId", schema("int"), "-5"),
            ("Name", schema("string"), " a<b>&\"\r\n "),
            ("Rank", schema("short"), "7"),
            ("Deleted", schema("boolean"), "false"),
            ("Success", schema("boolean"), "true"),
            ("Registered", schema("dateTime"), "2024-02-29T12:30:15Z"),
            ("Pair", nil, ""),
        ]
        let isTyped = shape == Self.prefixed
        #expect(try response.typeName() == (isTyped ? name(serviceNamespace, "Webhook") : nil))
        #expect(response.children.map(\.name) == expected.map(\.0))
        for (child, (_, type, text)) in zip(response.children, expected) {
            #expect(child.namespace == serviceNamespace)
            #expect(try child.typeName() == (isTyped ? type : nil))
            #expect(Array(child.text.utf8) == Array(text.utf8))
        }
    }

    @Test("Null is marked as such, empty is not", arguments: AnswerWriterTests.kinds)
    func nulls(shape: AnswerShape, version: SOAPVersion) throws {
        let response = try answer(shape, version) { writer in
            writer.begin("Response")
            writer.null("Headers")
            writer.string("Name", nil)
            writer.string("Secret", "")
            writer.item("string", nil)
            writer.end("Response")
        }
        #expect(response.children.map(\.isNil) == [true, true, false, true])
        #expect(
            response.children.map(\.namespace) == [
                serviceNamespace, serviceNamespace, serviceNamespace, Namespace.arrays,
            ]
        )
    }

    @Test("Items of arrays have the arrays' namespace", arguments: AnswerWriterTests.kinds)
    func items(shape: AnswerShape, version: SOAPVersion) throws {
        let response = try answer(shape, version) { writer in
            writer.begin("Events", .arrays("ArrayOfstring"))
            writer.item("string", "a&b")
            writer.item("int", "5")
            writer.end("Events")
        }
        let isTyped = shape == Self.prefixed
        #expect(try response.typeName() == (isTyped ? name(Namespace.arrays, "ArrayOfstring") : nil))
        let items = Array(response.children)
        #expect(items.map(\.qualifiedName) == [name(Namespace.arrays, "string"), name(Namespace.arrays, "int")])
        #expect(items.map(\.text) == ["a&b", "5"])
        #expect(try items[0].typeName() == (isTyped ? schema("string") : nil))
        #expect(try items[1].typeName() == (isTyped ? schema("int") : nil))
    }

    @Test("Values of type anyType name their type in every shape", arguments: AnswerWriterTests.kinds)
    func anyValues(shape: AnswerShape, version: SOAPVersion) throws {
        let response = try answer(shape, version) { writer in
            writer.begin("Response")
            writer.anyValue("Value", .schema("int"), "5")
            writer.anyValue("Value", .serialization("guid"), "<g>")
            writer.beginAny("Value", .arrays("ArrayOfint"))
            writer.item("int", "5")
            writer.end("Value")
            writer.beginAny("Value", .service("StringObjectDictionary"))
            writer.end("Value")
            writer.end("Response")
        }
        let types = try response.children.map { try $0.typeName() }
        let expected = [
            schema("int"), name(Namespace.serialization, "guid"), name(Namespace.arrays, "ArrayOfint"),
            name(serviceNamespace, "StringObjectDictionary"),
        ]
        #expect(types == expected)
        #expect(response.children.map(\.qualifiedName) == Array(repeating: name(serviceNamespace, "Value"), count: 4))
        #expect(response.children.map(\.text) == ["5", "<g>", "", ""])
    }

    @Test(
        "A qualified name keeps its meaning, whatever its prefix",
        arguments: [
            "", "p", "q", "s", "xsi", "xsd", "arr", "ser", "svc", "xmlx", "SOAP-ENV", "SOAP-ENC", "w", "a1", "a2",
        ]
    )
    func qualifiedNames(prefix: String) throws {
        for (shape, version) in Self.kinds {
            for namespace in ["urn:x", "urn:a&b'c", serviceNamespace, ""] {
                let response = try answer(shape, version) { writer in
                    writer.begin("Response")
                    writer.anyQualifiedName("Value", prefix: prefix, namespace: namespace, localName: "local")
                    writer.anyValue("Value", .schema("string"), "after")
                    writer.end("Response")
                }
                let values = Array(response.children)
                let types = try values.map { try $0.typeName() }
                #expect(types == [schema("QName"), schema("string")])
                #expect(values.map(\.qualifiedName) == Array(repeating: name(serviceNamespace, "Value"), count: 2))
                #expect(values.first?.resolve(values[0].text) == name(namespace, "local"), "\(shape) {\(namespace)}")
            }
        }
    }

    private func name(_ namespace: String, _ localName: String) -> QualifiedName {
        QualifiedName(namespace: namespace, localName: localName)
    }

    private func schema(_ localName: String) -> QualifiedName {
        name(Namespace.schema, localName)
    }

    private func answerBytes(
        _ shape: AnswerShape,
        _ version: SOAPVersion,
        content: (inout XMLValueWriter) -> Void
    ) -> [UInt8] {
        var writer = AnswerWriter(shape: shape, version: version, namespace: serviceNamespace)
        writer.beginAnswer()
        writer.beginBlock("Block")
        writer.text("a&b")
        writer.endBlock("Block")
        writer.beginResponse("GetWebhookResponse")
        content(&writer.values)
        writer.endAnswer("GetWebhookResponse")
        return writer.values.bytes
    }

    /// The only element inside the operation's.
    private func answer(
        _ shape: AnswerShape,
        _ version: SOAPVersion,
        content: (inout XMLValueWriter) -> Void
    ) throws -> XMLElement {
        let root = try XMLDocument(parsing: answerBytes(shape, version, content: content)).root
        let operation = try #require(root.at("Body", "GetWebhookResponse"))
        let children = Array(operation.children)
        #expect(children.count == 1)
        return try #require(children.first)
    }
}
