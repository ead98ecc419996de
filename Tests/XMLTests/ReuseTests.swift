import Testing
import XML

@Suite("Use of one reader for many documents")
struct ReuseTests {
    private static let refused = [
        "<a>", "<a></b>", "<!DOCTYPE a><a/>", "<a><?x?></a>", "<a>&x;</a>", "<p:a/>", "x",
        "<?xml version='1.0' encoding='nosuch'?><a/>", String(repeating: "<a>", count: 100),
    ]

    @Test("1,000 documents from 8 tasks at once are read right, with refusals in between")
    func concurrent() async throws {
        let reader = XMLReader(limits: XMLLimits())
        let right = try await withThrowingTaskGroup(of: Int.self) { group in
            for task in 0..<8 {
                group.addTask { try Self.readMany(125, of: task, with: reader) }
            }
            return try await group.reduce(0, +)
        }
        #expect(right == 1000)
    }

    private static func readMany(_ count: Int, of task: Int, with reader: XMLReader) throws -> Int {
        var right = 0
        for number in 0..<count {
            if number % 2 == 1 {
                let document = refused[(task + number / 2) % refused.count]
                guard (try? reader.read(Array(document.utf8))) == nil else { continue }
            }
            let mark = "\(task)-\(number)-é"
            let items = (0..<number).map { "<p:i k='\($0)&amp;\(mark)'>\($0)<![CDATA[\(mark)]]></p:i>" }.joined()
            let bytes = "<r xmlns='urn:r' xmlns:p='urn:p\(number)'>\(items)</r>"
            let isUTF16 = number % 3 == 0
            let root = try reader.read(isUTF16 ? ("\u{FEFF}" + bytes).utf16LittleEndian : Array(bytes.utf8)).root
            let children = Array(root.children)
            let isRight =
                root.namespace == "urn:r" && children.count == number
                && children.enumerated().allSatisfy { index, child in
                    child.namespace == "urn:p\(number)" && child.text == "\(index)\(mark)"
                        && child.attribute("k") == "\(index)&\(mark)"
                }
            if isRight { right += 1 }
        }
        return right
    }

    @Test("Namespaces keep their names from document to document, however many and alike they are")
    func namespaces() throws {
        let reader = XMLReader(limits: XMLLimits())
        let names =
            ["urn:a", "urn:b", "urn:", "urn:aa", "URN:A", "urn:\u{E9}", "urn:e\u{301}", "urn:K", "urn:\u{212A}"]
            + (0..<30).map { "http://www.example.com/\($0)" }
            + [199, 200, 201, 5000].map { String(repeating: "x", count: $0) }
        for name in names + names.reversed() {
            let root = try reader.read(Array("<p:r xmlns:p='\(name)'><e xmlns='\(name)'/><e/></p:r>".utf8)).root
            #expect(Array(root.namespace.utf8) == Array(name.utf8))
            #expect(root.children.map { Array($0.namespace.utf8) } == [Array(name.utf8), []])
        }
    }

    @Test("Names that are never seen again do not fill the reader")
    func manyNames() throws {
        let reader = XMLReader(limits: XMLLimits())
        for number in 0..<500 {
            let names = (0..<100).map { "<n\(number)x\($0) xmlns='urn:\(number)'/>" }.joined()
            let root = try reader.read(Array("<r>\(names)</r>".utf8)).root
            #expect(root.children.map(\.namespace).allSatisfy { $0 == "urn:\(number)" })
        }
    }

    @Test("A document outlives the reader and the documents after it")
    func lifetime() throws {
        var reader: XMLReader? = XMLReader(limits: XMLLimits())
        let first = try #require(try reader?.read(Array("<a k='1'>x</a>".utf8)))
        _ = try reader?.read(Array("<b k='2'>y</b>".utf8))
        reader = nil
        #expect(first.root.name == "a")
        #expect(first.root.attribute("k") == "1")
        #expect(first.root.text == "x")
    }
}
