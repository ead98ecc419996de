import Foundation
import Text

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
        text.withUnsafeBytes { equals(run, $0) }
    }

    /// Whether both runs are the same bytes.
    func equals(_ run: Run, _ other: Run) -> Bool {
        bytes.withUnsafeBytes { bytes in
            let range = Int(other.start)..<Int(other.start + other.count)
            return equals(run, UnsafeRawBufferPointer(rebasing: bytes[range]))
        }
    }

    private func equals(_ run: Run, _ text: UnsafeRawBufferPointer) -> Bool {
        guard Int(run.count) == text.count, let expected = text.baseAddress else { return Int(run.count) == text.count }
        return bytes.withUnsafeBytes { memcmp($0.baseAddress! + Int(run.start), expected, text.count) == 0 }
    }

    /// Whether an attribute has that local name in that namespace.
    func isNamed(_ attribute: Attribute, _ name: String, _ namespace: String) -> Bool {
        equals(attribute.name, name) && namespaces[Int(attribute.namespace)].isSame(as: namespace)
    }

    func equals(_ run: Run, _ text: StaticString) -> Bool {
        text.withUTF8Buffer { equals(run, UnsafeRawBufferPointer($0)) }
    }

    private func equals(_ run: Run, _ text: String) -> Bool {
        guard Int(run.count) == text.utf8.count else { return false }
        return text.utf8.withContiguousStorageIfAvailable { equals(run, UnsafeRawBufferPointer($0)) }
            ?? bytes[Int(run.start)..<Int(run.start + run.count)].elementsEqual(text.utf8)
    }
}
