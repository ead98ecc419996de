import Text

/// One element of a document: a view, as cheap to copy as a reference.
package struct XMLElement: Sendable {
    let storage: XMLStorage
    let index: Int

    private var node: XMLStorage.Node { storage.nodes[index] }

    /// The local name.
    package var name: String { storage.string(node.name) }

    /// The namespace name, empty when there is none.
    package var namespace: String { storage.namespaces[Int(node.namespace)] }

    /// The element's own character data up to its first child element, unchanged.
    package var text: String { storage.string(node.text) }

    /// The same as ``text``, without a string being made of it.
    package var content: XMLText { XMLText(storage: storage, run: node.text) }

    /// Whether the element's own character data holds anything but white space.
    package var hasText: Bool {
        let run = node.text
        return storage.bytes[Int(run.start)..<Int(run.start + run.count)].contains { $0 > 0x20 }
    }

    /// Whether the element holds no elements.
    package var isLeaf: Bool { node.firstChild < 0 }

    /// The element children, in document order.
    package var children: XMLChildren { XMLChildren(storage: storage, upcoming: node.firstChild) }

    /// The attributes, namespace declarations left out.
    package var attributes: [XMLAttribute] {
        attributeRange.map { index in
            let attribute = storage.attributes[index]
            return XMLAttribute(
                name: storage.string(attribute.name),
                namespace: storage.namespaces[Int(attribute.namespace)],
                value: storage.string(attribute.value)
            )
        }
    }

    /// Whether the local name is `name`, without making a string of it.
    package func isNamed(_ name: StaticString) -> Bool {
        storage.equals(node.name, name)
    }

    /// Whether the namespace name is `namespace`, which is empty for none, without making a string of it.
    package func isIn(_ namespace: String) -> Bool {
        storage.namespaces[Int(node.namespace)].isSame(as: namespace)
    }

    /// The value of an attribute, nil when it is absent, without making a string of it.
    package func attribute(_ name: StaticString, in namespace: String) -> XMLText? {
        for index in attributeRange {
            let attribute = storage.attributes[index]
            if storage.equals(attribute.name, name),
                storage.namespaces[Int(attribute.namespace)].isSame(as: namespace)
            {
                return XMLText(storage: storage, run: attribute.value)
            }
        }
        return nil
    }

    /// The value of an attribute, nil when it is absent.
    package func attribute(_ name: String, namespace: String = "") -> String? {
        for index in attributeRange {
            let attribute = storage.attributes[index]
            if storage.isNamed(attribute, name, namespace) { return storage.string(attribute.value) }
        }
        return nil
    }

    /// Whether another element of the document refers to this one (``XMLDocument/resolvingReferences(_:limits:isRead:)``).
    package var isReferredTo: Bool { storage.targets.contains(Int32(index)) }

    /// The namespace that `prefix` is bound to here, nil when it is bound to none. `""` asks for the default namespace.
    package func namespace(forPrefix prefix: String) -> String? {
        if prefix == "xml" { return "http://www.w3.org/XML/1998/namespace" }
        let wanted = Array(prefix.utf8)
        var scope = node.scope
        while scope >= 0 {
            let declaration = storage.declarations[Int(scope)]
            if storage.equals(declaration.prefix, wanted) {
                let name = storage.namespaces[Int(declaration.namespace)]
                return name.isEmpty ? nil : name
            }
            scope = declaration.outer
        }
        return nil
    }

    /// The namespace and the local name that a prefixed name of ASCII letters, digits and `_-.` stands for here. Returns nil
    /// for all other names, and for a prefix that the document does not declare.
    package func expandedName(_ name: XMLText) -> (namespace: String, localName: XMLText)? {
        guard let (prefix, localName) = name.halves else { return nil }
        var scope = node.scope
        while scope >= 0 {
            let declaration = storage.declarations[Int(scope)]
            if storage.equals(declaration.prefix, prefix) {
                let namespace = storage.namespaces[Int(declaration.namespace)]
                return namespace.isEmpty ? nil : (namespace, XMLText(storage: storage, run: localName))
            }
            scope = declaration.outer
        }
        return nil
    }

    private var attributeRange: Range<Int> {
        let node = node
        return Int(node.firstAttribute)..<Int(node.firstAttribute + node.attributeCount)
    }
}

/// One attribute of an element.
package struct XMLAttribute: Sendable, Hashable {
    /// The local name.
    package let name: String
    /// The namespace name, empty when there is none.
    package let namespace: String
    /// The value, normalised as XML asks.
    package let value: String
}

/// The element children of an element, in document order.
package struct XMLChildren: Sequence, IteratorProtocol, Sendable {
    let storage: XMLStorage
    var upcoming: Int32

    package mutating func next() -> XMLElement? {
        guard upcoming >= 0 else { return nil }
        let element = XMLElement(storage: storage, index: Int(upcoming))
        upcoming = storage.nodes[Int(upcoming)].nextSibling
        return element
    }
}
