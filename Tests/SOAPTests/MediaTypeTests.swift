import SOAP
import Testing

@Suite("Media types")
struct MediaTypeTests {
    @Test(
        "The charset is found however it is written",
        arguments: [
            ("text/xml", nil),
            ("text/xml; charset=utf-8", "utf-8"),
            ("text/xml;charset=UTF-8", "UTF-8"),
            ("text/xml; charset=\"utf-8\"", "utf-8"),
            ("text/xml; Charset=\"ISO-8859-1\"", "ISO-8859-1"),
            ("TEXT/XML; CHARSET=utf-16", "utf-16"),
            ("text/xml; charset = utf-8 ", "utf-8"),
            ("text/xml; charset=utf-8;", "utf-8"),
            ("text/xml;", nil),
            ("text/xml; ;", nil),
            ("text/xml; charset=", nil),
            ("text/xml; charset=\"\"", nil),
            ("text/xml; charset", nil),
            ("text/xml; boundary=x; charset=utf-8", "utf-8"),
            ("text/xml; charset=utf-8; charset=utf-16", "utf-8"),
            ("  text/xml  ;\tcharset=utf-8", "utf-8"),
        ] as [(String, String?)]
    )
    func charset(value: String, expected: String?) {
        let type = MediaType(value)
        #expect(type.essence == "text/xml")
        #expect(type.charset == expected)
        #expect(type.action == nil)
    }

    @Test(
        "The action is found however it is written",
        arguments: [
            ("application/soap+xml; action=\"urn:a\"", "urn:a"),
            ("application/soap+xml; action=urn:a", "urn:a"),
            ("application/soap+xml; charset=utf-8; action=\"urn:a\"", "urn:a"),
            ("application/soap+xml; action=\"urn:a\"; charset=utf-8", "urn:a"),
            ("application/soap+xml; action=\"urn:a;b=c; charset=x\"", "urn:a;b=c; charset=x"),
            ("application/soap+xml; action=\"urn:a?b=c\"", "urn:a?b=c"),
            ("application/soap+xml; ACTION=\"urn:a\"", "urn:a"),
            ("application/soap+xml; action=\"\"", nil),
            ("application/soap+xml; action=", nil),
            ("application/soap+xml; charset=utf-8", nil),
        ] as [(String, String?)]
    )
    func action(value: String, expected: String?) {
        #expect(MediaType(value).action == expected)
    }

    @Test("A parameter inside quotes is none")
    func quoted() {
        let type = MediaType("application/soap+xml; action=\"urn:a; charset=x\"; charset=\"utf-8\"")
        #expect(type.charset == "utf-8")
        #expect(type.action == "urn:a; charset=x")
    }

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

    @Test("Answers are sent in the media type of their version")
    func contentTypes() {
        #expect(SOAPVersion.soap11.contentType == "text/xml; charset=utf-8")
        #expect(SOAPVersion.soap12.contentType == "application/soap+xml; charset=utf-8")
    }
}
