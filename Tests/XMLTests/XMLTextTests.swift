import Testing
import XML

@Suite("Text of a document that no string is made of")
struct XMLTextTests {
    private func content(_ text: String) throws -> XMLText {
        try parsedRoot(of: "<r>\(text)</r>").content
    }

    @Test(
        "Text equals the same bytes and nothing else",
        arguments: [
            ("true", true), ("", false), ("tru", false), ("truee", false), ("True", false), (" true", false),
            ("true\u{301}", false), ("ｔrue", false),
        ]
    )
    func equality(text: String, isTrue: Bool) throws {
        #expect(try content(text).equals("true") == isTrue)
        #expect(try content(text).isEmpty == text.isEmpty)
        #expect(try content(text).equals("") == text.isEmpty)
        #expect(try content(text).string == text)
    }

    @Test(
        "Trimmed text has no white space of XML around it, and all other white space",
        arguments: [
            ("", ""), ("  ", ""), ("a", "a"), (" a\t", "a"), ("\n a b \n", "a b"), ("\u{A0}a\u{A0}", "\u{A0}a\u{A0}"),
            (" \u{301}a", "\u{301}a"), ("&#13;a&#13;", "a"),
        ]
    )
    func trimming(text: String, trimmed: String) throws {
        let found = try content(text).trimmed.string
        #expect(Array(found.utf8) == Array(trimmed.utf8))
    }

    @Test(
        "The end of a text is compared by its bytes",
        arguments: [("SOAP-ENC:Array", true), ("Array", true), ("rray", false), ("", false), ("Array\u{301}", false)]
    )
    func suffix(text: String, endsWithArray: Bool) throws {
        #expect(try content(text).hasSuffix("Array") == endsWithArray)
        #expect(try content(text).hasSuffix(""))
    }

    @Test(
        "A name with a declared prefix is expanded, and all others are left to whoever asks for strings",
        arguments: [
            ("p:int", "urn:1", "int"), ("q:a-b_c.9", "urn:2", "a-b_c.9"), ("p2:x", nil, nil), ("int", nil, nil),
            (":int", nil, nil), ("p:", nil, nil), ("p:a:b", nil, nil), ("", nil, nil), ("p:a b", nil, nil),
            ("p:é", nil, nil), ("p:a/b", nil, nil), ("xml:lang", nil, nil), ("P:int", nil, nil),
        ] as [(String, String?, String?)]
    )
    func expansion(name: String, namespace: String?, localName: String?) throws {
        let root = try parsedRoot(
            of: "<r xmlns='urn:d' xmlns:p='urn:0' xmlns:q='urn:2'><e xmlns:p='urn:1' t='\(name)'/></r>"
        )
        let element = try #require(Array(root.children).first)
        let expanded = element.expandedName(try #require(element.attribute("t", in: "")))
        #expect(expanded?.namespace == namespace)
        #expect(expanded?.localName.string == localName)
    }

    @Test("An attribute is found by the bytes of its name and namespace")
    func attributes() throws {
        let root = try parsedRoot(of: "<r xmlns:p='urn:1' xmlns:k='urn:\u{212A}' a='1' p:a='2' k:a='3' e=''/>")
        #expect(root.attribute("a", in: "")?.string == "1")
        #expect(root.attribute("a", in: "urn:1")?.string == "2")
        #expect(root.attribute("a", in: "urn:\u{212A}")?.string == "3")
        #expect(root.attribute("a", in: "urn:K") == nil)
        #expect(root.attribute("b", in: "") == nil)
        #expect(root.attribute("e", in: "")?.isEmpty == true)
    }

    @Test("An element is in the namespace whose name has the same bytes")
    func namespaces() throws {
        let root = try parsedRoot(of: "<r xmlns='urn:\u{E9}'><e xmlns=''/></r>")
        #expect(root.isIn("urn:\u{E9}"))
        #expect(!root.isIn("urn:e\u{301}"))
        #expect(!root.isIn(""))
        #expect(!root.isLeaf)
        let child = try #require(Array(root.children).first)
        #expect(child.isIn(""))
        #expect(!child.isIn("urn:\u{E9}"))
        #expect(child.isLeaf)
    }
}
