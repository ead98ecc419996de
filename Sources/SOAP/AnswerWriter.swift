import XML

/// How an answer spells its names, and which values say their type (docs/contract.md#section-4).
package enum AnswerShape: Sendable, Hashable {
    /// In SOAP 1.2, with a prefix for everything, and `xsi:type` on every value. Given are the prefixes of the service's
    /// namespace, of ``Namespace/arrays`` and of ``Namespace/serialization``, each with its colon.
    case prefixed(service: String, arrays: String, serialization: String)
    /// As Microsoft's framework writes: a default namespace, and `xsi:type` only where the schema says `anyType`.
    case framework
}

/// Writes an answer in a shape and a version.
///
/// Elements are written in the service's namespace unless said otherwise. Types are written where the shape wants them.
package struct AnswerWriter: Sendable {
    /// Writes the values that the answer holds.
    package var values: XMLValueWriter
    private let shape: AnswerShape
    private let version: SOAPVersion
    /// The prefix of elements, with its colon.
    private let prefix: String
    private let namespace: String

    /// Creates a writer of answers of the service that has a namespace.
    package init(shape: AnswerShape, version: SOAPVersion, namespace: String) {
        self.shape = shape
        self.version = version
        self.namespace = namespace
        switch shape {
        case .prefixed(let service, let arrays, let serialization):
            prefix = service
            let prefixes = XMLValueWriter.Prefixes(
                element: service,
                item: arrays,
                serviceType: service,
                arraysType: arrays,
                serializationType: serialization
            )
            values = XMLValueWriter(prefixes: prefixes, writesTypes: true)
        case .framework:
            prefix = ""
            values = XMLValueWriter(prefixes: .init(item: "arr:", hasDefaultNamespace: true), writesTypes: false)
        }
    }

    /// Begins an answer, up to what its Header holds.
    package mutating func beginAnswer() {
        beginEnvelope()
        markup(isPrefixed ? "<SOAP-ENV:Header>" : "<s:Header>")
    }

    /// Ends the Header, and begins the Body up to what its response element holds.
    package mutating func beginResponse(_ element: String) {
        markup(isPrefixed ? "</SOAP-ENV:Header>" : "</s:Header>")
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
        switch shape {
        case .prefixed(let service, let arrays, let serialization):
            values.xml.markup(
                """
                <SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" \
                xmlns:SOAP-ENC="http://www.w3.org/2003/05/soap-encoding" \
                xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
                xmlns:xsd="http://www.w3.org/2001/XMLSchema" \
                xmlns:
                """
            )
            values.xml.markup(String(arrays.dropLast()))
            values.xml.markup("=\"http://schemas.microsoft.com/2003/10/Serialization/Arrays\" xmlns:")
            values.xml.markup(String(serialization.dropLast()))
            values.xml.markup("=\"http://schemas.microsoft.com/2003/10/Serialization/\" xmlns:")
            values.xml.markup(service.dropLast() + "=\"" + namespace + "\">")
        case .framework:
            values.xml.markup("<s:Envelope xmlns:s=\"" + version.namespace)
            values.xml.markup("\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">")
        }
    }

    mutating func beginBody() {
        values.xml.markup(isPrefixed ? "<SOAP-ENV:Body>" : "<s:Body>")
    }

    mutating func endEnvelope() {
        values.xml.markup(isPrefixed ? "</SOAP-ENV:Body></SOAP-ENV:Envelope>" : "</s:Body></s:Envelope>")
    }

    /// Writes markup as it stands.
    package mutating func markup(_ markup: StaticString) {
        values.xml.markup(markup)
    }

    /// Writes character data.
    package mutating func text(_ text: String) {
        values.xml.text(text)
    }

    mutating func attributeValue(_ value: String) {
        values.xml.attributeValue(value)
    }

    /// Opens an element that stands directly in the Header, the Body or a fault's detail: the framework's shape declares
    /// the namespace there.
    package mutating func beginBlock(_ name: String) {
        values.xml.markup("<")
        values.xml.markup(prefix)
        values.xml.markup(name)
        if !isPrefixed { values.xml.markup(" xmlns=\"" + namespace + "\"") }
        values.xml.markup(">")
    }

    /// Opens the operation's element. It declares the prefixes of types again: JAX-WS keeps what it has no class for as a
    /// part of the Body, without what the Envelope declares.
    private mutating func beginOperation(_ name: String) {
        guard !isPrefixed else { return beginBlock(name) }
        values.xml.markup("<")
        values.xml.markup(name)
        values.xml.markup(" xmlns=\"" + namespace + "\"")
        values.declarePrefixes(of: namespace)
        values.xml.markup(">")
    }

    /// Closes what ``beginBlock(_:)`` opened.
    package mutating func endBlock(_ name: String) {
        values.xml.markup("</")
        values.xml.markup(prefix)
        values.xml.markup(name)
        values.xml.markup(">")
    }

    private var isPrefixed: Bool { if case .prefixed = shape { true } else { false } }
}
