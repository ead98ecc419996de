import Testing
import XML

@Suite("Encodings of XML documents")
struct EncodingTests {
    private let reader = XMLReader(limits: XMLLimits())
    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    private static let text = "é€😀"

    private func text(_ bytes: [UInt8], charset: String? = nil) throws -> String {
        try reader.read(bytes, charset: charset).root.text
    }

    @Test("UTF-8 is read with a byte order mark and without")
    func utf8() throws {
        let document = Array("<a>\(Self.text)</a>".utf8)
        #expect(try text(document) == Self.text)
        #expect(try text(Self.mark + document) == Self.text)
        #expect(try text(Array("<?xml version='1.0' encoding='UTF-8'?>".utf8) + document) == Self.text)
        #expect(try text(Self.mark + Array("<?xml version='1.0'?>".utf8) + document) == Self.text)
    }

    @Test(
        "UTF-16 with a byte order mark is read in both byte orders",
        arguments: ["", "<?xml version='1.0' encoding='UTF-16'?>"]
    )
    func utf16(declaration: String) throws {
        let document = "\u{FEFF}\(declaration)<a>\(Self.text)</a>"
        #expect(try text(document.utf16LittleEndian) == Self.text)
        #expect(try text(document.utf16BigEndian) == Self.text)
    }

    @Test("Long UTF-16 is read whole")
    func longUTF16() throws {
        let long = String(repeating: Self.text, count: 20_000)
        #expect(try text("\u{FEFF}<a>\(long)</a>".utf16LittleEndian) == long)
        #expect(try text("\u{FEFF}<a>\(long)</a>".utf16BigEndian) == long)
    }

    @Test("ISO-8859-1 is read when it is declared")
    func latin1() throws {
        #expect(try text("<?xml version='1.0' encoding='ISO-8859-1'?><a>blåbær</a>".latin1) == "blåbær")
        #expect(try text("<?xml version='1.0' encoding='iso-8859-1'?><a>blåbær</a>".latin1) == "blåbær")
    }

    @Test("The media type's charset is used", arguments: ["ISO-8859-1", "iso-8859-1"])
    func charset(name: String) throws {
        #expect(try text("<a>blåbær</a>".latin1, charset: name) == "blåbær")
    }

    @Test("The charset of UTF-16 without a byte order mark may name the byte order")
    func charsetOfUTF16() throws {
        #expect(try text("<a>\(Self.text)</a>".utf16LittleEndian, charset: "UTF-16LE") == Self.text)
        #expect(try text("<a>\(Self.text)</a>".utf16BigEndian, charset: "utf-16be") == Self.text)
    }

    @Test(
        "UTF-16 without a byte order mark shows its byte order itself",
        arguments: ["utf-16", "UTF-16", "utf16", nil]
    )
    func unmarkedUTF16(charset: String?) throws {
        for declaration in ["", "<?xml version='1.0' encoding='utf-16'?>", "\n"] {
            let document = "\(declaration)<a>\(Self.text)</a>"
            #expect(try text(document.utf16BigEndian, charset: charset) == Self.text)
            #expect(try text(document.utf16LittleEndian, charset: charset) == Self.text)
        }
        #expect(throws: XMLReadError.self) { try text("<a/>".utf16BigEndian + [0], charset: charset) }
        #expect(throws: XMLReadError.self) { try text("<a/>".utf16BigEndian, charset: "utf-8") }
    }

    @Test("The charset outranks the declaration")
    func charsetOutranksDeclaration() throws {
        let utf8 = Array("<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>".utf8)
        #expect(try text(utf8, charset: "UTF-8") == "é")
        let latin1 = "<?xml version='1.0' encoding='UTF-8'?><a>é</a>".latin1
        #expect(try text(latin1, charset: "iso-8859-1") == "é")
        let unknown = Array("<?xml version='1.0' encoding='klingon'?><a>é</a>".utf8)
        #expect(try text(unknown, charset: "utf-8") == "é")
    }

    @Test("A byte order mark outranks the charset", arguments: ["ISO-8859-1", "utf-16", "klingon"])
    func markOutranksCharset(name: String) throws {
        #expect(try text(Self.mark + Array("<a>é</a>".utf8), charset: name) == "é")
        #expect(try text("\u{FEFF}<a>é</a>".utf16LittleEndian, charset: name) == "é")
        #expect(try text("\u{FEFF}<a>é</a>".utf16BigEndian, charset: name) == "é")
    }

    @Test("A byte order mark outranks the declaration")
    func markOutranksDeclaration() throws {
        let latin1 = "<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>"
        #expect(try text(Self.mark + Array(latin1.utf8)) == "é")
        #expect(try text(("\u{FEFF}" + latin1).utf16LittleEndian) == "é")
        let utf8 = "\u{FEFF}<?xml version='1.0' encoding='UTF-8'?><a>é</a>"
        #expect(try text(utf8.utf16BigEndian) == "é")
    }

    @Test("A charset left from one document does not touch the next")
    func charsetIsForgotten() throws {
        let utf8 = Array("<a>é</a>".utf8)
        let declared = "<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>".latin1
        for _ in 0..<3 {
            #expect(try text("<a>é</a>".latin1, charset: "ISO-8859-1") == "é")
            #expect(try text(utf8) == "é")
            #expect(try text(declared) == "é")
            #expect(try text("\u{FEFF}<a>é</a>".utf16BigEndian) == "é")
            #expect(try text(utf8) == "é")
        }
    }

    @Test(
        "A document whose charset is UTF-8 is read as one that names no encoding",
        arguments: [
            "<a>é€😀</a>", "\n<a>é</a>", "<a/>", "<a b='&#xE9;é'>x</a>", "<a><![CDATA[é]]></a>",
            "<!-- é --><a>e\u{301}</a>",
            "<å>æ</å>", "<a>\r\n</a>", "<a>&#xB;x</a>", "<a>\(String(repeating: "€", count: 20_000))</a>",
            "<?xml version='1.0'?><a>é</a>",
            "<\(String(repeating: "x", count: 41))é>é</\(String(repeating: "x", count: 41))é>",
        ]
    )
    func charsetOfUTF8(document: String) throws {
        let expected = try reader.read(Array(document.utf8)).root
        for charset in ["utf-8", "UTF-8", "Utf-8"] {
            let root = try reader.read(Array(document.utf8), charset: charset).root
            #expect(Array(root.name.utf8) == Array(expected.name.utf8))
            #expect(Array(root.text.utf8) == Array(expected.text.utf8))
            #expect(root.attributes == expected.attributes)
            // The charset of one document says nothing about the next.
            #expect(try text("<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>".latin1) == "é")
        }
    }

    @Test(
        "A document whose charset is UTF-8 is refused for what is wrong with it",
        arguments: [
            [], [0x3C], Array("<a".utf8), Array("<a>".utf8), Array("<a></b>".utf8), Array("<a>&#0;</a>".utf8),
            "<a>é   </a>".latin1, "<a b='é'/>".latin1, "<é/>   ".latin1, Array("<a>\u{0}</a>".utf8),
            "<a/>".utf16LittleEndian, "<a/>".utf16BigEndian, [0x3C, 0, 0, 0x61], [0x4C, 0x6F, 0xA7, 0x94],
            "<a><![CDATA[é]]></a>".latin1,
        ] as [[UInt8]]
    )
    func refusalInUTF8(document: [UInt8]) {
        #expect(throws: XMLReadError.self) { try text(document, charset: "utf-8") }
    }

    @Test("An unknown encoding is refused by its name")
    func unknown() {
        #expect(throws: XMLReadError.unsupportedEncoding("klingon")) {
            try text(Array("<a/>".utf8), charset: "klingon")
        }
        #expect(throws: XMLReadError.unsupportedEncoding("klingon")) {
            try text(Array("<?xml version='1.0' encoding='klingon'?><a/>".utf8))
        }
        #expect(XMLReadError.unsupportedEncoding("klingon").description == "The encoding 'klingon' is not supported.")
    }

    @Test("Bytes that the encoding does not have are refused")
    func wrongBytes() {
        #expect(throws: XMLReadError.self) { try text("<a>é   </a>".latin1) }
        #expect(throws: XMLReadError.self) { try text("<a>é   </a>".latin1, charset: "utf-8") }
        #expect(throws: XMLReadError.self) { try text("<a>é   </a>".latin1, charset: "us-ascii") }
        #expect(throws: XMLReadError.self) {
            try text(Array("<?xml version='1.0' encoding='UTF-16'?><a/>".utf8))
        }
    }

    @Test("Half a character at the end of UTF-16 is refused")
    func oddUTF16() {
        #expect(throws: XMLReadError.self) { try text("\u{FEFF}<a>é</a>".utf16LittleEndian + [0x20]) }
        let unpaired: [UInt8] = [0xFF, 0xFE] + "<a>".utf16LittleEndian + [0x00, 0xD8] + "</a>".utf16LittleEndian
        #expect(throws: XMLReadError.self) { try text(unpaired) }
    }
}
