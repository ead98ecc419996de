import Testing
import XML

@Suite("Elements that refer to others")
struct ReferenceTests {
    private static let styles = [
        XMLReferenceStyle(reference: "href", id: "id"),
        XMLReferenceStyle(reference: "ref", id: "id", namespace: "urn:enc"),
    ]

    private func resolved(_ text: String, limits: XMLLimits = XMLLimits()) throws -> XMLElement {
        let document = try XMLReader(limits: XMLLimits()).read(Array(text.utf8))
        return try document.resolvingReferences(Self.styles, limits: limits) { child, _ in
            child.namespace != "urn:other"
        }
        .root
    }

    /// Names with what they hold: `r(a[1]b(c[2]))`.
    private func outline(_ element: XMLElement) -> String {
        let inner = element.children.map(outline).joined()
        return element.name + (element.text.isEmpty ? "" : "[\(element.text)]") + (inner.isEmpty ? "" : "(\(inner))")
    }

    @Test(
        "An empty element has the content of the one that it refers to",
        arguments: [
            ("<r><a id='x'>1</a><b href='#x'/></r>", "r(a[1]b[1])"),
            ("<r><b href='#x'/><a id='x'>1</a></r>", "r(b[1]a[1])"),
            ("<r><a id='x'><c>1</c><d/></a><b href='#x'/><e/></r>", "r(a(c[1]d)b(c[1]d)e)"),
            ("<r><a id='x'>1</a><b id='y' href='#x'/><c href='#y'/></r>", "r(a[1]b[1]c[1])"),
            ("<r><a id='x'><c id='y'>1</c></a><b><c href='#y'/></b><d href='#x'/></r>", "r(a(c[1])b(c[1])d(c[1]))"),
            ("<r xmlns:e='urn:enc'><a e:id='x'>1</a><b e:ref='#x'/><c e:ref='x'/></r>", "r(a[1]b[1]c[1])"),
            ("<r><a id='x'>1</a><b href='#x'> \n </b></r>", "r(a[1]b[1])"),
        ]
    )
    func content(text: String, outline expected: String) throws {
        #expect(outline(try resolved(text)) == expected)
    }

    @Test("A referring element takes the target's attributes and prefixes, and keeps its name")
    func attributes() throws {
        let text = "<r><a id='x' xmlns:p='urn:p' t='p:type'>1</a><b xmlns='urn:b' href='#x' t='q:other'/></r>"
        let reference = try #require(Array(try resolved(text).children).last)
        #expect(reference.name == "b")
        #expect(reference.namespace == "urn:b")
        #expect(reference.attribute("t") == "p:type")
        #expect(reference.namespace(forPrefix: "p") == "urn:p")
    }

    @Test("An element that holds something is no reference, whatever its attributes")
    func noReference() throws {
        #expect(outline(try resolved("<r><a href='#none'>1</a><b href='#none'><c/></b></r>")) == "r(a[1]b(c))")
    }

    @Test("A reference in what is not read is left alone")
    func unread() throws {
        #expect(outline(try resolved("<r><a xmlns='urn:other' href='#none'/><b/></r>")) == "r(ab)")
    }

    @Test(
        "A reference that leads nowhere, to several or back to itself is refused by its name",
        arguments: [
            ("<r><b href='#none'/></r>", XMLReferenceError.unresolved(element: "b", reference: "#none", elements: 0)),
            ("<r><b href='http://x/'/></r>", .unresolved(element: "b", reference: "http://x/", elements: 0)),
            ("<r><b href=''/></r>", .unresolved(element: "b", reference: "", elements: 0)),
            ("<r><a id='x'/><a id='x'/><b href='#x'/></r>", .unresolved(element: "b", reference: "#x", elements: 2)),
            (
                "<r xmlns:e='urn:enc'><a e:id='x'/><b href='#x'/></r>",
                .unresolved(element: "b", reference: "#x", elements: 0)
            ),
            ("<r><b id='x' href='#x'/></r>", .circular(element: "b", reference: "#x")),
            ("<r><a id='x' href='#y'/><b id='y' href='#x'/></r>", .circular(element: "b", reference: "#x")),
            ("<r><a id='x'><c><b href='#x'/></c></a></r>", .circular(element: "b", reference: "#x")),
            ("<r id='x'><a/><b href='#x'/></r>", .circular(element: "b", reference: "#x")),
        ]
    )
    func refused(text: String, error: XMLReferenceError) {
        #expect(throws: error) { try resolved(text) }
        #expect("\(error)".contains("The element b refers to '"))
    }

    /// Level n refers to level n - 1 ten times: 10^levels elements.
    private func bomb(levels: Int, text: String = "x") -> String {
        let inner = (1...levels).map { level in
            "<a id='l\(level)'>" + String(repeating: "<a href='#l\(level - 1)'/>", count: 10) + "</a>"
        }
        return "<r><a id='l0'>\(text)</a>\(inner.joined())</r>"
    }

    @Test("References that multiply are counted, not followed", .timeLimit(.minutes(5)))
    func bombs() throws {
        #expect(try resolved(bomb(levels: 3)).children.map { $0 }.count == 4)
        #expect(throws: XMLReferenceError.limit(.elements, 50_000)) { try resolved(bomb(levels: 5)) }
        #expect(throws: XMLReferenceError.limit(.elements, 50_000)) { try resolved(bomb(levels: 60)) }
        let long = String(repeating: "x", count: 100_000)
        #expect(throws: XMLReferenceError.limit(.bytes, 1 << 20)) {
            try resolved(bomb(levels: 2, text: long))
        }
    }

    @Test("References that pile up are refused like elements that do", .timeLimit(.minutes(5)))
    func depth() throws {
        // A reference counts as a level.
        let limits = XMLLimits(depth: 7)
        let pile = "<r><a id='1'><b><c/></b></a><d><e><f href='#1'/></e></d></r>"
        #expect(throws: Never.self) { try resolved(pile, limits: limits) }
        #expect(throws: XMLReferenceError.limit(.depth, 6)) {
            try resolved(pile, limits: XMLLimits(depth: 6))
        }
        let chain = (1...10_000).map { "<a id='l\($0)' href='#l\($0 + 1)'/>" }.joined()
        #expect(throws: XMLReferenceError.limit(.depth, 64)) {
            try resolved("<r>\(chain)<a id='l10001'/></r>")
        }
    }

    @Test("A document without references is what it was")
    func none() throws {
        let text = "<r id='x'><a href2='#x'/><b xmlns:p='urn:p' p:href='#none'/></r>"
        #expect(outline(try resolved(text)) == "r(ab)")
        #expect(
            try resolved("<r><a id='x'/><b href='#x'/><c/></r>").children.map(\.isReferredTo) == [true, false, false]
        )
    }
}
