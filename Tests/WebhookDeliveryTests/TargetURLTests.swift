import Testing
import WebhookDelivery

@Suite("Target URL")
struct TargetURLTests {
    @Test(
        "Is taken apart for the request line and the Host header",
        arguments: [
            ("http://example.com", "example.com", 80, "/", "example.com"),
            ("HTTP://example.com:80/a/b?c=d&e", "example.com", 80, "/a/b?c=d&e", "example.com"),
            ("http://example.com:8080?x", "example.com", 8080, "/?x", "example.com:8080"),
            ("https://example.com/", "example.com", 443, "/", "example.com"),
            ("https://example.com:443/", "example.com", 443, "/", "example.com"),
            ("https://example.com:80/", "example.com", 80, "/", "example.com:80"),
            ("http://user:secret@example.com/#part", "example.com", 80, "/", "example.com"),
            ("http://[::1]:8087/h", "::1", 8087, "/h", "[::1]:8087"),
            ("https://[2a00::5]/", "2a00::5", 443, "/", "[2a00::5]"),
            ("http://2130706433/", "2130706433", 80, "/", "2130706433"),
            ("http://example.com/a%20b/%C3%A4", "example.com", 80, "/a%20b/%C3%A4", "example.com"),
        ]
    )
    func parts(text: String, host: String, port: Int, path: String, header: String) throws {
        let url = try #require(TargetURL(text))
        #expect(url.isTLS == text.hasPrefix("https"))
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.path == path)
        #expect(url.hostHeader == header)
    }

    @Test(
        "Must be one that can be posted to",
        arguments: [
            "", "example.com", "/a", "//example.com/", "ftp://example.com/", "http:", "http://", "http:///a",
            "http://example.com:0/", "http://example.com:65536/", "http://example.com:-1/", "mailto:a@example.com",
        ]
    )
    func refused(text: String) {
        #expect(TargetURL(text) == nil)
    }

    /// Foundation percent-encodes some of them, which is as good.
    @Test(
        "Holds nothing that could end the line it is written into",
        arguments: [
            "http://a\r\nX-Evil: 1/", "http://exa mple.com/", "http://example.com/a b\r\nX-Evil: 1",
            "http://example.com/?a=\u{0}\n", "http://b\u{FC}cher.example/\u{FC}?\u{1F511}",
        ]
    )
    func clean(text: String) {
        guard let url = TargetURL(text) else { return }
        #expect((url.hostHeader + url.path).utf8.allSatisfy { (0x21..<0x7F).contains($0) }, "\(url)")
    }
}
