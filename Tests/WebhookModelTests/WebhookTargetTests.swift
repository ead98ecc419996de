import Testing
import WebhookModel

@Suite("Targets of webhooks")
struct WebhookTargetTests {
    @Test("One host is one target, however it is written")
    func target() {
        let urls = ["http://EXAMPLE.com", "http://u:p@example.com:80/a?b", "http://example.com:/%"]
        #expect(Set(urls.map(Webhook.target)) == ["http://example.com:80"])
        #expect(Webhook.target(of: "https://[2A00::5]/") == "https://[2a00::5]:443")
        #expect(Webhook.target(of: "https://b\u{FC}cher.example") == "https://xn--bcher-kva.example:443")
        #expect(Webhook.target(of: "My script") == "My script")
    }
}
