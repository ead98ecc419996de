import AgentCore
import Configuration
import DeliveryTransport
import Foundation
import NetServerSOAP
import Networking
import ServerConfiguration
import StoreContracts
import Testing
import WebhookModel

/// Flags, environment and file together, and the spellings that are deprecated.
@Suite("Setting sources")
struct SettingSourcesTests {
    static func given(_ key: String, _ text: String) throws -> GivenSetting {
        let setting = try #require(Setting.named(key))
        return GivenSetting(setting, key: key, content: try setting.content(of: text))
    }

    static func settings(
        flags: [GivenSetting] = [],
        environment: [String: String] = [:],
        file text: String = "{}"
    ) async throws -> ServerSettings {
        try await ConfigurationFileTests.withFiles(["c.json": text]) { directory in
            let file = try ConfigurationFile(path: directory.appending(path: "c.json").path)
            return try await ServerSettings(SettingSources(flags: flags, environment: environment, file: file))
        }
    }

    @Test("Deprecated names work in every source, and each is told with its new name")
    func deprecatedNames() async throws {
        let settings = try await Self.settings(
            flags: [Self.given("allowTargets", "10.0.0.0/8")],
            environment: ["WEBHOOK_SVC_WEBHOOK_RIGHT": "nothing"],
            file: #"{"validateHttps": false, "requireHttps": false, "operationErrors": "fault", "failureLimit": 4}"#
        )
        #expect(settings.sending.addresses.allowed == [AddressRange("10.0.0.0/8")])
        #expect(settings.rules.webhookRight == .nothing)
        #expect(!settings.sending.validatesHTTPS)
        #expect(!settings.rules.requiresHTTPS)
        #expect(settings.operationErrors == .fault)
        #expect(settings.policy.failureLimit == 4)
        #expect(
            settings.deprecations.map { "\($0.spelling) > \($0.replacement)" } == [
                "--allow-targets > --allow-private-targets",
                "WEBHOOK_SVC_WEBHOOK_RIGHT > WEBHOOK_SVC_REQUIRE_RIGHT",
                "validateHttps > verifyTargetCertificates", "requireHttps > requireHttpsTargets",
                "operationErrors > operationErrorStyle", "failureLimit > disableAfterFailures",
            ]
        )
    }

    @Test("Deprecated values work, and are told", arguments: [("onsite", "on-site"), ("online", "hosted")])
    func deprecatedValues(old: String, new: String) async throws {
        let text = #"{"installation": "\#(old)", "tenants": [{"id": "Default"}]}"#
        let settings = try await Self.settings(file: text)
        #expect(settings.installation.kind.rawValue == new)
        #expect(settings.deprecations.map(\.spelling) == ["installation=\(old)"])
        #expect(settings.deprecations.map(\.replacement) == ["installation=\(new)"])
        #expect(try await Self.settings(file: text.replacing(old, with: new)).deprecations == [])
    }

    @Test("A deprecated name ranks with its source, and after the new name in it")
    func precedence() async throws {
        let both = try await Self.settings(
            flags: [Self.given("disableAfterFailures", "3"), Self.given("failureLimit", "2")],
            environment: ["WEBHOOK_SVC_FAILURE_LIMIT": "5", "WEBHOOK_SVC_DISABLE_AFTER_FAILURES": "6"]
        )
        #expect(both.policy.failureLimit == 3)
        let flag = try await Self.settings(
            flags: [Self.given("failureLimit", "2")],
            environment: ["WEBHOOK_SVC_DISABLE_AFTER_FAILURES": "6"]
        )
        #expect(flag.policy.failureLimit == 2)
        let environment = try await Self.settings(
            environment: ["WEBHOOK_SVC_FAILURE_LIMIT": "5", "WEBHOOK_SVC_DISABLE_AFTER_FAILURES": "6"]
        )
        #expect(environment.policy.failureLimit == 6)
    }

    @Test("A file that has both names of a setting is refused")
    func bothNames() async throws {
        let error = await #expect(throws: SettingsError.self) {
            try await Self.settings(file: #"{"failureLimit": 1, "disableAfterFailures": 2}"#)
        }
        #expect(
            error?.description
                == "failureLimit: it is the old name of disableAfterFailures, which is there too"
        )
    }

    @Test("An error names the setting by its new name")
    func errors() async throws {
        let error = await #expect(throws: SettingsError.self) {
            try await Self.settings(environment: ["WEBHOOK_SVC_ALLOW_TARGETS": "everywhere"])
        }
        #expect(error?.setting == "allow-private-targets")
    }
}
