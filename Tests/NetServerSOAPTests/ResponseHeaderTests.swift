import SOAP
import TestSupport
import Testing
import WebhookModel
import XML

@testable import NetServerSOAP

@Suite("How an operation's outcome is told")
struct ResponseHeaderTests {
    /// The shapes in the versions that they come in.
    static let kinds: [(AnswerShape, SOAPVersion)] = [
        (.documented(.webhook), .soap12), (.framework, .soap11), (.framework, .soap12),
    ]

    private let exception = ExceptionInfo(
        message: "m</Message><x>",
        friendlyText: "f&",
        exceptionType: "SuperOffice.Exceptions.SoValidationException",
        source: "Webhook.SaveWebhook",
        parameters: [.init(key: "Target<Url>", value: "]]>")]
    )

    @Test("An answer of an operation that succeeded says so, and nothing else", arguments: ResponseHeaderTests.kinds)
    func success(shape: AnswerShape, version: SOAPVersion) throws {
        let root = try XMLDocument(parsing: answerBytes(shape, version, ResponseHeader())).root
        let header = try #require(root.at("Header"))
        #expect(header.children.map(\.name) == ["Succeeded"])
        #expect(header.at("Succeeded")?.namespace == serviceNamespace)
        #expect(header.at("Succeeded")?.text == "true")
    }

    @Test(
        "The documented shape has the documented prefixes",
        arguments: [(ServiceName.webhook, "NetServerServices872"), (.soPrincipal, "NetServerServices873")]
    )
    func documentedPrefixes(service: ServiceName, arrays: String) {
        let bytes = answerBytes(.documented(service), .soap12, ResponseHeader()) { $0.item("string", "x") }
        let text = String(decoding: bytes, as: UTF8.self)
        let prefix = service.rawValue
        #expect(
            text.contains(
                """
                 xmlns:\(arrays)="http://schemas.microsoft.com/2003/10/Serialization/Arrays" \
                xmlns:NetServerServices871="http://schemas.microsoft.com/2003/10/Serialization/" \
                xmlns:\(prefix)="\(serviceNamespace)">\
                <SOAP-ENV:Header><\(prefix):Succeeded>true</\(prefix):Succeeded></SOAP-ENV:Header>\
                <SOAP-ENV:Body><\(prefix):GetWebhookResponse><\(arrays):string xsi:type="xsd:string">x</\(arrays):string>
                """
            )
        )
    }

    @Test(
        "A qualified name does not take a prefix of the form that the documented shape has",
        arguments: [("NetServerServices871", "q"), ("NetServerServices9", "q"), ("Net", "Net")]
    )
    func qualifiedNamePrefix(prefix: String, written: String) {
        let value = TypedValue.qualifiedName(prefix: prefix, namespace: "urn:x", localName: "local")
        for (shape, version) in Self.kinds {
            let bytes = answerBytes(shape, version, ResponseHeader()) { value.write("Value", to: &$0) }
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(text.contains(" xmlns:\(written)=\"urn:x\">\(written):local</"))
        }
    }

    @Test("A failure is told in the header, whose values carry no types", arguments: ResponseHeaderTests.kinds)
    func failure(shape: AnswerShape, version: SOAPVersion) throws {
        let header = ResponseHeader(exception: exception, timeZone: TimeZoneBlock(id: 54, locationCode: "<CET>"))
        let root = try XMLDocument(parsing: answerBytes(shape, version, header)).root
        let blocks = try #require(root.at("Header"))
        #expect(blocks.children.map(\.name) == ["ExceptionInfo", "Succeeded", "TimeZone"])
        #expect(blocks.children.allSatisfy { $0.namespace == serviceNamespace })
        #expect(blocks.at("Succeeded")?.text == "false")
        let information = try #require(blocks.at("ExceptionInfo"))
        #expect(
            information.children.map(\.name) == [
                "Message", "StackTrace", "FriendlyText", "ExceptionType", "Source", "InnerException", "Parameters",
            ]
        )
        #expect(information.at("Message")?.text == "m</Message><x>")
        #expect(information.at("StackTrace")?.text == "")
        #expect(information.at("FriendlyText")?.text == "f&")
        #expect(information.at("ExceptionType")?.text == exception.exceptionType)
        #expect(information.at("Source")?.text == "Webhook.SaveWebhook")
        #expect(information.at("InnerException")?.isNil == true)
        let pair = try #require(information.at("Parameters", "SoExceptionInfoParametersKeyValuePair"))
        #expect(pair.at("Key")?.text == "Target<Url>")
        #expect(pair.at("Value")?.text == "]]>")
        #expect(blocks.at("TimeZone", "SoTimeZoneId")?.text == "54")
        #expect(blocks.at("TimeZone", "SoTimeZoneLocationCode")?.text == "<CET>")
        #expect(blocks.subtree.allSatisfy { $0.attribute("type", namespace: Namespace.schemaInstance) == nil })
        #expect(root.subtree.allSatisfy { $0.namespace == serviceNamespace || $0.namespace == version.namespace })
    }

    @Test("An answer without parameters or a location has null", arguments: ResponseHeaderTests.kinds)
    func sparseHeader(shape: AnswerShape, version: SOAPVersion) throws {
        let exception = ExceptionInfo(message: "", friendlyText: "", exceptionType: "", source: "")
        let header = ResponseHeader(exception: exception, timeZone: TimeZoneBlock(id: 0, locationCode: nil))
        let root = try XMLDocument(parsing: answerBytes(shape, version, header)).root
        #expect(root.at("Header", "ExceptionInfo", "Parameters")?.isNil == true)
        #expect(root.at("Header", "TimeZone", "SoTimeZoneLocationCode")?.isNil == true)
    }

    @Test(
        "Operation errors that are sent as faults have the framework's ExceptionDetail and SoExceptionInfo as their detail",
        arguments: SOAPVersion.allCases
    )
    func detail(version: SOAPVersion) throws {
        let bytes = FaultWriter.envelope(
            for: SOAPFault(.sender, "f"),
            version: version,
            namespace: serviceNamespace
        ) { $0.writeDetail(exception) }
        let root = try XMLDocument(parsing: bytes).root
        let fault = try #require(root.at("Body", "Fault"))
        let detail = try #require(fault.at(version == .soap11 ? "detail" : "Detail"))
        #expect(detail.namespace == (version == .soap11 ? "" : version.namespace))
        #expect(
            detail.children.map(\.qualifiedName) == [
                QualifiedName(
                    namespace: "http://schemas.datacontract.org/2004/07/System.ServiceModel",
                    localName: "ExceptionDetail"
                ),
                QualifiedName(namespace: serviceNamespace, localName: "SoExceptionInfo"),
            ]
        )
        let framework = try #require(detail.at("ExceptionDetail"))
        #expect(framework.children.map(\.name) == ["HelpLink", "InnerException", "Message", "StackTrace", "Type"])
        #expect(framework.children.map(\.isNil) == [true, true, false, true, false])
        #expect(framework.subtree.allSatisfy { $0.namespace == framework.namespace })
        #expect(framework.at("Message")?.text == "m</Message><x>")
        #expect(framework.at("Type")?.text == exception.exceptionType)
        let information = try #require(detail.at("SoExceptionInfo"))
        #expect(information.at("Message")?.text == "m</Message><x>")
        #expect(information.at("StackTrace")?.text == "")
        #expect(information.at("ExceptionType")?.text == exception.exceptionType)
        #expect(information.at("Parameters", "SoExceptionInfoParametersKeyValuePair", "Value")?.text == "]]>")
        #expect(information.subtree.allSatisfy { $0.namespace == serviceNamespace })
        #expect(information.subtree.allSatisfy { $0.attribute("type", namespace: Namespace.schemaInstance) == nil })
    }

    private func answerBytes(
        _ shape: AnswerShape,
        _ version: SOAPVersion,
        _ header: ResponseHeader,
        content: (inout XMLValueWriter) -> Void = { _ in }
    ) -> [UInt8] {
        var writer = AnswerWriter(shape: shape, version: version, namespace: serviceNamespace)
        writer.beginAnswer("GetWebhookResponse", header: header)
        content(&writer.values)
        writer.endAnswer("GetWebhookResponse")
        return writer.values.bytes
    }
}
