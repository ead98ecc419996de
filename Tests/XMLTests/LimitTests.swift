import Testing

@testable import XML

@Suite("Limits of XML documents")
struct LimitTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let limits: XMLLimits
        let fitting: String
        let exceeding: [String]
        let error: XMLReadError

        var testDescription: String { "\(error)" }

        /// Documents that fit a limit of `value`, and documents that exceed it.
        init(
            _ limit: XMLLimit,
            _ path: WritableKeyPath<XMLLimits, Int>,
            _ value: Int,
            fitting: String,
            exceeding: String...
        ) {
            var limits = XMLLimits()
            limits[keyPath: path] = value
            (self.limits, self.fitting, self.exceeding) = (limits, fitting, exceeding)
            error = .limit(limit, value)
        }
    }

    static let cases = [
        Case(.bytes, \.bytes, 10, fitting: "<a>123</a>", exceeding: "<a>1234</a>", "<a>é12</a>", "not XML at all"),
        Case(
            .depth,
            \.depth,
            3,
            fitting: "<a><a><a/><a></a></a></a>",
            exceeding: "<a><a><a><a/></a></a></a>",
            "<a><b/><a><a><b>x</b></a></a></a>"
        ),
        Case(
            .elements,
            \.elements,
            3,
            fitting: "<a><b/><b/></a>",
            exceeding: "<a><b/><b/><b/></a>",
            "<a><b><c><d/></c></b></a>"
        ),
        Case(
            .attributesPerElement,
            \.attributesPerElement,
            2,
            fitting: "<a b='' c='' xmlns:p='urn:p'><a b='' p:b=''/></a>",
            exceeding: "<a b='' c='' d=''/>",
            "<a><a b='' c='' d=''/></a>"
        ),
        Case(
            .namespaces,
            \.namespaces,
            2,
            fitting: "<a xmlns='urn:1' xmlns:p='urn:2'><b xmlns='urn:2' xmlns:q='urn:1'/></a>",
            exceeding: "<a xmlns='urn:1' xmlns:p='urn:2' xmlns:q='urn:3'/>",
            "<a xmlns='urn:1'><b xmlns='urn:2'/><b xmlns='urn:3'/></a>"
        ),
        Case(
            .textBytes,
            \.textBytes,
            4,
            fitting: "<a>éé<b>12&amp;4</b><b>12<!-- comment -->34</b></a>",
            exceeding: "<a>éé1</a>",
            "<a>12<!-- c --><![CDATA[345]]></a>",
            "<a><b>12&amp;45</b></a>"
        ),
    ]

    @Test("A limit's value is allowed, one more is not", arguments: LimitTests.cases)
    func limit(_ limit: Case) throws {
        let reader = XMLReader(limits: limit.limits)
        #expect(throws: Never.self) { try reader.read(Array(limit.fitting.utf8)) }
        for document in limit.exceeding {
            #expect(throws: limit.error) { try reader.read(Array(document.utf8)) }
        }
        #expect(throws: Never.self) { try reader.read(Array(limit.fitting.utf8)) }
    }

    private func refusal(_ document: String, limits: XMLLimits = XMLLimits()) -> XMLReadError? {
        do {
            _ = try XMLReader(limits: limits).read(Array(document.utf8))
            return nil
        } catch {
            return error
        }
    }

    @Test("The defaults are the documented ones")
    func defaults() {
        let limits = XMLLimits()
        #expect(limits.bytes == 1 << 20)
        #expect(limits.depth == 64)
        #expect(limits.elements == 50_000)
        #expect(limits.attributesPerElement == 64)
        #expect(limits.namespaces == 128)
        #expect(limits.textBytes == 1 << 20)
    }

    @Test("10,000 levels are refused")
    func depth() {
        let opening = String(repeating: "<a>", count: 10_000)
        let closing = String(repeating: "</a>", count: 10_000)
        #expect(refusal(opening + closing) == .limit(.depth, 64))
        #expect(refusal(opening) == .limit(.depth, 64))
    }

    @Test("100,000 attributes of one element are refused before they are compared with each other")
    func attributes() {
        let attributes = (0..<100_000).map { " a\($0)=''" }.joined()
        let error = XMLReadError.limit(.startTagBytes, XMLLimits.startTagBytes)
        #expect(refusal("<a\(attributes)/>") == error)
        #expect(refusal("<r><a\(attributes)/></r>") == error)
        #expect(refusal("<a\(attributes)") == error)
    }

    @Test(
        "A start tag that goes on and on is refused",
        arguments: ["<", "<a b='", "<a xmlns='", "<r><a b='", "<r>text<a ", "<a b=''"]
    )
    func startTag(beginning: String) {
        let filler = beginning.hasSuffix(" ") || beginning.hasSuffix("''") ? " " : "x"
        let document = beginning + String(repeating: filler, count: 1_000_000)
        #expect(refusal(document) == .limit(.startTagBytes, XMLLimits.startTagBytes))
    }

    @Test("100,000 elements are refused")
    func elements() {
        let elements = String(repeating: "<a/>", count: 100_000)
        #expect(refusal("<r>\(elements)</r>") == .limit(.elements, 50_000))
    }

    @Test("1,000 namespaces are refused, on one element or on many")
    func namespaces() {
        let declarations = (0..<1000).map { " xmlns:p\($0)='urn:\($0)'" }.joined()
        #expect(refusal("<a\(declarations)/>") == .limit(.attributesPerElement, 64))
        let elements = (0..<1000).map { "<a xmlns='urn:\($0)'/>" }.joined()
        #expect(refusal("<r>\(elements)</r>") == .limit(.namespaces, 128))
    }

    @Test("Text up to the default limit is read, one byte more is refused")
    func text() throws {
        let limits = XMLLimits(bytes: 4 << 20)
        let text = String(repeating: "x", count: 1 << 20)
        let error = XMLReadError.limit(.textBytes, 1 << 20)
        #expect(try parsedRoot(of: "<a>\(text)</a>", limits: limits).text.utf8.count == 1 << 20)
        #expect(refusal("<a>\(text)x</a>", limits: limits) == error)
        #expect(refusal("<a><![CDATA[\(text)x]]></a>", limits: limits) == error)
        #expect(refusal("<a>\(text)\(text)\(text)</a>", limits: limits) == error)
    }

    @Test("10 MB are refused unread")
    func bytes() {
        let bytes = [UInt8](repeating: UInt8(ascii: "<"), count: 10 << 20)
        #expect(throws: XMLReadError.limit(.bytes, 1 << 20)) {
            try XMLReader.standard.read(bytes)
        }
    }

    @Test("Long comments, references and white space within the byte limit cost nothing but time")
    func harmless() throws {
        let long = String(repeating: "x", count: 1_000_000)
        #expect(try parsedRoot(of: "<a><!--\(long)-->y</a>").text == "y")
        #expect(try parsedRoot(of: "<a>\(String(repeating: "&amp;", count: 200_000))</a>").text.utf8.count == 200_000)
        #expect(try parsedRoot(of: String(repeating: " ", count: 1_000_000) + "<a>y</a>").text == "y")
    }
}
