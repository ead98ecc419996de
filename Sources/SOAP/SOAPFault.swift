/// What is wrong with a message itself, or with the service; an operation that fails is not a fault
/// (docs/contract.md#section-4). The reason is fit for the sender.
package struct SOAPFault: Error, Sendable, Hashable {
    /// The codes, by their SOAP 1.2 names.
    package enum Code: Sendable, Hashable {
        /// `Client` in SOAP 1.1.
        case sender
        /// `Server` in SOAP 1.1.
        case receiver
        /// The envelope's namespace is that of no version.
        case versionMismatch
        /// The header blocks that had to be understood and were not.
        case mustUnderstand([QualifiedName])
        /// The body names no operation, or another one than the action.
        case actionNotSupported
    }

    /// Whose fault it is, and of what kind.
    package var code: Code
    /// What is wrong, for the sender.
    package var reason: String

    /// Creates a SOAP fault.
    package init(_ code: Code, _ reason: String) {
        (self.code, self.reason) = (code, reason)
    }

    /// A value that does not parse as its type; names the element.
    package static func deserialization(of element: String, as type: String, text: String) -> SOAPFault {
        SOAPFault(
            .sender,
            "The element \(element) cannot be read: '\(text.prefix(60))' is not a value of type \(type)."
        )
    }
}

/// An expanded name.
package struct QualifiedName: Sendable, Hashable {
    /// The namespace name, empty for none.
    package let namespace: String
    /// The local name.
    package let localName: String

    /// Creates a qualified name.
    package init(namespace: String, localName: String) {
        (self.namespace, self.localName) = (namespace, localName)
    }
}
