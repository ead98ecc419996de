import Testing
import XML

@Suite("Documents that are refused")
struct RefusalTests {
    private func refusal(_ bytes: [UInt8]) -> XMLReadError? {
        do {
            _ = try XMLReader.standard.read(bytes)
            return nil
        } catch {
            return error
        }
    }

    private func isMalformed(_ error: XMLReadError?) -> Bool {
        if case .malformed = error { true } else { false }
    }

    @Test("An empty XML document is refused as empty")
    func empty() {
        #expect(refusal([]) == .empty)
    }

    @Test(
        "What is no well-formed document is refused",
        arguments: [
            " ", "x", "<", "hello world", "{\"a\": 1}", "<a", "<a>", "</a>", "<a></b>", "<a/>x", "<a/><b/>",
            "<a>]]></a>",
            "<a b/>", "<a b=1/>", "<a b='1' b='2'/>", "<a b='<'/>", "<a b='1'c='2'/>", "<a>&</a>", "<a>&amp</a>",
            "<a><!-- -- --></a>", "<a><!-- </a>", "<a><![CDATA[</a>", "\u{FEFF}", "<?xml version='1.0'?>",
            "\n<?xml version='1.0'?><a/>", "<?xml version='2.0'?><a/>", "<a><?xml version='1.0'?></a>",
            "<1/>", "< a/>", "<a:b:c xmlns:a='urn:x'/>",
        ]
    )
    func malformed(text: String) {
        #expect(isMalformed(refusal(Array(text.utf8))))
    }

    @Test(
        "Prefixes must be declared, and properly",
        arguments: [
            "<p:a/>", "<a p:b='1'/>", "<a xmlns:p='urn:x'><b/></a><p:c/>", "<r><a xmlns:p='urn:x'/><p:b/></r>",
            "<a xmlns:p=''/>", "<a xmlns:xml='urn:x'/>", "<a xmlns:p='urn:x' xmlns:q='urn:x' p:b='1' q:b='2'/>",
        ]
    )
    func prefixes(text: String) {
        #expect(isMalformed(refusal(Array(text.utf8))))
    }

    @Test(
        "Entities that are not XML's own are refused",
        arguments: [
            "<a>&x;</a>", "<a b='&x;'/>", "<a>&nbsp;</a>", "<a>&#0;</a>", "<a>&#xD800;</a>",
            "<a>&#x110000;</a>", "<a>&#x;</a>", "<a>&#12a;</a>", "<a b='&#0;'/>",
        ]
    )
    func entities(text: String) {
        #expect(isMalformed(refusal(Array(text.utf8))))
    }

    @Test(
        "A document type declaration is refused, whatever it holds",
        arguments: [
            "<!DOCTYPE a><a/>",
            "<?xml version='1.0'?>\n<!-- c --><!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a.dtd'><a/>",
            "<!DOCTYPE a PUBLIC '-//X//Y' 'a.dtd'><a/>",
            "<!DOCTYPE a [<!ELEMENT a ANY>]><a/>",
            "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
            "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
            "<!DOCTYPE a [<!ENTITY % x SYSTEM 'http://127.0.0.1:9/x'> %x;]><a/>",
            "<!DOCTYPE a [<!ATTLIST a b CDATA 'c'>]><a/>",
        ]
    )
    func documentType(text: String) {
        #expect(refusal(Array(text.utf8)) == .documentType)
    }

    @Test("Billion laughs are refused before the first of them")
    func billionLaughs() {
        let entities = (1...9).map { level in
            "<!ENTITY l\(level) \"" + String(repeating: "&l\(level - 1);", count: 10) + "\">"
        }
        let text = "<!DOCTYPE a [<!ENTITY l0 \"ha\">\(entities.joined())]><a>&l9;</a>"
        #expect(refusal(Array(text.utf8)) == .documentType)
    }

    @Test(
        "Processing instructions are refused",
        arguments: [
            "<?x y?><a/>", "<a><?x y?></a>", "<a/><?x?>", "<?xml version='1.0'?><?xml-stylesheet href='x'?><a/>",
        ]
    )
    func processingInstruction(text: String) {
        #expect(refusal(Array(text.utf8)) == .processingInstruction)
    }

    /// Bytes that are no UTF-8, or no character of XML.
    static let invalidBytes: [[UInt8]] = [
        [0x00], [0x01], [0x1F], [0x80], [0xBF], [0xFE], [0xFF], [0xC3, 0x28], [0xE2, 0x82, 0x28],
        [0xF0, 0x9F, 0x98, 0x28], [0xC0, 0xBC], [0xC1, 0x81], [0xE0, 0x80, 0xBC], [0xF0, 0x80, 0x80, 0xBC],
        [0xED, 0xA0, 0x80],
        [0xF4, 0x90, 0x80, 0x80], [0xEF, 0xBF, 0xBE],
    ]

    @Test(
        "Invalid bytes are refused wherever they stand",
        arguments: [
            ("<a>", "    </a>"), ("<a>0123456789", "0123456789</a>"), ("<a b='", "'/>"), ("<a b='01234567", "89'/>"),
            ("<", "/>"), ("<a ", "='1'/>"), ("<a xmlns='urn:", "'/>"), ("<a><!-- ", " --></a>"),
            ("<a><![CDATA[", "]]></a>"), ("", "<a/>"), ("<a/>", ""), ("<a", "/>"),
        ] as [(String, String)]
    )
    func invalidUTF8(before: String, after: String) {
        for bytes in Self.invalidBytes {
            let error = refusal(Array(before.utf8) + bytes + Array(after.utf8))
            let hexadecimal = bytes.map { String($0, radix: 16) }.joined(separator: " ")
            #expect(isMalformed(error), "\(hexadecimal) after \(before)")
        }
    }

    @Test("A document cut off anywhere is refused")
    func truncated() {
        let utf8 = Array(smallEnvelope.utf8)
        #expect(refusal(utf8) == nil)
        for count in utf8.indices {
            #expect(refusal(Array(utf8.prefix(count))) != nil, "\(count) bytes")
        }
        let declaration = "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
        let utf16 = ("\u{FEFF}" + smallEnvelope.dropFirst(declaration.count)).utf16BigEndian
        #expect(refusal(utf16) == nil)
        for count in utf16.indices {
            #expect(refusal(Array(utf16.prefix(count))) != nil, "\(count) bytes of UTF-16")
        }
    }

    @Test(
        "A changed byte anywhere is read or refused, and the reader goes on",
        arguments: [0, 0x26, 0x3C, 0x3E, 0x80, 0xFF] as [UInt8]
    )
    func changedByte(byte: UInt8) throws {
        let reader = XMLReader(limits: XMLLimits())
        let document = Array(smallEnvelope.utf8)
        for index in document.indices {
            var changed = document
            changed[index] = byte
            _ = try? reader.read(changed)
        }
        #expect(try reader.read(document).root.name == "Envelope")
    }

    @Test("A refusal says what is wrong and where")
    func descriptions() {
        let error = refusal(Array("<a>\n<b>\n</c></a>".utf8))
        #expect(error?.description.hasPrefix("The document is not well-formed XML (line 3): ") == true)
        #expect(error?.description.contains("\n") == false)
        #expect(XMLReadError.empty.description == "The document is empty.")
        #expect(XMLReadError.documentType.description == "A document type declaration (DTD) is not allowed.")
        #expect(XMLReadError.processingInstruction.description == "A processing instruction is not allowed.")
        #expect(XMLReadError.limit(.elements, 5).description == "The document exceeds the limit of 5 elements.")
    }

    @Test("A refusal names what changes the limit, where whoever set the limit says so")
    func remedies() throws {
        let reader = XMLReader(limits: XMLLimits(depth: 1, remedies: [.depth: "setting depth"]))
        let error = #expect(throws: XMLReadError.self) { try reader.read(Array("<a><b/></a>".utf8)) }
        #expect(error?.description == "The document exceeds the limit of 1 levels of nesting (setting depth).")
    }
}
