/// How one encoding of SOAP writes an object that stands in several places: once, with an id, and as a reference to it
/// wherever else it stands.
package struct XMLReferenceStyle: Sendable {
    /// The name of the attribute that refers.
    let reference: String
    /// The name of the attribute that is referred to.
    let id: String
    /// The namespace of both.
    let namespace: String

    /// A style of these attributes.
    package init(reference: String, id: String, namespace: String = "") {
        (self.reference, self.id, self.namespace) = (reference, id, namespace)
    }
}

/// Why a reference could not be resolved. The description is fit for the sender of the document.
package enum XMLReferenceError: Error, Equatable, CustomStringConvertible {
    /// No element has the id, or several have.
    case unresolved(element: String, reference: String, elements: Int)
    /// The element that is referred to holds the reference.
    case circular(element: String, reference: String)
    /// With its references resolved the document passes one of ``XMLLimits``.
    case limit(_ what: XMLLimit, _ value: Int, remedy: String? = nil)

    package var description: String {
        switch self {
        case .unresolved(let element, let reference, let elements):
            "The element \(element.prefix(60)) refers to '\(reference.prefix(60))', which "
                + (elements == 0 ? "no element has as its id." : "\(elements) elements have as their id.")
        case .circular(let element, let reference):
            "The element \(element.prefix(60)) refers to '\(reference.prefix(60))', which holds that reference itself."
        case .limit(let what, let value, let remedy):
            "With its references resolved, the document exceeds the limit of \(value) \(XMLLimit.text(what, remedy: remedy))."
        }
    }
}

extension XMLDocument {
    /// The document with every empty element that refers to another standing for that one: it has its content and its
    /// attributes, and keeps its own name.
    ///
    /// An element that is referred to twice is not copied. Its cost is counted each time, and a reference counts as a level, so
    /// that no document can make its readers go through more than `limits` let through without references.
    ///
    /// - Parameters:
    ///   - styles: The attributes that count.
    ///   - isRead: Whether the first element, a child of the second, means anything to the reader: references in others
    ///     are left alone, whatever they refer to.
    package func resolvingReferences(
        _ styles: [XMLReferenceStyle],
        limits: XMLLimits,
        isRead: (_ child: XMLElement, _ parent: XMLElement) -> Bool
    ) throws(XMLReferenceError) -> XMLDocument {
        let hasReferences = storage.attributes.contains { attribute in
            styles.contains { storage.isNamed(attribute, $0.reference, $0.namespace) }
        }
        guard hasReferences else { return self }
        var resolver = ReferenceResolver(storage, styles, limits)
        _ = try resolver.resolve(0, depth: 1, isRead)
        return XMLDocument(storage: resolver.resolved)
    }
}

/// Goes through a document once. The resolver looks only once at an element that several elements refer to.
private struct ReferenceResolver {
    /// What an element costs its readers, with all that it holds.
    struct Cost {
        var elements = 1
        var textBytes = 0
        var depth = 1
    }

    private enum Progress {
        case unseen, open
        case done(Cost)
    }

    private let source: XMLStorage
    private let styles: [XMLReferenceStyle]
    private let limits: XMLLimits
    private var nodes: [XMLStorage.Node]
    private var progress: [Progress]
    private var targets: Set<Int32> = []
    /// By style and id.
    private let elementsByID: [[[UInt8]: [Int32]]]

    init(_ source: XMLStorage, _ styles: [XMLReferenceStyle], _ limits: XMLLimits) {
        self.source = source
        self.styles = styles
        self.limits = limits
        nodes = source.nodes
        progress = Array(repeating: .unseen, count: source.nodes.count)
        var found = [[[UInt8]: [Int32]]](repeating: [:], count: styles.count)
        for (index, node) in source.nodes.enumerated() {
            for attribute in source.attributes[node.attributeRange] {
                for (place, style) in styles.enumerated()
                where source.isNamed(attribute, style.id, style.namespace) {
                    found[place][source.value(of: attribute), default: []].append(Int32(index))
                }
            }
        }
        elementsByID = found
    }

    var resolved: XMLStorage {
        XMLStorage(
            bytes: source.bytes,
            nodes: nodes,
            attributes: source.attributes,
            declarations: source.declarations,
            namespaces: source.namespaces,
            targets: targets
        )
    }

    /// Resolves the references in an element, and the element itself where it is one.
    mutating func resolve(
        _ index: Int32,
        depth: Int,
        _ isRead: (XMLElement, XMLElement) -> Bool
    ) throws(XMLReferenceError) -> Cost {
        guard depth <= limits.depth else { throw .limit(.depth, limits.depth, remedy: limits.remedies[.depth]) }
        var cost = Cost()
        if case .done(let known) = progress[Int(index)] {
            cost = known
        } else {
            progress[Int(index)] = .open
            if let (target, reference) = try target(of: index) {
                if case .open = progress[Int(target)] {
                    throw .circular(element: name(of: index), reference: reference)
                }
                targets.insert(target)
                cost = try resolve(target, depth: depth + 1, isRead)
                take(index, contentOf: target)
            } else {
                cost.textBytes = Int(nodes[Int(index)].text.count)
                try add(childrenOf: index, to: &cost, depth: depth, isRead)
            }
            progress[Int(index)] = .done(cost)
        }
        guard cost.elements <= limits.elements else { throw .limit(.elements, limits.elements) }
        guard cost.textBytes <= limits.bytes else {
            throw .limit(.bytes, limits.bytes, remedy: limits.remedies[.bytes])
        }
        guard depth + cost.depth - 1 <= limits.depth else {
            throw .limit(.depth, limits.depth, remedy: limits.remedies[.depth])
        }
        return cost
    }

    private mutating func add(
        childrenOf index: Int32,
        to cost: inout Cost,
        depth: Int,
        _ isRead: (XMLElement, XMLElement) -> Bool
    ) throws(XMLReferenceError) {
        let parent = XMLElement(storage: source, index: Int(index))
        for child in parent.children {
            guard isRead(child, parent) else {
                cost.elements += 1
                continue
            }
            let added = try resolve(Int32(child.index), depth: depth + 1, isRead)
            cost.elements += added.elements
            cost.textBytes += added.textBytes
            cost.depth = max(cost.depth, added.depth + 1)
        }
    }

    /// The element that another refers to, nil when it is no reference: it holds something itself, or has no such attribute.
    private func target(of index: Int32) throws(XMLReferenceError) -> (element: Int32, reference: String)? {
        let node = source.nodes[Int(index)]
        guard node.firstChild < 0, !XMLElement(storage: source, index: Int(index)).hasText else { return nil }
        for attribute in source.attributes[node.attributeRange] {
            for (place, style) in styles.enumerated()
            where source.isNamed(attribute, style.reference, style.namespace) {
                let reference = source.value(of: attribute)
                // SOAP 1.2 has the id alone, and PHP writes the sign all the same.
                let id = reference.first == UInt8(ascii: "#") ? Array(reference.dropFirst()) : reference
                let found = elementsByID[place][id] ?? []
                guard found.count == 1 else {
                    throw .unresolved(
                        element: name(of: index),
                        reference: source.string(attribute.value),
                        elements: found.count
                    )
                }
                return (found[0], source.string(attribute.value))
            }
        }
        return nil
    }

    private mutating func take(_ index: Int32, contentOf target: Int32) {
        var node = nodes[Int(target)]
        node.name = nodes[Int(index)].name
        node.namespace = nodes[Int(index)].namespace
        node.nextSibling = nodes[Int(index)].nextSibling
        nodes[Int(index)] = node
    }

    private func name(of index: Int32) -> String {
        XMLElement(storage: source, index: Int(index)).name
    }
}

extension XMLStorage {
    fileprivate func value(of attribute: Attribute) -> [UInt8] {
        Array(bytes[Int(attribute.value.start)..<Int(attribute.value.start + attribute.value.count)])
    }
}

extension XMLStorage.Node {
    fileprivate var attributeRange: Range<Int> { Int(firstAttribute)..<Int(firstAttribute + attributeCount) }
}
