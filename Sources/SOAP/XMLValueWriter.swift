import XML

/// Writes values as XML elements: those of SOAP's answers, and those of documents without an envelope.
package struct XMLValueWriter: Sendable {
    /// A type's name; what stands behind the prefix in `xsi:type`.
    package enum TypeName: Sendable {
        /// A type of XML Schema.
        case schema(String)
        /// A type of the service's namespace.
        case service(String)
        /// A type of the Arrays namespace.
        case arrays(String)
        /// A type of the serialization namespace.
        case serialization(String)
    }

    /// What stands before the names of elements and types, with its colon.
    struct Prefixes: Sendable {
        /// Before elements.
        var element = ""
        /// Before the items of arrays.
        var item = ""
        /// Before types of the service.
        var serviceType = "svc:"
        /// Before types of the Arrays namespace.
        var arraysType = "arr:"
        /// Before types of the serialization namespace.
        var serializationType = "ser:"
        /// Whether elements without a prefix are in the service's namespace.
        var hasDefaultNamespace = false
    }

    var xml = XMLWriter()
    private let prefixes: Prefixes
    /// Whether every value says its type, not only those of type `anyType`.
    private var writesTypes: Bool
    /// The namespace of the service's types, while the element that declares the prefixes of types has not been opened.
    private var undeclaredNamespace: String?

    init(prefixes: Prefixes, writesTypes: Bool) {
        (self.prefixes, self.writesTypes) = (prefixes, writesTypes)
    }

    /// Creates a writer of a document without an envelope, whose one element is written next. Its elements are in no
    /// namespace, and say their type where the schema says `anyType`: what a REST answer in XML is.
    ///
    /// - Parameter namespace: The namespace of the service's types.
    package init(documentOf namespace: String) {
        self.init(prefixes: Prefixes(), writesTypes: false)
        xml.markup("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")
        undeclaredNamespace = namespace
    }

    /// What has been written and not been taken.
    package var bytes: [UInt8] { xml.bytes }

    /// Takes what has been written since it was taken last, for answers that are sent in pieces.
    package mutating func take() -> [UInt8] { xml.take() }

    // MARK: Elements

    /// Opens an element that holds elements.
    package mutating func begin(_ name: String, _ type: TypeName? = nil) {
        open(name)
        if writesTypes, let type { writeType(type) }
        xml.markup(">")
    }

    /// Closes an element.
    package mutating func end(_ name: String) {
        xml.markup("</")
        xml.markup(prefixes.element)
        xml.markup(name)
        xml.markup(">")
    }

    /// An element with text.
    package mutating func value(_ name: String, _ type: TypeName, _ text: String) {
        open(name)
        if writesTypes { writeType(type) }
        xml.markup(">")
        xml.text(text)
        end(name)
    }

    /// A string, null when nil.
    package mutating func string(_ name: String, _ text: String?) {
        if let text { value(name, .schema("string"), text) } else { null(name) }
    }

    /// An `xsd:int`.
    package mutating func int(_ name: String, _ number: Int32) {
        value(name, .schema("int"), String(number))
    }

    /// An `xsd:short`.
    package mutating func short(_ name: String, _ number: Int16) {
        value(name, .schema("short"), String(number))
    }

    /// An `xsd:boolean`.
    package mutating func boolean(_ name: String, _ flag: Bool) {
        value(name, .schema("boolean"), flag ? "true" : "false")
    }

    /// A null of a reference type.
    package mutating func null(_ name: String) {
        open(name)
        xml.markup(" xsi:nil=\"true\"/>")
    }

    /// An item of an array, in the arrays' namespace; null when `text` is nil.
    package mutating func item(_ name: String, _ text: String?) {
        xml.markup("<")
        xml.markup(prefixes.item)
        xml.markup(name)
        guard let text else { return xml.markup(" xsi:nil=\"true\"/>") }
        if writesTypes { writeType(.schema(name)) }
        xml.markup(">")
        xml.text(text)
        xml.markup("</")
        xml.markup(prefixes.item)
        xml.markup(name)
        xml.markup(">")
    }

    // MARK: anyType

    /// An element of type `anyType`, which names its type in both shapes, with text.
    package mutating func anyValue(_ name: String, _ type: TypeName, _ text: String) {
        beginAny(name, type)
        xml.text(text)
        end(name)
    }

    /// An element of type `anyType` whose type holds elements.
    package mutating func beginAny(_ name: String, _ type: TypeName) {
        open(name)
        writeType(type)
        xml.markup(">")
    }

    /// An element of type `anyType` that holds a QName.
    ///
    /// - Parameter prefix: The prefix that the client gave the name; empty for any.
    package mutating func anyQualifiedName(
        _ name: String,
        prefix: String,
        namespace: String,
        localName: String
    ) {
        guard !namespace.isEmpty || !prefixes.hasDefaultNamespace else { return anyUnqualifiedName(name, localName) }
        open(name)
        writeType(.schema("QName"))
        // Our own prefix where the client's would hide one that this answer uses.
        let isTaken =
            ["", "s", "xsi", "xsd", "arr", "ser", "svc"].contains(prefix) || prefix.hasPrefix("xml")
            || prefix.hasPrefix("SOAP-") || prefix + ":" == prefixes.element
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
    private mutating func anyUnqualifiedName(_ name: String, _ localName: String) {
        xml.markup("<svc:")
        xml.markup(name)
        writeType(.schema("QName"))
        xml.markup(" xmlns=\"\">")
        xml.text(localName)
        xml.markup("</svc:")
        xml.markup(name)
        xml.markup(">")
    }

    /// Writes what `body` writes without types, as in a Header.
    package mutating func untyped(_ body: (inout XMLValueWriter) -> Void) {
        let wrote = writesTypes
        writesTypes = false
        body(&self)
        writesTypes = wrote
    }

    /// Writes the attributes that declare the prefixes of types.
    mutating func declarePrefixes(of namespace: String) {
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
        xml.markup("\"")
    }

    private mutating func open(_ name: String) {
        xml.markup("<")
        xml.markup(prefixes.element)
        xml.markup(name)
        guard let namespace = undeclaredNamespace else { return }
        undeclaredNamespace = nil
        declarePrefixes(of: namespace)
    }

    private mutating func writeType(_ type: TypeName) {
        xml.markup(" xsi:type=\"")
        switch type {
        case .schema(let name):
            xml.markup("xsd:")
            xml.markup(name)
        case .service(let name):
            xml.markup(prefixes.serviceType)
            xml.markup(name)
        case .arrays(let name):
            xml.markup(prefixes.arraysType)
            xml.markup(name)
        case .serialization(let name):
            xml.markup(prefixes.serializationType)
            xml.markup(name)
        }
        xml.markup("\"")
    }
}
