import Networking
import SOAP
import TestSupport
import XML

@testable import NetServerSOAP

/// Reads a request to Webhook.svc given as text.
func readRequest(_ text: String) throws(EnvelopeReader.ReadError) -> SOAPRequest {
    try EnvelopeReader().request(
        Array(text.utf8),
        mediaType: MediaType("application/soap+xml"),
        action: nil,
        service: .webhook,
        namespace: serviceNamespace
    )
}

/// Why a request is refused, nil when it is not.
func refusal(of text: String) -> EnvelopeReader.ReadError? {
    do {
        _ = try readRequest(text)
        return nil
    } catch {
        return error
    }
}
