package import Networking

extension MediaType {
    /// The media types that an envelope may come in (docs/contract.md#section-2).
    package static let accepted = ["text/xml", "application/soap+xml", "application/xml"]

    /// Whether an envelope may come in it.
    package var isXML: Bool { Self.accepted.contains(essence) }

    /// The SOAP version of the answer to a body that cannot be read as an envelope.
    package var impliedVersion: SOAPVersion { essence == "application/soap+xml" ? .soap12 : .soap11 }
}
