import ServerConfiguration
import Testing

@Suite("Known host")
struct KnownHostTests {
    @Test("The host that clients know the service by is the public URL's, or that which is listened on")
    func knownHost() {
        for (publicURL, listen, host) in [
            ("https://crm.example.com:8443/so", "0.0.0.0", "crm.example.com"),
            ("https://[2001:db8::1]", "::", "2001:db8::1"),
            (nil, "hooks.example.com", "hooks.example.com"), (nil, "192.0.2.1", "192.0.2.1"), (nil, "127.0.0.1", nil),
            (nil, "localhost", nil), (nil, "0.0.0.0", nil), (nil, "::", nil),
        ] as [(String?, String, String?)] {
            var settings = ServerSettings()
            settings.publicURL = publicURL
            settings.host = listen
            #expect(settings.knownHost == host)
        }
    }
}
