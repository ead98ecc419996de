/// The versions of SOAP; they differ in their namespaces, in how HTTP carries them and in their faults.
package enum SOAPVersion: Sendable, Hashable, CaseIterable {
    case soap11
    case soap12

    /// The namespace of Envelope, Header, Body and Fault.
    package var namespace: String {
        switch self {
        case .soap11: "http://schemas.xmlsoap.org/soap/envelope/"
        case .soap12: "http://www.w3.org/2003/05/soap-envelope"
        }
    }

    /// What messages of this version are sent as.
    package var contentType: String {
        switch self {
        case .soap11: "text/xml; charset=utf-8"
        case .soap12: "application/soap+xml; charset=utf-8"
        }
    }

    /// Whether a header block that names this receiver is meant for us: we are every envelope's last receiver.
    func addressesUs(_ receiver: String?) -> Bool {
        guard let receiver, !receiver.isEmpty else { return true }
        return switch self {
        case .soap11: receiver == "http://schemas.xmlsoap.org/soap/actor/next"
        case .soap12:
            receiver == "http://www.w3.org/2003/05/soap-envelope/role/next"
                || receiver == "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver"
        }
    }
}

/// The namespaces that messages are made of.
package enum Namespace {
    /// XML Schema's types.
    package static let schema = "http://www.w3.org/2001/XMLSchema"
    /// `xsi:type` and `xsi:nil`.
    package static let schemaInstance = "http://www.w3.org/2001/XMLSchema-instance"
    /// `string` and `int` items of arrays.
    package static let arrays = "http://schemas.microsoft.com/2003/10/Serialization/Arrays"
    /// Arrays, ids and references of SOAP 1.1's encoding, and its names for the schema's types.
    package static let encoding11 = "http://schemas.xmlsoap.org/soap/encoding/"
    /// Those of SOAP 1.2's.
    package static let encoding12 = "http://www.w3.org/2003/05/soap-encoding"
    /// `guid`, `char` and `duration`.
    package static let serialization = "http://schemas.microsoft.com/2003/10/Serialization/"
}
