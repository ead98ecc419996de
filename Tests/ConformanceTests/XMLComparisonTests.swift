import Conformance
import Testing
import XML

/// Two answers are the same when a client could not tell them apart, and a difference says where it is.
@Suite("XML comparison")
struct XMLComparisonTests {
    @Test("What a client cannot see makes no difference", arguments: Pair.same)
    func same(pair: Pair) throws {
        #expect(try pair.differences() == [])
    }

    @Test("What a client can see is told with its place", arguments: Pair.different)
    func different(pair: Pair) throws {
        #expect(try pair.differences().map(\.path) == pair.paths)
    }

    @Test("A value that an answer binds is known to what follows")
    func binding() throws {
        var variables = FixtureVariables()
        let expected = try XMLDocument(parsing: Array("<a><id>{{int:id}}</id><again>{{id}}</again></a>".utf8))
        let actual = try XMLDocument(parsing: Array("<a><id>17</id><again>17</again></a>".utf8))
        let comparison = XMLComparison(expected: expected.root, actual: actual.root, variables: &variables)
        #expect(comparison.differences == [])
        #expect(comparison.elements == 3)
        #expect(variables["id"] == "17")
    }

    @Test("A difference reads as a sentence, with variables filled in")
    func description() throws {
        let pair = Pair("<a><b>{{run}}</b></a>", "<a><b>other</b></a>", differsAt: ["/a/b"])
        #expect(try pair.differences().map(\.description) == [#"/a/b: expected "run-1", found "other""#])
    }
}

/// An expected and an actual document, and the paths at which they differ.
struct Pair: Sendable, CustomTestStringConvertible {
    let expected: String
    let actual: String
    let paths: [String]

    init(_ expected: String, _ actual: String, differsAt paths: [String] = []) {
        self.expected = expected
        self.actual = actual
        self.paths = paths
    }

    var testDescription: String { "\(expected) and \(actual)" }

    func differences() throws -> [XMLDifference] {
        var variables = FixtureVariables(["run": "run-1"])
        return XMLComparison(
            expected: try XMLDocument(parsing: Array(expected.utf8)).root,
            actual: try XMLDocument(parsing: Array(actual.utf8)).root,
            variables: &variables
        ).differences
    }
}

// MARK: - Cases

extension Pair {
    private static let instance = #"xmlns:i="http://www.w3.org/2001/XMLSchema-instance""#
    private static let otherInstance = #"xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance""#
    private static let schema = #"xmlns:x="http://www.w3.org/2001/XMLSchema""#
    private static let otherSchema = #"xmlns:xsd="http://www.w3.org/2001/XMLSchema""#
    private static let soap12 = #"xmlns:s="http://www.w3.org/2003/05/soap-envelope""#

    static let same: [Pair] = [
        Pair(#"<p:a xmlns:p="urn:a"><p:b/></p:a>"#, #"<a xmlns="urn:a" xmlns:unused="urn:u"><b></b></a>"#),
        Pair(#"<a one="1" two="2"/>"#, #"<a two="2" one="1"/>"#),
        Pair("<a>\n  <b>text</b>\n</a>", "<a><b>text</b></a>"),
        Pair("<a><b>x &amp; y</b></a>", "<?xml version=\"1.0\"?><a><!-- note --><b><![CDATA[x & y]]></b></a>"),
        Pair("<b \(instance) i:nil='true'/>", "<b \(otherInstance) xsi:nil='1'/>"),
        Pair("<b>text</b>", "<b \(instance) i:nil='false'>text</b>"),
        Pair(
            "<b \(instance) \(schema) i:type='x:int'>1</b>",
            "<b \(otherInstance) \(otherSchema) xsi:type='xsd:int'>1</b>"
        ),
        Pair(
            "<b \(instance) \(schema) xmlns:q='urn:q' i:type='x:QName'>q:n</b>",
            "<b \(instance) \(schema) xmlns:r='urn:q' i:type='x:QName'>r:n</b>"
        ),
        Pair(
            "<e xmlns:s='urn:e'><faultcode>s:Client</faultcode></e>",
            "<e xmlns:env='urn:e'><faultcode> env:Client </faultcode></e>"
        ),
        Pair(
            "<s:Code \(soap12)><s:Value>s:Sender</s:Value></s:Code>",
            #"<Code xmlns="http://www.w3.org/2003/05/soap-envelope"><Value>Sender</Value></Code>"#
        ),
        Pair(
            "<s:NotUnderstood \(soap12) xmlns:o='urn:o' qname='o:B'/>",
            "<s:NotUnderstood \(soap12) xmlns:p='urn:o' qname='p:B'/>"
        ),
        Pair("<a><b>{{any:xml}}</b></a>", "<a><b>text <c d='1'/></b></a>"),
        Pair("<a>{{any}}id {{run}}{{any}}</a>", "<a>The id run-1 is unknown.</a>"),
        Pair("<a b='{{some}}'/>", "<a b='x'/>"),
    ]

    static let different: [Pair] = [
        Pair("<a/>", "<b/>", differsAt: ["/a"]),
        Pair(#"<a xmlns="urn:a"/>"#, #"<a xmlns="urn:b"/>"#, differsAt: ["/a"]),
        Pair("<a><b>1</b></a>", "<a><b>2</b></a>", differsAt: ["/a/b"]),
        Pair("<a><b> 1</b></a>", "<a><b>1</b></a>", differsAt: ["/a/b"]),
        Pair("<a><b/><c/></a>", "<a><c/></a>", differsAt: ["/a/b"]),
        Pair("<a><c/></a>", "<a><b/><c/><d/></a>", differsAt: ["/a/b", "/a/d"]),
        Pair("<a><b>1</b><b>2</b></a>", "<a><b>1</b><b>3</b></a>", differsAt: ["/a/b[2]"]),
        Pair("<a><b/></a>", "<a><b/><b/></a>", differsAt: ["/a/b[2]"]),
        Pair("<a><b/></a>", "<a>text<b/></a>", differsAt: ["/a"]),
        Pair("<a>text</a>", "<a><b/></a>", differsAt: ["/a", "/a/b"]),
        Pair("<a b='1'/>", "<a c='1'/>", differsAt: ["/a/@b", "/a/@c"]),
        Pair("<b \(instance) i:nil='true'/>", "<b/>", differsAt: ["/b/@xsi:nil"]),
        Pair(
            "<b \(instance) \(schema) i:type='x:int'>1</b>",
            "<b \(instance) \(schema) i:type='x:long'>1</b>",
            differsAt: ["/b/@xsi:type"]
        ),
        Pair(
            "<b \(instance) \(schema) i:type='x:int'>1</b>",
            "<b \(instance) xmlns:x='urn:other' i:type='x:int'>1</b>",
            differsAt: ["/b/@xsi:type"]
        ),
        Pair(
            "<b \(instance) \(schema) i:type='x:int'>1</b>",
            "<b \(instance) i:type='x:int'>1</b>",
            differsAt: ["/b/@xsi:type"]
        ),
        Pair(
            "<s:Code \(soap12)><s:Value>s:Sender</s:Value></s:Code>",
            "<s:Code \(soap12)><s:Value>s:Receiver</s:Value></s:Code>",
            differsAt: ["/Code/Value"]
        ),
        Pair("<a><b i='1'>{{any:xml}}</b></a>", "<a><b i='2'>text</b></a>", differsAt: ["/a/b/@i"]),
        Pair("<a>{{unbound}}</a>", "<a>text</a>", differsAt: ["/a"]),
    ]
}

/// What is wrong is named, not what follows from it.
@Suite("XML differences")
struct XMLDifferenceTests {
    @Test("Another order of members is one difference, and their contents are compared all the same")
    func order() throws {
        let pair = Pair("<a><b>1</b><c>2</c><d/></a>", "<a><c>3</c><b>1</b><d/></a>")
        let found = try pair.differences().map(\.description)
        #expect(
            found == ["/a: expected the order b, c, d, found the order c, b, d", #"/a/c: expected "2", found "3""#]
        )
    }

    @Test("Another namespace is named as such")
    func namespace() throws {
        let pair = Pair(#"<a><b xmlns="urn:x">1</b></a>"#, #"<a><b xmlns="urn:y">1</b></a>"#)
        let found = try pair.differences().map(\.description)
        #expect(found == ["/a/b: expected the namespace urn:x, found the namespace urn:y"])
        #expect(try Pair(#"<a xmlns="urn:x"/>"#, "<a/>").differences().map(\.actual) == ["no namespace"])
    }

    @Test("One that is missing among many of a name does not make the rest differ")
    func missing() throws {
        let pair = Pair("<a><b>1</b><b>2</b><c/><d/></a>", "<a><b>1</b><c/><d/></a>")
        #expect(try pair.differences().map(\.path) == ["/a/b[2]"])
    }
}
