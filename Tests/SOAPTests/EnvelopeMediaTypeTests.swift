import Networking
import SOAP
import TestSupport
import Testing

@Suite("Media types of envelopes")
struct EnvelopeMediaTypeTests {
    @Test(
        "XML's media types are accepted, others not; the version follows",
        arguments: [
            ("text/xml", true, .soap11),
            ("Text/XML; charset=utf-8", true, .soap11),
            ("application/xml", true, .soap11),
            ("application/soap+xml", true, .soap12),
            ("APPLICATION/SOAP+XML; action=\"a\"", true, .soap12),
            ("application/json", false, .soap11),
            ("text/plain", false, .soap11),
            ("text/xml2", false, .soap11),
            ("multipart/related; type=\"text/xml\"", false, .soap11),
            ("", false, .soap11),
            (";", false, .soap11),
            ("; charset=utf-8", false, .soap11),
        ] as [(String, Bool, SOAPVersion)]
    )
    func accepted(value: String, isXML: Bool, version: SOAPVersion) {
        #expect(MediaType(value).isXML == isXML)
        #expect(MediaType(value).impliedVersion == version)
    }

    @Test("The version is the envelope's, whatever the media type says", arguments: SOAPVersion.allCases)
    func version(version: SOAPVersion) throws {
        for contentType in ["text/xml", "application/soap+xml", "application/xml"] {
            let envelope = try readEnvelope(envelopeText(version), contentType: contentType)
            #expect(envelope.version == version)
        }
    }

    @Test("Answers are sent in the media type of their version")
    func contentTypes() {
        #expect(SOAPVersion.soap11.contentType == "text/xml; charset=utf-8")
        #expect(SOAPVersion.soap12.contentType == "application/soap+xml; charset=utf-8")
    }
}
