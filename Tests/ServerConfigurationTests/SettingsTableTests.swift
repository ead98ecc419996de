import Configuration
import DeliveryTransport
import Foundation
import Networking
import ServerConfiguration
import Testing
import WebhookModel

/// The table of settings, which flags, environment, file, help and documentation come from.
@Suite("Settings table")
struct SettingsTableTests {
    @Test("Flags, environment variables and the file's members are named after the key")
    func names() throws {
        let setting = try #require(Setting.named("retryDelays"))
        #expect(setting.flag == "retry-delays")
        #expect(setting.variable == "WEBHOOK_SVC_RETRY_DELAYS")
        #expect(Setting.named("retry-delays") == nil)
    }

    @Test("A default that help shows is the value that holds where none is given", arguments: Setting.all.map(\.key))
    func defaults(key: String) async throws {
        let setting = try #require(Setting.named(key))
        guard setting.defaultValue.isValue else { return }
        var given = try await SettingsTests.settings(file: [key: setting.content(of: setting.defaultValue.text)])
        var other = try await SettingsTests.settings()
        // Only the texts of both are compared. No setting changes the remedies, and the order in a dictionary's text varies.
        (given.sending.remedies, other.sending.remedies) = ([:], [:])
        #expect("\(given)" == "\(other)")
        if let development = setting.defaultValue.development {
            let dev: [String: ConfigContent] = ["dev": .bool(true)]
            let given = try await SettingsTests.settings(
                flags: dev,
                file: [key: setting.content(of: development)]
            )
            let other = try await SettingsTests.settings(flags: dev)
            #expect(given.rules == other.rules)
            #expect(given.sending.addresses == other.sending.addresses)
        }
    }

    @Test("Help gives the default, and the value with --dev where it is another")
    func help() throws {
        #expect(
            try #require(Setting.named("requireHttpsTargets")).helpLine
                == "Whether targets must be https (default: true, with --dev false)."
        )
        #expect(
            try #require(Setting.named("retryDelays")).helpLine
                == "Waits between the attempts of a cycle (default: 1s,4s)."
        )
    }

    @Test("docs/configuration.md has the tables that 'webhook-svc config reference' prints")
    func page() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/configuration.md"), encoding: .utf8)
        let parts = page.split(separator: /<!-- settings: (begin|end) -->\n/)
        #expect(parts.count == 3)
        #expect(parts.dropFirst().first.map(String.init) == SettingsReference.markdown)
    }
}
