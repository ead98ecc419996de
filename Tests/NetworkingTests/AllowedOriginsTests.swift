import Networking
import Testing

/// Which origins a list lets in.
@Suite("Allowed origins")
struct AllowedOriginsTests {
    @Test("Origins that are written out are trusted; what a * lets in must bring credentials of its own")
    func permissions() throws {
        let origins = try #require(
            AllowedOrigins(" https://App.Example.com,https://b.example:8443  http://localhost:* http://c.example:80 ")
        )
        #expect(!origins.isEmpty)
        for origin in [
            "https://app.example.com", "https://APP.example.com", "https://app.example.com:443",
            "https://b.example:8443", "http://c.example",
        ] {
            #expect(origins.permission(of: origin) == .anyCredentials, "\(origin)")
        }
        for origin in ["http://localhost:3000", "http://LOCALHOST:8080"] {
            #expect(origins.permission(of: origin) == .ownCredentials, "\(origin)")
        }
        for origin in [
            "http://app.example.com", "https://app.example.com.evil.example", "https://evil.example", "null", "",
            "https://b.example", "https://localhost:3000", "http://localhost", "https://c.example:80",
        ] {
            #expect(origins.permission(of: origin) == .none, "\(origin)")
        }
    }

    @Test("A * lets every page in, and an origin beside it is trusted all the same")
    func any() throws {
        let origins = try #require(AllowedOrigins("*, https://a.example"))
        #expect(origins.permission(of: "https://a.example") == .anyCredentials)
        for origin in ["https://evil.example", "null", "app://x"] {
            #expect(origins.permission(of: origin) == .ownCredentials, "\(origin)")
        }
    }

    @Test("Nothing, or white space, lets no page in", arguments: ["", " , "])
    func nothing(text: String) {
        #expect(AllowedOrigins(text) == AllowedOrigins.none)
        #expect(AllowedOrigins(text)?.isEmpty == true)
    }

    @Test(
        "What is no origin is refused",
        arguments: [
            "app.example.com", "https://a.example/", "https://a.example/app", "https://*.example.com", "**", "https",
            "//a.example", "https://", "null", "https://a.example https://b example", "https://a.example?x",
        ]
    )
    func refused(text: String) {
        #expect(AllowedOrigins(text) == nil)
    }
}
