import XML

/// Writes an answer in the shape and version that its request asks for (docs/contract.md#section-4).
///
/// Elements are written in the service's namespace unless said otherwise. Types are written where the shape wants them.
package struct AnswerWriter: Sendable {
    /// Writes the values that the answer holds.
    package var values: XMLValueWriter
    private let shape: AnswerShape
    private let version: SOAPVersion
    private let prefixes: XMLValueWriter.Prefixes
    private let namespace: String

    /// Creates a writer.
    ///
    /// - Parameter service: The service's name, `Webhook`.
    package init(shape: AnswerShape, version: SOAPVersion, service: String, namespace: String) {
        self.shape = shape
        self.version = version
        self.namespace = namespace
        prefixes = Self.prefixes(shape, service: service)
        values = XMLValueWriter(prefixes: prefixes, writesTypes: shape == .documented)
    }

    private static func prefixes(_ shape: AnswerShape, service: String) -> XMLValueWriter.Prefixes {
        switch shape {
        case .framework: return .init(item: "arr:", hasDefaultNamespace: true)
        case .documented:
            // The documentation numbers the namespaces of a service; SoPrincipal has one more before that of arrays.
            let arrays = service == "SoPrincipal" ? "NetServerServices873:" : "NetServerServices872:"
            return .init(
                element: service + ":",
                item: arrays,
                serviceType: service + ":",
                arraysType: arrays,
                serializationType: "NetServerServices871:"
            )
        }
    }

    /// A whole answer: header, then the operation's response element with what `content` writes into it.
    package static func answer(
        shape: AnswerShape,
        version: SOAPVersion,
        service: String,
        namespace: String,
        element: String,
        header: ResponseHeader,
        content: (inout XMLValueWriter) -> Void
    ) -> [UInt8] {
        var writer = AnswerWriter(shape: shape, version: version, service: service, namespace: namespace)
        writer.beginAnswer(element, header: header)
        content(&writer.values)
        writer.endAnswer(element)
        return writer.values.bytes
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

    mutating func beginEnvelope() {
        values.xml.markup("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")
        switch (shape, version) {
        case (.documented, _):
            values.xml.markup(
                """
                <SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" \
                xmlns:SOAP-ENC="http://www.w3.org/2003/05/soap-encoding" \
                xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
                xmlns:xsd="http://www.w3.org/2001/XMLSchema" \
                xmlns:
                """
            )
            values.xml.markup(String(prefixes.item.dropLast()))
            values.xml.markup(
                """
                ="http://schemas.microsoft.com/2003/10/Serialization/Arrays" \
                xmlns:NetServerServices871="http://schemas.microsoft.com/2003/10/Serialization/" xmlns:
                """
            )
            values.xml.markup(prefixes.element.dropLast() + "=\"" + namespace + "\">")
        case (_, let version):
            values.xml.markup("<s:Envelope xmlns:s=\"" + version.namespace)
            values.xml.markup("\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">")
        }
    }

    mutating func beginBody() {
        values.xml.markup(shape == .documented ? "<SOAP-ENV:Body>" : "<s:Body>")
    }

    mutating func endEnvelope() {
        values.xml.markup(shape == .documented ? "</SOAP-ENV:Body></SOAP-ENV:Envelope>" : "</s:Body></s:Envelope>")
    }

    mutating func markup(_ markup: StaticString) {
        values.xml.markup(markup)
    }

    mutating func text(_ text: String) {
        values.xml.text(text)
    }

    mutating func attributeValue(_ value: String) {
        values.xml.attributeValue(value)
    }

    /// Opens an element that stands directly in Header or Body: the framework's shape declares the namespace there.
    mutating func beginBlock(_ name: String) {
        values.xml.markup("<")
        values.xml.markup(prefixes.element)
        values.xml.markup(name)
        if shape == .framework { values.xml.markup(" xmlns=\"" + namespace + "\"") }
        values.xml.markup(">")
    }

    /// Opens the operation's element. It declares the prefixes of types again: JAX-WS keeps what it has no class for as a
    /// part of the Body, without what the Envelope declares.
    private mutating func beginOperation(_ name: String) {
        guard shape == .framework else { return beginBlock(name) }
        values.xml.markup("<")
        values.xml.markup(name)
        values.xml.markup(" xmlns=\"" + namespace + "\"")
        values.declarePrefixes(of: namespace)
        values.xml.markup(">")
    }

    mutating func endBlock(_ name: String) {
        values.xml.markup("</")
        values.xml.markup(prefixes.element)
        values.xml.markup(name)
        values.xml.markup(">")
    }

    var isDocumented: Bool { shape == .documented }
}
