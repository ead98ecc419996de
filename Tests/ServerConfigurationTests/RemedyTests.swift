import AgentCore
import DeliveryTransport
import ServerConfiguration
import Testing

/// The words by which errors of other targets name settings.
@Suite("Remedies that errors name")
struct RemedyTests {
    /// Sees that a remedy names settings, and nothing else: `setting proxy`, `settings tls-cert, tls-key`.
    private func expectSettings(_ remedy: String?, of kind: String) throws {
        let remedy = try #require(remedy, "\(kind) has no remedy")
        let names = try #require(remedy.wholeMatch(of: /settings? ([a-z-]+(?:, [a-z-]+)*)/)?.1, "\(remedy)")
        let flags = names.split(separator: ", ").map(String.init)
        for flag in flags { #expect(Setting.all.contains { $0.flag == flag }, "no setting has the flag \(flag)") }
        #expect(remedy.hasPrefix("settings ") == (flags.count > 1), "\(remedy)")
    }

    @Test("Every failure of a notification that an operator can change names the settings")
    func sending() throws {
        let remedies = ServerSettings().sending.remedies
        for kind in SendRemedy.allCases { try expectSettings(remedies[kind], of: "\(kind)") }
    }

    @Test("The refusal of a target that is not https names the setting")
    func https() throws {
        try expectSettings(ServerSettings().rules.httpsRemedy, of: "https")
    }
}
