package import Networking
package import XML

/// Reads envelopes of both versions. Header blocks may stand in the Header or beside the Body (docs/contract.md#section-2).
package struct EnvelopeReader: Sendable {
    private let xml: XMLReader

    /// - Parameter limits: What one envelope may cost to read.
    package init(limits: XMLLimits = XMLLimits()) {
        xml = XMLReader(limits: limits)
    }

    /// A fault together with the version it is answered in.
    package struct ReadError: Error, Sendable {
        /// What is wrong.
        package let fault: SOAPFault
        /// The version to answer in.
        package let version: SOAPVersion
    }

    /// Where a header block stands.
    package enum BlockPlace: Sendable, Hashable {
        /// In the Header.
        case header
        /// Directly in the Envelope, beside the Body.
        case envelope
    }

    /// Reads one envelope.
    ///
    /// - Parameters:
    ///   - action: The `SOAPAction` header, as sent.
    ///   - namespace: The service's namespace; that of the operation's element must be it.
    ///   - takeBlock: Reads a header block if the service knows it. Returns whether the service does. It is called once
    ///     for each block, in document order.
    package func read(
        _ bytes: [UInt8],
        mediaType: MediaType,
        action: String?,
        namespace: String,
        takeBlock: (_ block: XMLElement, _ place: BlockPlace) throws(SOAPFault) -> Bool
    ) throws(ReadError) -> Envelope {
        let document: XMLDocument
        do {
            document = try xml.read(bytes, charset: mediaType.charset)
        } catch {
            throw ReadError(fault: SOAPFault(.sender, error.description), version: mediaType.impliedVersion)
        }
        let version = try Self.version(of: document.root, implied: mediaType.impliedVersion)
        do {
            let root = try resolved(document, version: version, namespace: namespace).root
            let envelope = try Self.envelope(root, version: version, namespace: namespace, takeBlock: takeBlock)
            for action in [action, mediaType.action] {
                if let action { try Self.check(action: action, names: envelope.operation) }
            }
            return envelope
        } catch {
            throw ReadError(fault: error, version: version)
        }
    }

    /// How PHP's SoapClient writes an object that is used twice, in SOAP 1.1 and in SOAP 1.2, encoded or not.
    private static let referenceStyles = [
        XMLReferenceStyle(reference: "href", id: "id"),
        XMLReferenceStyle(reference: "ref", id: "id", namespace: Namespace.encoding12),
    ]

    private func resolved(
        _ document: XMLDocument,
        version: SOAPVersion,
        namespace: String
    ) throws(SOAPFault) -> XMLDocument {
        do throws(XMLReferenceError) {
            return try document.resolvingReferences(Self.referenceStyles, limits: xml.limits) { child, parent in
                child.isField(of: .service(namespace)) || child.isIn(version.namespace) || parent.isEncodedArray
            }
        } catch {
            throw SOAPFault(.sender, error.description)
        }
    }

    private static func version(of root: XMLElement, implied: SOAPVersion) throws(ReadError) -> SOAPVersion {
        guard root.isNamed("Envelope") else {
            let fault = SOAPFault(
                .sender,
                "The document is not a SOAP envelope: its element is '\(root.name.prefix(60))'."
            )
            throw ReadError(fault: fault, version: implied)
        }
        guard let version = SOAPVersion.allCases.first(where: { root.isIn($0.namespace) }) else {
            let fault = SOAPFault(
                .versionMismatch,
                "The envelope's namespace '\(root.namespace.prefix(120))' is neither SOAP 1.1's nor SOAP 1.2's."
            )
            throw ReadError(fault: fault, version: implied)
        }
        return version
    }

    private static func envelope(
        _ root: XMLElement,
        version: SOAPVersion,
        namespace: String,
        takeBlock: (XMLElement, BlockPlace) throws(SOAPFault) -> Bool
    ) throws(SOAPFault) -> Envelope {
        var body: XMLElement?
        var notUnderstood: [QualifiedName] = []
        for child in root.children {
            let isOfEnvelope = child.isIn(version.namespace)
            if isOfEnvelope, child.isNamed("Header") {
                for block in child.children {
                    let isRequired = try version.requiresUnderstanding(block)
                    if try !takeBlock(block, .header), isRequired {
                        notUnderstood.append(.init(namespace: block.namespace, localName: block.name))
                    }
                }
            } else if isOfEnvelope, child.isNamed("Body") {
                guard body == nil else { throw SOAPFault(.sender, "The envelope has two Body elements.") }
                body = child
            } else {
                // No receiver has to understand what stands outside the Header.
                _ = try takeBlock(child, .envelope)
            }
        }
        guard let body else { throw SOAPFault(.sender, "The envelope has no Body.") }
        guard notUnderstood.isEmpty else {
            let names = notUnderstood.map { "{\($0.namespace)}\($0.localName)" }.joined(separator: ", ")
            throw SOAPFault(
                .mustUnderstand(notUnderstood),
                "These header blocks are not understood: \(names.prefix(300))."
            )
        }
        return Envelope(version: version, operation: try operation(in: body, namespace: namespace))
    }

    private static func operation(in body: XMLElement, namespace: String) throws(SOAPFault) -> XMLElement {
        // What the operation refers to may stand beside it.
        var operation: XMLElement?
        for child in body.children where !child.isReferredTo {
            guard operation == nil else {
                throw SOAPFault(.sender, "The Body holds more than one element; it must hold that of one operation.")
            }
            operation = child
        }
        guard let operation else {
            throw SOAPFault(.sender, "The Body is empty; it must hold the element of one operation.")
        }
        guard operation.isIn(namespace) else {
            let found = "{\(operation.namespace.prefix(120))}\(operation.name.prefix(60))"
            throw SOAPFault(
                .actionNotSupported,
                "The operation \(found) is unknown here: this service's operations have the namespace \(namespace)."
            )
        }
        return operation
    }

    /// An action may be missing, empty, quoted or bare; it may not name another operation than the Body does.
    private static func check(action: String, names element: XMLElement) throws(SOAPFault) {
        let operation = element.name
        if namesPlainly(action, operation) { return }
        var name = action.drop(while: \.isWhitespace)
        while let last = name.last, last.isWhitespace || last == "\"" { name.removeLast() }
        if name.first == "\"" { name.removeFirst() }
        guard !name.isEmpty else { return }
        let last = name.utf8.lastIndex { "/#:".utf8.contains($0) }.map { name[name.utf8.index(after: $0)...] } ?? name
        guard last.utf8.elementsEqual(operation.utf8) else {
            throw SOAPFault(
                .actionNotSupported,
                "The action '\(name.prefix(200))' does not name the operation in the Body, which is \(operation.prefix(60))."
            )
        }
    }

    /// Whether an action of visible ASCII, in quotes or without them, names the operation. Most do, and to see that in bytes
    /// costs far less than to go through their characters.
    private static func namesPlainly(_ action: String, _ operation: String) -> Bool {
        var (action, operation) = (action, operation)
        return action.withUTF8 { action in
            guard action.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return false }
            let quote = UInt8(ascii: "\"")
            let start = action.first == quote ? 1 : 0
            let end = action.count > 1 && action.last == quote ? action.count - 1 : action.count
            guard start < end, action[start] != quote, action[end - 1] != quote else { return false }
            let name = action[start..<end]
            let last = name.lastIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "#") || $0 == UInt8(ascii: ":") }
            return operation.withUTF8 { name[(last.map { $0 + 1 } ?? start)...].elementsEqual($0) }
        }
    }
}

extension SOAPVersion {
    fileprivate func requiresUnderstanding(_ block: XMLElement) throws(SOAPFault) -> Bool {
        guard let mark = block.attribute("mustUnderstand", namespace: namespace) else { return false }
        switch mark.trimmingXMLSpace {
        case "1", "true": return addressesUs(block.attribute(self == .soap11 ? "actor" : "role", namespace: namespace))
        case "0", "false": return false
        default:
            throw SOAPFault(
                .sender,
                """
                The header block \(block.name.prefix(60)) has the mustUnderstand '\(mark.prefix(60))', \
                which is no boolean: true, 1, false and 0 are.
                """
            )
        }
    }
}
