import Testing
import XML

@Suite("References to characters that XML 1.0 does not have")
struct ForbiddenReferenceTests {
    @Test(
        "A reference to a control character, U+FFFE or U+FFFF is read as WCF reads it",
        arguments: [
            ("&#xB;", "\u{B}"), ("&#x0B;", "\u{B}"), ("&#11;", "\u{B}"), ("&#x1;", "\u{1}"), ("&#x1F;", "\u{1F}"),
            ("a&#x1f;b&#8;c", "a\u{1F}b\u{8}c"), ("&#xFFFE;", "\u{FFFE}"), ("&#65535;", "\u{FFFF}"),
            ("&#000000000011;", "\u{B}"), ("&#xC;&amp;&#xC;&lt;", "\u{C}&\u{C}<"),
        ]
    )
    func controlCharacters(written: String, text: String) throws {
        let root = try parsedRoot(of: "<r a='x'><b>\(written)</b></r>")
        #expect(root.children.map(\.text) == [text])
    }

    @Test(
        "A surrogate pair that is written as two references is one character",
        arguments: ["&#xD83D;&#xDE00;", "&#xd83d;&#xde00;", "&#55357;&#56832;", "&#xD83D;&#56832;"]
    )
    func surrogatePairs(written: String) throws {
        #expect(try parsedRoot(of: "<r>a\(written)b</r>").text == "a😀b")
        #expect(try parsedRoot(of: "<r a='\(written)'/>").attribute("a") == "😀")
    }

    @Test("An attribute may refer to a control character too")
    func attributes() throws {
        let root = try parsedRoot(of: "<r a='1&#xB;2' b=\"&#1;\" xmlns:p='urn:&#x2;'>&#xB;</r>")
        #expect(root.attribute("a") == "1\u{B}2")
        #expect(root.attribute("b") == "\u{1}")
        #expect(root.text == "\u{B}")
    }

    @Test(
        "What stays no character is refused",
        arguments: [
            "&#0;", "&#x0;", "&#xD800;", "&#xDC00;&#xD800;", "&#xD800;&#xD800;", "&#xDE00;", "&#xD83D; &#xDE00;",
            "&#xD83D;&#xDE0;", "&#x110000;", "&#xB", "&#x;", "&#XB;", "&_xB;", "&_xB;&#xB;", "\u{B}&#xB;",
            "&#xB;&nbsp;",
        ]
    )
    func refused(written: String) {
        #expect(throws: XMLReadError.self) { try parsedRoot(of: "<r>\(written)</r>") }
        #expect(throws: XMLReadError.self) { try parsedRoot(of: "<r a='\(written)'/>") }
    }

    @Test("What looks like a reference in a comment or a CDATA section is none")
    func literally() throws {
        let text =
            "<r><!-- &#xB; --><a><![CDATA[&#xB;&#xD83D;&#xDE00;]]></a><b>&#xB;</b><!-- <![CDATA[ --><c>&#1;</c></r>"
        let root = try parsedRoot(of: text)
        #expect(root.children.map(\.text) == ["&#xB;&#xD83D;&#xDE00;", "\u{B}", "\u{1}"])
        #expect(try parsedRoot(of: "<r><![CDATA[<!--]]>&#xB;<!-- --></r>").text == "<!--\u{B}")
        #expect(try parsedRoot(of: "<r>&#xB;<![CDATA[&#xB;]]></r>").text == "\u{B}&#xB;")
    }

    @Test("References to characters are read in every encoding")
    func encodings() throws {
        let document = "<r><a>é&#xB;</a><b>&#xD83D;&#xDE00;ਤ</b></r>"
        let reader = XMLReader(limits: XMLLimits())
        let forms: [([UInt8], String?)] = [
            (Array(document.utf8), nil), ([0xEF, 0xBB, 0xBF] + document.utf8, nil),
            (("\u{FEFF}" + document).utf16LittleEndian, nil), (("\u{FEFF}" + document).utf16BigEndian, "utf-8"),
            (document.utf16BigEndian, "utf-16"), (document.utf16LittleEndian, "utf-16le"),
        ]
        for (bytes, charset) in forms {
            let root = try reader.read(bytes, charset: charset).root
            #expect(root.children.map(\.text) == ["é\u{B}", "😀ਤ"], "\(bytes.prefix(4)) \(charset ?? "-")")
        }
        let latin = "<?xml version='1.0' encoding='iso-8859-1'?><r>é&#xB;&#xD83D;&#xDE00;</r>".latin1
        #expect(try reader.read(latin).root.text == "é\u{B}😀")
    }

    @Test("A fault behind them keeps its line")
    func lines() {
        #expect {
            try parsedRoot(of: "<r>\n&#xB;\n<![CDATA[\n]]>\n&#xD83D;&#xDE00;\n</q>")
        } throws: { error in
            "\(error)".contains("(line 6)")
        }
    }

    @Test("Limits hold for them")
    func limits() throws {
        let limits = XMLLimits(textBytes: 4)
        #expect(try parsedRoot(of: "<r>&#xD83D;&#xDE00;</r>", limits: limits).text == "😀")
        #expect(throws: XMLReadError.self) { try parsedRoot(of: "<r>&#xB;&#xD83D;&#xDE00;</r>", limits: limits) }
        let many = String(repeating: "&#xB;", count: 200_000)
        let wide = XMLLimits(bytes: 4 << 20)
        #expect(try parsedRoot(of: "<r>\(many)</r>", limits: wide).text.utf8.count == 200_000)
    }
}
