import TestSupport
import Testing
import XML

@Suite("Writing")
struct WriterTests {
    private func text(_ string: String) -> String {
        var writer = XMLWriter()
        writer.text(string)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func attributeValue(_ string: String) -> String {
        var writer = XMLWriter()
        writer.attributeValue(string)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test("Markup is written as it stands")
    func markup() {
        var writer = XMLWriter(capacity: 0)
        writer.markup("<a b=\"&\">")
        let name = "c"
        writer.markup("<\(name)/>")
        #expect(writer.bytes == Array("<a b=\"&\"><c/>".utf8))
    }

    @Test(
        "What means something to XML is escaped",
        arguments: [
            ("", "", ""),
            ("a<b>c&d", "a&lt;b&gt;c&amp;d", "a&lt;b&gt;c&amp;d"),
            ("\"'", "\"'", "&quot;'"),
            ("]]>", "]]&gt;", "]]&gt;"),
            ("a\tb\nc", "a\tb\nc", "a&#9;b&#10;c"),
            ("\r", "&#13;", "&#13;"),
            ("\r\n", "&#13;\n", "&#13;&#10;"),
            ("&amp;", "&amp;amp;", "&amp;amp;"),
            ("éæ€😀\u{7F}\u{85}\u{2028}", "éæ€😀\u{7F}\u{85}\u{2028}", "éæ€😀\u{7F}\u{85}\u{2028}"),
        ] as [(String, String, String)]
    )
    func escaping(string: String, asText: String, asAttribute: String) {
        #expect(Array(text(string).utf8) == Array(asText.utf8))
        #expect(Array(attributeValue(string).utf8) == Array(asAttribute.utf8))
    }

    @Test("What XML cannot hold becomes U+FFFD")
    func controls() {
        let allowed: Set<UInt32> = [0x09, 0x0A, 0x0D]
        let scalars = (UInt32(0)..<0x20).filter { !allowed.contains($0) } + [0xFFFE, 0xFFFF]
        for scalar in scalars.compactMap({ Unicode.Scalar($0) }) {
            #expect(text("a\(scalar)b") == "a\u{FFFD}b", "\(scalar.value)")
            #expect(attributeValue("\(scalar)\(scalar)") == "\u{FFFD}\u{FFFD}", "\(scalar.value)")
        }
    }

    @Test(
        "The neighbours of what XML cannot hold stay",
        arguments: [
            "\u{FFFD}", "\u{FFFC}", "\u{FFBF}", "\u{F000}", "\u{FFEE}", "\u{10000}", "\u{10FFFF}", "\u{D7FF}",
            "\u{E000}",
        ]
    )
    func neighbours(string: String) {
        #expect(text(string) == string)
        #expect(attributeValue(string) == string)
    }

    @Test("Any string comes back as it was written, but for what XML cannot hold", arguments: 0..<200 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let content = Self.randomString(using: &generator)
        let value = Self.randomString(using: &generator)
        var writer = XMLWriter()
        writer.markup("<?xml version=\"1.0\" encoding=\"UTF-8\"?><a b=\"")
        writer.attributeValue(value)
        writer.markup("\">")
        writer.text(content)
        writer.markup("</a>")
        let root = try XMLDocument(parsing: writer.bytes).root
        let readValue = try #require(root.attribute("b"))
        #expect(Array(root.text.utf8) == Array(Self.representable(content).utf8))
        #expect(Array(readValue.utf8) == Array(Self.representable(value).utf8))
    }

    private static let ranges: [ClosedRange<UInt32>] = [
        0x00...0x1F, 0x09...0x0D, 0x20...0x7E, 0x22...0x27, 0x3C...0x3E, 0x5B...0x5D, 0x7F...0xFF, 0x0300...0x036F,
        0x0400...0x07FF, 0x2020...0x20AC, 0xD700...0xE0FF, 0xFE00...0xFFFF, 0x1F600...0x1F64F, 0x10FF00...0x10FFFF,
    ]

    private static func randomString(using generator: inout SeededGenerator) -> String {
        var string = ""
        for _ in 0..<Int.random(in: 0...400, using: &generator) {
            let range = ranges[Int.random(in: 0..<ranges.count, using: &generator)]
            guard let scalar = Unicode.Scalar(UInt32.random(in: range, using: &generator)) else { continue }
            string.unicodeScalars.append(scalar)
        }
        return string
    }

    /// The string with U+FFFD for what XML 1.0 cannot hold.
    private static func representable(_ string: String) -> String {
        var result = ""
        for scalar in string.unicodeScalars {
            let value = scalar.value
            let isCharacter =
                [0x09, 0x0A, 0x0D].contains(value) || (value >= 0x20 && value != 0xFFFE && value != 0xFFFF)
            result.unicodeScalars.append(isCharacter ? scalar : "\u{FFFD}")
        }
        return result
    }
}
