import XML

/// Writes an answer in the shape and version that its request asks for (contract, section 4).
///
/// Elements are written in the service's namespace unless said otherwise. Types are written where the shape wants them.
package struct AnswerWriter: Sendable {
    /// A type's name; what stands behind the prefix in `xsi:type`.
    package enum TypeName: Sendable {
        /// Of XML Schema.
        case schema(String)
        /// Of the service's namespace.
        case service(StaticString)
        /// Of the Arrays namespace.
        case arrays(StaticString)
        /// Of the serialization namespace.
        case serialization(String)
    }

    private var xml: XMLWriter
    private let shape: AnswerShape
    private let version: SOAPVersion
    /// The documented shape's prefix, with its colon: the service's name.
    private let prefix: String
    private let namespace: String
    /// Whether values say their type; the documented shape's do, in the Body.
    private var writesTypes: Bool
    /// Whether the element that declares the prefixes of a document without an envelope has been opened.
    private var isRootOpen = true

    /// - Parameter service: The service's name, `Webhook`.
    package init(shape: AnswerShape, version: SOAPVersion, service: String, namespace: String) {
        xml = XMLWriter()
        self.shape = shape
        self.version = version
        self.namespace = namespace
        writesTypes = shape == .documented
        prefix = shape == .documented ? service + ":" : ""
    }

    /// A whole answer: header, then the operation's response element with what `content` writes into it.
    package static func answer(
        shape: AnswerShape,
        version: SOAPVersion,
        service: String,
        namespace: String,
        element: String,
        header: ResponseHeader,
        content: (inout AnswerWriter) -> Void
    ) -> [UInt8] {
        var writer = AnswerWriter(shape: shape, version: version, service: service, namespace: namespace)
        writer.beginAnswer(element, header: header)
        content(&writer)
        writer.endAnswer(element)
        return writer.xml.bytes
    }

    /// Begins an answer, up to what its response element holds.
    package mutating func beginAnswer(_ element: String, header: ResponseHeader) {
        beginEnvelope()
        write(header)
        beginBody()
        beginOperation(element)
    }

    /// Ends an answer behind what its response element holds.
    package mutating func endAnswer(_ element: String) {
        endBlock(element)
        endEnvelope()
    }

    /// What has been written since it was taken last, for answers that are sent in pieces.
    package mutating func take() -> [UInt8] { xml.take() }

    /// A whole document without an envelope, its elements in no namespace: what a REST answer in XML is. Types are written
    /// where the schema says `anyType`.
    ///
    /// - Parameters:
    ///   - namespace: That of the service's types.
    ///   - content: Writes the one element that the document holds.
    package static func document(namespace: String, content: (inout AnswerWriter) -> Void) -> [UInt8] {
        var writer = AnswerWriter(documentOf: namespace)
        content(&writer)
        return writer.xml.bytes
    }

    /// Creates a writer of a document without an envelope, whose one element is written next.
    ///
    /// - Parameter namespace: That of the service's types.
    package init(documentOf namespace: String) {
        self.init(shape: .plain, version: .soap12, service: "", namespace: namespace)
        xml.markup("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")
        isRootOpen = false
    }

    // MARK: Elements

    /// Opens an element that holds elements.
    package mutating func begin(_ name: StaticString, _ type: TypeName? = nil) {
        open(name)
        if writesTypes, let type { writeType(type) }
        xml.markup(">")
    }

    /// Closes an element.
    package mutating func end(_ name: StaticString) {
        xml.markup("</")
        xml.markup(prefix)
        xml.markup(name)
        xml.markup(">")
    }

    /// An element with text.
    package mutating func value(_ name: StaticString, _ type: TypeName, _ text: String) {
        open(name)
        if writesTypes { writeType(type) }
        xml.markup(">")
        xml.text(text)
        end(name)
    }

    /// A string, null when nil.
    package mutating func string(_ name: StaticString, _ text: String?) {
        if let text { value(name, .schema("string"), text) } else { null(name) }
    }

    /// An `xsd:int`.
    package mutating func int(_ name: StaticString, _ number: Int32) {
        value(name, .schema("int"), String(number))
    }

    /// An `xsd:short`.
    package mutating func short(_ name: StaticString, _ number: Int16) {
        value(name, .schema("short"), String(number))
    }

    /// An `xsd:boolean`.
    package mutating func boolean(_ name: StaticString, _ flag: Bool) {
        value(name, .schema("boolean"), flag ? "true" : "false")
    }

    /// A null of a reference type.
    package mutating func null(_ name: StaticString) {
        open(name)
        xml.markup(" xsi:nil=\"true\"/>")
    }

    /// An item of an array, in the arrays' namespace; null when `text` is nil.
    package mutating func item(_ name: StaticString, _ text: String?) {
        let prefix = shape == .plain ? "" : arraysPrefix
        xml.markup("<")
        xml.markup(prefix)
        xml.markup(name)
        guard let text else { return xml.markup(" xsi:nil=\"true\"/>") }
        if writesTypes { writeType(.schema("\(name)")) }
        xml.markup(">")
        xml.text(text)
        xml.markup("</")
        xml.markup(prefix)
        xml.markup(name)
        xml.markup(">")
    }

    // MARK: anyType

    /// An element of type `anyType`, which names its type in both shapes, with text.
    package mutating func anyValue(_ name: StaticString, _ type: TypeName, _ text: String) {
        beginAny(name, type)
        xml.text(text)
        end(name)
    }

    /// An element of type `anyType` whose type holds elements.
    package mutating func beginAny(_ name: StaticString, _ type: TypeName) {
        open(name)
        writeType(type)
        xml.markup(">")
    }

    /// An element of type `anyType` that holds a QName.
    package mutating func anyQualifiedName(
        _ name: StaticString,
        prefix: String,
        namespace: String,
        localName: String
    ) {
        guard !namespace.isEmpty || shape != .framework else { return anyUnqualifiedName(name, localName) }
        open(name)
        writeType(.schema("QName"))
        // Our own prefix where the client's would hide one that this answer uses.
        let isTaken =
            ["", "s", "xsi", "xsd", "arr", "ser", "svc"].contains(prefix) || prefix.hasPrefix("xml")
            || prefix.hasPrefix("SOAP-") || prefix.hasPrefix("NetServerServices") || prefix + ":" == self.prefix
        let prefix = isTaken ? "q" : prefix
        if !namespace.isEmpty {
            xml.markup(" xmlns:\(prefix)=\"")
            xml.attributeValue(namespace)
            xml.markup("\"")
        }
        xml.markup(">")
        xml.text(namespace.isEmpty ? localName : "\(prefix):\(localName)")
        end(name)
    }

    /// A QName in no namespace must not stand under the framework shape's default one, so the element takes a prefix.
    private mutating func anyUnqualifiedName(_ name: StaticString, _ localName: String) {
        xml.markup("<svc:")
        xml.markup(name)
        writeType(.schema("QName"))
        xml.markup(" xmlns=\"\">")
        xml.text(localName)
        xml.markup("</svc:")
        xml.markup(name)
        xml.markup(">")
    }

    // MARK: Parts of an envelope

    mutating func beginEnvelope() {
        xml.markup("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")
        switch (shape, version) {
        case (.documented, _):
            xml.markup(
                """
                <SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" \
                xmlns:SOAP-ENC="http://www.w3.org/2003/05/soap-encoding" \
                xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
                xmlns:xsd="http://www.w3.org/2001/XMLSchema" \
                xmlns:
                """
            )
            xml.markup(String(arraysPrefix.dropLast()))
            xml.markup(
                """
                ="http://schemas.microsoft.com/2003/10/Serialization/Arrays" \
                xmlns:NetServerServices871="http://schemas.microsoft.com/2003/10/Serialization/" xmlns:
                """
            )
            xml.markup(prefix.dropLast() + "=\"" + namespace + "\">")
        case (_, let version):
            xml.markup("<s:Envelope xmlns:s=\"" + version.namespace)
            xml.markup("\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">")
        }
    }

    mutating func beginBody() {
        xml.markup(shape == .documented ? "<SOAP-ENV:Body>" : "<s:Body>")
    }

    mutating func endEnvelope() {
        xml.markup(shape == .documented ? "</SOAP-ENV:Body></SOAP-ENV:Envelope>" : "</s:Body></s:Envelope>")
    }

    mutating func markup(_ markup: StaticString) {
        xml.markup(markup)
    }

    mutating func text(_ text: String) {
        xml.text(text)
    }

    mutating func attributeValue(_ value: String) {
        xml.attributeValue(value)
    }

    var bytes: [UInt8] { xml.bytes }

    /// Opens an element that stands directly in Header or Body: the framework's shape declares the namespace there.
    mutating func beginBlock(_ name: String) {
        xml.markup("<")
        xml.markup(prefix)
        xml.markup(name)
        if shape == .framework { xml.markup(" xmlns=\"" + namespace + "\"") }
        xml.markup(">")
    }

    /// Opens the operation's element. It declares the prefixes of types again: JAX-WS keeps what it has no class for as a
    /// part of the Body, without what the Envelope declares.
    private mutating func beginOperation(_ name: String) {
        guard shape == .framework else { return beginBlock(name) }
        xml.markup("<")
        xml.markup(name)
        xml.markup(" xmlns=\"" + namespace + "\"")
        declarePrefixes()
        xml.markup("\">")
    }

    mutating func endBlock(_ name: String) {
        xml.markup("</")
        xml.markup(prefix)
        xml.markup(name)
        xml.markup(">")
    }

    /// Writes what `body` writes without types, as in a Header.
    mutating func untyped(_ body: (inout AnswerWriter) -> Void) {
        let wrote = writesTypes
        writesTypes = false
        body(&self)
        writesTypes = wrote
    }

    var isDocumented: Bool { shape == .documented }

    private mutating func open(_ name: StaticString) {
        xml.markup("<")
        xml.markup(prefix)
        xml.markup(name)
        guard !isRootOpen else { return }
        isRootOpen = true
        declarePrefixes()
        xml.markup("\"")
    }

    /// The prefixes of types, up to the quote that ends the last.
    private mutating func declarePrefixes() {
        xml.markup(
            """
             xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
            xmlns:xsd="http://www.w3.org/2001/XMLSchema" \
            xmlns:arr="http://schemas.microsoft.com/2003/10/Serialization/Arrays" \
            xmlns:ser="http://schemas.microsoft.com/2003/10/Serialization/" \
            xmlns:svc="
            """
        )
        xml.markup(namespace)
    }

    private mutating func writeType(_ type: TypeName) {
        xml.markup(" xsi:type=\"")
        switch type {
        case .schema(let name):
            xml.markup("xsd:")
            xml.markup(name)
        case .service(let name):
            xml.markup(shape == .documented ? prefix : "svc:")
            xml.markup(name)
        case .arrays(let name):
            xml.markup(arraysPrefix)
            xml.markup(name)
        case .serialization(let name):
            xml.markup(shape == .documented ? "NetServerServices871:" : "ser:")
            xml.markup(name)
        }
        xml.markup("\"")
    }

    /// The documentation numbers the namespaces of a service; SoPrincipal has one more before that of arrays.
    private var arraysPrefix: String {
        guard shape == .documented else { return "arr:" }
        return prefix == "SoPrincipal:" ? "NetServerServices873:" : "NetServerServices872:"
    }
}
