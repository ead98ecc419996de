import CLibXML2
import Text

/// Builds the flat tree from SAX2 events and stops the parser at the first thing that is not allowed.
///
/// libxml2 calls back on the thread that parses, one call after the other, and no method calls libxml2. So no two accesses to
/// a property overlap, and the compiler need not check that at every one of them.
final class XMLTreeBuilder {
    typealias Text = UnsafePointer<xmlChar>

    private let limits: XMLLimits
    private let names: NamespaceNames
    @exclusivity(unchecked) private(set) var failure: XMLReadError?
    /// Rises with every event; the reader uses it to see that the parser is stuck inside one long token.
    @exclusivity(unchecked) private(set) var events = 0
    /// Whether the failure is a reference to a character that XML 1.0 does not have.
    var refusesReference = false
    /// Whether the name of a namespace is no URI.
    var hasOtherNamespaces = false
    /// Whether such references have been rewritten in the document (``ForbiddenReferences``).
    let isRewritten: Bool

    @exclusivity(unchecked) private var bytes: [UInt8] = []
    @exclusivity(unchecked) private var nodes: [XMLStorage.Node] = []
    @exclusivity(unchecked) private var attributes: [XMLStorage.Attribute] = []
    @exclusivity(unchecked) private var declarations: [XMLStorage.Declaration] = []
    @exclusivity(unchecked) private var namespaces: [String] = [""]
    /// libxml2 hands out one pointer per namespace name and parse, so a pointer identifies the name.
    @exclusivity(unchecked) private var namespacePointers: [Text] = []
    @exclusivity(unchecked) private var open: [Int32] = []
    /// libxml2 checks neither the encoding nor the line ends of a CDATA section that it gets in pieces.
    private var hasCharacterData = false
    private var endsWithCarriageReturn = false

    init(limits: XMLLimits, names: NamespaceNames, documentBytes: Int, isRewritten: Bool) {
        self.limits = limits
        self.names = names
        self.isRewritten = isRewritten
        bytes.reserveCapacity(documentBytes)
        nodes.reserveCapacity(Swift.min(documentBytes / 32 + 8, limits.elements))
        attributes.reserveCapacity(Swift.min(documentBytes / 64 + 8, limits.elements))
        declarations.reserveCapacity(16)
        namespaces.reserveCapacity(12)
        namespacePointers.reserveCapacity(12)
        open.reserveCapacity(16)
    }

    /// The finished tree; nil when no element was closed as the document element.
    func finish() -> XMLDocument? {
        guard failure == nil, open.isEmpty, !nodes.isEmpty else { return nil }
        if hasCharacterData, String(validating: bytes, as: UTF8.self) == nil {
            fail(.malformed(line: 1, reason: "A CDATA section is not in the document's encoding."))
            return nil
        }
        // A URI is ASCII.
        let otherNamespaces = hasOtherNamespaces ? namespaces : []
        guard StreamSafeText.isSafe(bytes), otherNamespaces.allSatisfy({ StreamSafeText.isSafe($0) }) else {
            fail(.limit(.combiningCharacters, StreamSafeText.longestRun))
            return nil
        }
        return XMLDocument(
            storage: XMLStorage(
                bytes: bytes,
                nodes: nodes,
                attributes: attributes,
                declarations: declarations,
                namespaces: namespaces
            )
        )
    }

    /// Keeps the first failure; the caller stops the parser.
    func fail(_ error: XMLReadError) {
        if failure == nil { failure = error }
    }

    func startElement(
        name: Text,
        uri: Text?,
        declarations declared: UnsafeBufferPointer<Text?>,
        attributes given: UnsafeBufferPointer<Text?>
    ) {
        events += 1
        let attributeCount = given.count / 5
        guard nodes.count < limits.elements else { return fail(.limit(.elements, limits.elements)) }
        guard open.count < limits.depth else {
            return fail(.limit(.depth, limits.depth, remedy: limits.remedies[.depth]))
        }
        guard max(attributeCount, declared.count / 2) <= limits.attributesPerElement else {
            return fail(.limit(.attributesPerElement, limits.attributesPerElement))
        }
        var scope = open.last.map { nodes[Int($0)].scope } ?? -1
        for pair in stride(from: 0, to: declared.count, by: 2) {
            guard let namespace = index(ofNamespace: declared[pair + 1]) else { return }
            let prefix = declared[pair].map { append($0, count: Int(xmlStrlen($0))) } ?? .init()
            declarations.append(.init(prefix: prefix, namespace: namespace, outer: scope))
            scope = Int32(declarations.count - 1)
        }
        guard let namespace = index(ofNamespace: uri) else { return }
        let firstAttribute = Int32(attributes.count)
        for item in 0..<attributeCount {
            guard let name = given[item * 5], let value = given[item * 5 + 3], let end = given[item * 5 + 4],
                let namespace = index(ofNamespace: given[item * 5 + 2])
            else { return }
            attributes.append(
                .init(
                    name: append(name, count: Int(xmlStrlen(name))),
                    value: append(value, count: end - value),
                    namespace: namespace
                )
            )
        }
        var node = XMLStorage.Node(
            namespace: namespace,
            firstAttribute: firstAttribute,
            attributeCount: Int32(attributeCount),
            scope: scope
        )
        node.name = append(name, count: Int(xmlStrlen(name)))
        node.text.start = Int32(bytes.count)
        let index = Int32(nodes.count)
        nodes.append(node)
        if let parent = open.last.map(Int.init) {
            let last = nodes[parent].lastChild
            if last >= 0 { nodes[Int(last)].nextSibling = index } else { nodes[parent].firstChild = index }
            nodes[parent].lastChild = index
        }
        open.append(index)
    }

    func endElement() {
        events += 1
        open.removeLast()
    }

    func characters(_ text: Text, count: Int) {
        events += 1
        guard let current = open.last.map(Int.init), nodes[current].firstChild < 0 else { return }
        _ = append(text, count: count)
        nodes[current].text.count += Int32(count)
        if Int(nodes[current].text.count) > limits.textBytes {
            fail(.limit(.textBytes, limits.textBytes, remedy: limits.remedies[.textBytes]))
        }
    }

    /// A piece of a CDATA section; its line ends become line feeds (XML 1.0, 2.11).
    func characterData(_ text: Text, count: Int) {
        hasCharacterData = true
        let piece = UnsafeBufferPointer(start: text, count: count)
        guard endsWithCarriageReturn || piece.contains(0x0D) else { return characters(text, count: count) }
        var normalised: [UInt8] = []
        normalised.reserveCapacity(count)
        for byte in piece {
            if byte == 0x0D {
                normalised.append(0x0A)
            } else if byte != 0x0A || !endsWithCarriageReturn {
                normalised.append(byte)
            }
            endsWithCarriageReturn = byte == 0x0D
        }
        normalised.withUnsafeBufferPointer { buffer in
            if let start = buffer.baseAddress { characters(start, count: buffer.count) }
        }
    }

    private func append(_ text: Text, count: Int) -> XMLStorage.Run {
        let start = Int32(bytes.count)
        bytes.append(contentsOf: UnsafeBufferPointer(start: text, count: count))
        return .init(start: start, count: Int32(count))
    }

    private func index(ofNamespace uri: Text?) -> Int32? {
        guard let uri else { return 0 }
        if let known = namespacePointers.firstIndex(of: uri) { return Int32(known + 1) }
        guard namespacePointers.count < limits.namespaces else {
            fail(.limit(.namespaces, limits.namespaces))
            return nil
        }
        namespacePointers.append(uri)
        namespaces.append(names.string(uri))
        return Int32(namespacePointers.count)
    }
}
