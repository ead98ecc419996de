/// A document as it was read: elements, attributes and character data, with comments left out.
///
/// The whole tree lives in a handful of flat arrays, so that reading an envelope costs no allocation per element.
package struct XMLDocument: Sendable {
    let storage: XMLStorage

    /// The document element.
    package var root: XMLElement { XMLElement(storage: storage, index: 0) }

    /// Reads `bytes` with the default limits; for files and tests. Throws ``XMLReadError``.
    package init(parsing bytes: [UInt8]) throws(XMLReadError) {
        self = try XMLReader.standard.read(bytes)
    }

    init(storage: XMLStorage) {
        self.storage = storage
    }
}

/// The flat arrays behind a document; immutable once built.
final class XMLStorage: Sendable {
    /// A run of `bytes`.
    struct Run {
        var start: Int32 = 0
        var count: Int32 = 0
    }

    struct Node {
        var name = Run()
        var text = Run()
        var namespace: Int32
        var firstChild: Int32 = -1
        var lastChild: Int32 = -1
        var nextSibling: Int32 = -1
        var firstAttribute: Int32
        var attributeCount: Int32
        /// The innermost namespace declaration in scope, -1 for none.
        var scope: Int32
    }

    struct Attribute {
        var name: Run
        var value: Run
        var namespace: Int32
    }

    struct Declaration {
        var prefix: Run
        var namespace: Int32
        var outer: Int32
    }

    let bytes: [UInt8]
    let nodes: [Node]
    let attributes: [Attribute]
    let declarations: [Declaration]
    let namespaces: [String]
    /// The elements that others have been found to refer to.
    let targets: Set<Int32>

    init(
        bytes: [UInt8],
        nodes: [Node],
        attributes: [Attribute],
        declarations: [Declaration],
        namespaces: [String],
        targets: Set<Int32> = []
    ) {
        (self.bytes, self.nodes, self.attributes) = (bytes, nodes, attributes)
        (self.declarations, self.namespaces, self.targets) = (declarations, namespaces, targets)
    }

    func string(_ run: Run) -> String {
        String(decoding: bytes[Int(run.start)..<Int(run.start + run.count)], as: UTF8.self)
    }

    func equals(_ run: Run, _ text: [UInt8]) -> Bool {
        Int(run.count) == text.count && bytes[Int(run.start)..<Int(run.start + run.count)].elementsEqual(text)
    }

    /// Whether an attribute has that local name in that namespace.
    func isNamed(_ attribute: Attribute, _ name: String, _ namespace: String) -> Bool {
        let run = attribute.name
        return Int(run.count) == name.utf8.count
            && bytes[Int(run.start)..<Int(run.start + run.count)].elementsEqual(name.utf8)
            && namespaces[Int(attribute.namespace)].utf8.elementsEqual(namespace.utf8)
    }

    func equals(_ run: Run, _ text: StaticString) -> Bool {
        guard Int(run.count) == text.utf8CodeUnitCount else { return false }
        return bytes.withUnsafeBufferPointer { buffer in
            text.withUTF8Buffer { expected in
                buffer[Int(run.start)..<Int(run.start + run.count)].elementsEqual(expected)
            }
        }
    }
}
