import Networking
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
}
