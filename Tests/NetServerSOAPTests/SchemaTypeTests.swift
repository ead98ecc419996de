import SOAP
import Testing
import WebhookModel
import XML

@testable import NetServerSOAP

@Suite("Values by the types of XML Schema")
struct SchemaTypeTests {
    private static let texts = [
        "", " ", "1", " 1\n", "+1", "-1", "007", "300", "70000", "5000000000", "99999999999999999999", "1.5", ".5",
        "1e5",
        "INF", "NaN", "true", " false ", "True", "x", "é", "e\u{301}", "\u{301}", "٥", "１", "2024-02-29T12:30:15Z",
        " 2024-02-29T12:30:15.5+01:00", "2023-02-29T00:00:00", "P1DT2H", "AA==", "A\u{A0}", "http://e/?a=b",
        String(repeating: "9", count: 300), "1<b/>", "<b/>",
    ]

    private static let types =
        ScalarType.allCases.map(\.rawValue) + ["integer", "date", "token", "anyType", "none", "String", "int ", " int"]

    /// What reading a value brings, in words.
    private static func outcome(_ declaration: String, _ type: String, _ text: String) throws -> String {
        let document = try XMLDocument(
            parsing: Array(
                """
                <Value xmlns:i="http://www.w3.org/2001/XMLSchema-instance" \(declaration) i:type="\(type)">\(text)</Value>
                """.utf8
            )
        )
        do throws(SOAPFault) {
            return "\(try TypedValue(document.root, service: .any))"
        } catch {
            return "\(error)".replacing("xsd:", with: "").replacing(Namespace.encoding11, with: Namespace.schema)
        }
    }

    @Test("A value is the same whether its type is recognised by its bytes or resolved as a string", arguments: types)
    func recognition(type: String) throws {
        for text in Self.texts {
            let recognised = try Self.outcome("xmlns:xsd='\(Namespace.schema)'", "xsd:\(type)", text)
            // The names of the types in SOAP's encoding and those in the default namespace are resolved.
            let encoded = try Self.outcome("xmlns:xsd='\(Namespace.encoding11)'", "xsd:\(type)", text)
            #expect(recognised == encoded, "'\(text)'")
            let isTrimmed = type.utf8.first != UInt8(ascii: " ")
            guard isTrimmed else { continue }
            let unprefixed = try Self.outcome("xmlns='\(Namespace.schema)'", type, text)
            #expect(recognised == unprefixed, "'\(text)'")
        }
    }

    @Test("The type of an array outranks the type of a value")
    func arrays() throws {
        let document = try XMLDocument(
            parsing: Array(
                """
                <Value xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="\(Namespace.schema)" \
                xmlns:e="\(Namespace.encoding11)" i:type="xsd:int" e:arrayType="xsd:int[1]"><item>5</item></Value>
                """.utf8
            )
        )
        #expect(try TypedValue(document.root, service: .any) == .ints([5]))
    }

    @Test("A prefix counts where it is declared last")
    func scopes() throws {
        let document = try XMLDocument(
            parsing: Array(
                """
                <Data xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:p="\(Namespace.schema)">\
                <Value xmlns:p="urn:other" i:type="p:int">5</Value><Value i:type="p:int">5</Value></Data>
                """.utf8
            )
        )
        let values = Array(document.root.children)
        #expect(throws: SOAPFault.self) { try TypedValue(values[0], service: .any) }
        #expect(try TypedValue(values[1], service: .any) == .scalar(.int, text: "5"))
    }
}
