import Networking
import Testing

@Suite("Target URL")
struct TargetURLTests {
    @Test(
        "A target URL is taken apart for the request line and the Host header",
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
            ("http://EXAMPLE.com:/", "example.com", 80, "/", "example.com"),
            ("http://example.com.:0081", "example.com.", 81, "/", "example.com.:81"),
            ("http://[2A00::5]/", "2a00::5", 80, "/", "[2a00::5]"),
            ("http://b\u{FC}cher.example/", "xn--bcher-kva.example", 80, "/", "xn--bcher-kva.example"),
            ("http://\u{FF11}\u{FF12}7.0.0.1/", "127.0.0.1", 80, "/", "127.0.0.1"),
            ("http://a_b.example/", "a_b.example", 80, "/", "a_b.example"),
            ("http://p@ss:w\\d@example.com/@", "example.com", 80, "/@", "example.com"),
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
            "http:/example.com/", "http:\\\\example.com\\", "http://user@/", "http://:80/", "http://example.com:8x/",
            "http://example.com:99999999999999999999/", "http://a:b:80/", "http://a b/", "http://a\u{3000}b/",
            // A zone, and escapes, which a proxy would resolve.
            "http://[::1%25lo]/", "http://[fe80::1%25eth0]/", "http://[::1%lo]/", "http://127.0.0.%31/",
            "http://%6c%6f%63alhost/", "http://b%C3%BCcher.example/", "http://a\u{FF05}41/", "http://a%zz/",
            // No IPv6 address in brackets.
            "http://[localhost]/", "http://[127.0.0.1]/", "http://[::1/", "http://::1/", "http://[]/", "http://[v1.a]/",
            "http://[::1]x/", "http://[::1]x:80/", "http://[::1][::2]/", "http://a[::1]/", "http://a]/", "http://a|b/",
            "http://a\\b/", "http://a<b/", "http://a^b/",
        ]
    )
    func refused(text: String) {
        #expect(TargetURL(text) == nil)
    }

    @Test(
        "Escapes stay as they are, and only what a URL cannot hold is escaped",
        arguments: [
            ("/a%2Fb%2fb?x=%41&y=%zz%4", "/a%2Fb%2fb?x=%41&y=%25zz%254"), ("/100%?done=100%", "/100%25?done=100%25"),
            ("/%41[1]?x=[1]%41", "/%41%5B1%5D?x=%5B1%5D%41"),
            ("/%C3%A9/\u{E9}?%C3%A9=\u{E9}", "/%C3%A9/%C3%A9?%C3%A9=%C3%A9"),
            ("/%41\u{1F600}%", "/%41%F0%9F%98%80%25"), ("/a|b^c`d{e}\"<>'\\", "/a%7Cb%5Ec%60d%7Be%7D%22%3C%3E'%5C"),
            ("/?a|b?c/d#f?g", "/?a%7Cb?c/d"), ("/-._~!$&'()*+,;=:@/", "/-._~!$&'()*+,;=:@/"),
            ("/%25%2525", "/%25%2525"),
            ("/a/../b/./c//d", "/a/../b/./c//d"), ("?%", "/?%25"), ("#%", "/"), ("/a?", "/a?"),
        ]
    )
    func escapes(text: String, path: String) {
        #expect(TargetURL("https://example.com" + text)?.path == path)
    }

    @Test(
        "User and password are read, whatever characters they hold",
        arguments: [
            ("user:secret", "dXNlcjpzZWNyZXQ="), ("user", "dXNlcjo="), ("us%65r:s%3Acret", "dXNlcjpzOmNyZXQ="),
            ("user:p@ss", "dXNlcjpwQHNz"), ("user:100%", "dXNlcjoxMDAl"), ("\u{FC}:%C3%BC", "w7w6w7w="),
            ("%E4:", "5Do="),
            ("", "Og=="),
        ]
    )
    func credentials(text: String, base64: String) {
        #expect(TargetURL("https://\(text)@example.com/")?.basicAuthorization == "Basic " + base64)
    }

    @Test(
        "A target URL is shown without user, password and query, also when it is invalid",
        arguments: [
            ("https://u:p@example.com/a?key=1#f", "https://example.com/a?...#f"),
            ("https://a.test/", "https://a.test/"),
            ("https://u:p@ss@a.test/%", "https://a.test/%"), ("https://u:%@[1]/\u{E9}?q[%]", "https://[1]/\u{E9}?..."),
            ("https://u:p@a b/", "https://a b/"), ("https://a.test?x@y", "https://a.test?..."),
            ("https://a.test/x@y", "https://a.test/x@y"), ("https://u:p@\u{301}a.test/", "https://\u{301}a.test/"),
            ("no url", "no url"), ("", ""),
        ]
    )
    func shown(text: String, shown: String) {
        #expect(TargetURL.withoutCredentials(text) == shown)
    }

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
