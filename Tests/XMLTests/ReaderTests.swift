import Testing
import XML

@Suite("Reading a tree")
struct ReaderTests {
    @Test("Elements have their local name and namespace")
    func names() throws {
        let root = try parsedRoot(of: "<p:a xmlns:p='urn:x'><b/><c xmlns='urn:y'><d/><e xmlns=''/></c></p:a>")
        #expect(root.name == "a")
        #expect(root.namespace == "urn:x")
        #expect(root.isNamed("a"))
        #expect(!root.isNamed("p:a"))
        #expect(!root.isNamed("ab"))
        let children = Array(root.children)
        #expect(children.map(\.name) == ["b", "c"])
        #expect(children.map(\.namespace) == ["", "urn:y"])
        #expect(children[1].children.map(\.name) == ["d", "e"])
        #expect(children[1].children.map(\.namespace) == ["urn:y", ""])
    }

    @Test(
        "A namespace may be named by what is no URI",
        arguments: ["two words", "blåbær", "http://x/{y}", "a\u{300}", "%", "http://[", "日本"]
    )
    func otherNamespaces(name: String) throws {
        let root = try parsedRoot(of: "<r><p:a xmlns:p='\(name)' p:b='1'/><c xmlns='\(name)'><d/></c></r>")
        let children = Array(root.children)
        #expect(children.map(\.namespace) == [name, name])
        #expect(children[0].attribute("b", namespace: name) == "1")
        #expect(children[1].children.map(\.namespace) == [name])
    }

    @Test("Namespaces that Swift's own comparison takes for equal are two")
    func exactNamespaces() throws {
        let root = try parsedRoot(of: "<r><a xmlns:p='\u{E9}' p:b='1'/></r>")
        #expect(root.children.map { $0.attribute("b", namespace: "e\u{301}") } == [nil])
        #expect(root.children.map { $0.attribute("b", namespace: "\u{E9}") } == ["1"])
    }

    @Test("Children come in document order, at any depth")
    func order() throws {
        let root = try parsedRoot(of: "<r><a><b/><b/></a><c/><a><d><e/></d></a></r>")
        func outline(_ element: XMLElement) -> String {
            let inner = element.children.map(outline).joined()
            return inner.isEmpty ? element.name : "\(element.name)(\(inner))"
        }
        #expect(outline(root) == "r(a(bb)ca(d(e)))")
    }

    @Test("Prefixes are known where they are in scope, and the inner declaration wins")
    func prefixes() throws {
        let root = try parsedRoot(
            of: "<r xmlns='urn:d' xmlns:p='urn:1'><a xmlns:p='urn:2' xmlns:q='urn:3'/><b xmlns=''/></r>"
        )
        let children = Array(root.children)
        #expect(root.namespace(forPrefix: "p") == "urn:1")
        #expect(root.namespace(forPrefix: "q") == nil)
        #expect(root.namespace(forPrefix: "") == "urn:d")
        #expect(children[0].namespace(forPrefix: "p") == "urn:2")
        #expect(children[0].namespace(forPrefix: "q") == "urn:3")
        #expect(children[0].namespace(forPrefix: "") == "urn:d")
        #expect(children[1].namespace(forPrefix: "p") == "urn:1")
        #expect(children[1].namespace(forPrefix: "q") == nil)
        #expect(children[1].namespace(forPrefix: "") == nil)
        #expect(root.namespace(forPrefix: "xml") == "http://www.w3.org/XML/1998/namespace")
    }

    @Test("Attributes are found by name and namespace; declarations are none")
    func attributes() throws {
        let root = try parsedRoot(of: "<r xmlns='urn:d' xmlns:p='urn:1' a='1' p:a='2' xml:lang='en' e=''/>")
        #expect(root.attribute("a") == "1")
        #expect(root.attribute("a", namespace: "urn:1") == "2")
        #expect(root.attribute("a", namespace: "urn:d") == nil)
        #expect(root.attribute("lang", namespace: "http://www.w3.org/XML/1998/namespace") == "en")
        #expect(root.attribute("e") == "")
        #expect(root.attribute("xmlns") == nil)
        #expect(root.attributes.map(\.name) == ["a", "a", "lang", "e"])
        #expect(root.attributes.map(\.value) == ["1", "2", "en", ""])
        #expect(root.attributes[1].namespace == "urn:1")
    }

    @Test(
        "Text is what it stands for",
        arguments: [
            ("<a/>", ""),
            ("<a></a>", ""),
            ("<a> x\n\ty </a>", " x\n\ty "),
            ("<a>&lt;&gt;&amp;&quot;&apos;</a>", "<>&\"'"),
            ("<a>&#65;&#x42;&#x1F600;&#13;</a>", "AB😀\r"),
            ("<a><![CDATA[<b>&amp;]]></a>", "<b>&amp;"),
            ("<a>1<![CDATA[2]]>3&#52;<![CDATA[]]>5</a>", "12345"),
            ("<a>1<!-- 2 -->3<!--4--></a>", "13"),
            ("<!-- 1 --><a>2</a><!-- 3 -->", "2"),
            ("<a>æøå €😀</a>", "æøå €😀"),
            ("\n <a>x</a>\n", "x"),
        ] as [(String, String)]
    )
    func text(document: String, expected: String) throws {
        #expect(try parsedRoot(of: document).text == expected)
    }

    @Test(
        "Line ends become line feeds",
        arguments: ["<a>x\r\ny\rz</a>", "<a><![CDATA[x\r\ny\rz]]></a>", "<a>x\r\n<![CDATA[y\r]]>z</a>"]
    )
    func lineEnds(document: String) throws {
        let text = try parsedRoot(of: document).text
        #expect(Array(text.utf8) == Array("x\ny\nz".utf8))
    }

    @Test(
        "Attribute values are resolved and normalised",
        arguments: [
            ("a &amp; b", "a & b"),
            ("&lt;&gt;&quot;&apos;", "<>\"'"),
            ("&#38;amp;", "&amp;"),
            ("&#x1F600;é", "😀é"),
            ("a\tb\nc\r\nd", "a b c d"),
            ("a&#9;b&#10;c&#13;", "a\tb\nc\r"),
            ("  a  ", "  a  "),
        ] as [(String, String)]
    )
    func attributeValue(written: String, expected: String) throws {
        let value = try #require(try parsedRoot(of: "<r a=\"\(written)\"/>").attribute("a"))
        #expect(Array(value.utf8) == Array(expected.utf8))
    }

    @Test("An element's text ends where its first child begins")
    func mixedContent() throws {
        let root = try parsedRoot(of: "<a>x&amp;<b>y<c/>z</b>w</a>")
        #expect(root.text == "x&")
        #expect(root.children.map(\.text) == ["y"])
    }

    @Test("White space alone is no text", arguments: [(" \n\t", false), ("", false), (" . ", true), ("é", true)])
    func hasText(content: String, expected: Bool) throws {
        #expect(try parsedRoot(of: "<a>\(content)<b/></a>").hasText == expected)
    }

    @Test("What is read does not depend on where the reader's pieces end", arguments: 0..<64)
    func pieces(shift: Int) throws {
        let padding = String(repeating: "p", count: (16 << 10) - 40 + shift)
        let unit = "aé€😀&amp;<!--c-->\r\n<![CDATA[x]]&é]]>"
        let document = "<a>" + padding + unit + unit + "<b k='é&amp;😀'>" + unit + "</b></a>"
        let root = try parsedRoot(of: document)
        let expected = "aé€😀&\nx]]&é"
        #expect(root.text == padding + expected + expected)
        let child = try #require(root.children.first { _ in true })
        #expect(child.text == expected)
        #expect(child.attribute("k") == "é&😀")
    }

    @Test("Long text of wide characters is read whole", arguments: ["é", "€", "😀"], 0..<4)
    func wideCharacters(character: String, shift: Int) throws {
        let text = String(repeating: "p", count: shift) + String(repeating: character, count: 30_000)
        #expect(try parsedRoot(of: "<a>\(text)</a>").text == text)
        #expect(try parsedRoot(of: "<a><![CDATA[\(text)]]></a>").text == text)
    }
}
