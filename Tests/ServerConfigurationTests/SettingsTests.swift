import AgentCore
import Configuration
import DeliveryTransport
import Foundation
import Networking
import ServerConfiguration
import StoreContracts
import Stores
import Testing
import WebhookModel

/// Settings are read from three places, checked, and refused in one clear line.
@Suite("Settings")
struct SettingsTests {
    static func settings(
        flags: [String: ConfigContent] = [:],
        environment: [String: String] = [:],
        file: [String: ConfigContent] = [:],
        tenants: [Tenant]? = nil
    ) async throws -> ServerSettings {
        func provider(_ values: [String: ConfigContent]) -> InMemoryProvider {
            InMemoryProvider(
                values: Dictionary(
                    uniqueKeysWithValues: values.map {
                        (AbsoluteConfigKey([$0.key]), ConfigValue($0.value, isSecret: false))
                    }
                )
            )
        }
        let reader = ConfigReader(providers: [
            provider(flags),
            EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "webhookSvc"),
            provider(file),
        ])
        return try await ServerSettings(reader, tenants: tenants)
    }

    @Test("Settings that are not given have the documented defaults")
    func defaults() async throws {
        let settings = try await Self.settings()
        #expect(settings.host == "127.0.0.1")
        #expect(settings.port == 8087)
        #expect(settings.store == .sqlite(path: "./webhooks.db"))
        #expect(settings.rules.requiresHTTPS)
        #expect(settings.rules.verifiesTarget)
        #expect(settings.policy == .netServer)
        #expect(settings.idleTimeout == .seconds(180))
        #expect(settings.drainDelay == .zero)
    }

    @Test("What success is holds for saving and testing as for delivering")
    func success() async throws {
        #expect(try await Self.settings().rules.success == .ok)
        #expect(try await Self.settings(environment: ["WEBHOOK_SVC_SUCCESS_STATUS": "2xx"]).rules.success == .any2xx)
        #expect(
            try await Self.settings(environment: ["WEBHOOK_SVC_DELIVERY_PROFILE": "durable"]).rules.success == .any2xx
        )
        #expect(try await Self.settings().rules.missedEvents == .record)
        #expect(try await Self.settings(environment: ["WEBHOOK_SVC_MISSED_EVENTS": "park"]).rules.missedEvents == .park)
    }

    @Test("Flags outrank the environment, which outranks the file")
    func precedence() async throws {
        let file: [String: ConfigContent] = [
            "listen": .string("127.0.0.1:1"), "retryCycles": .int(4), "cycleDelay": .string("1m"),
        ]
        let environment = ["WEBHOOK_SVC_LISTEN": "127.0.0.1:2", "WEBHOOK_SVC_RETRY_CYCLES": "5"]
        let settings = try await Self.settings(
            flags: ["listen": .string("[::1]:3")],
            environment: environment,
            file: file
        )
        #expect(settings.host == "::1")
        #expect(settings.port == 3)
        #expect(settings.policy.schedule == .cycles(delays: [.seconds(1), .seconds(4)], count: 5, pause: .seconds(60)))
    }

    @Test(
        "A wrong value is refused with the setting's name and what would do",
        arguments: [
            ("WEBHOOK_SVC_LISTEN", "8087", "listen: '8087' is not HOST:PORT"),
            ("WEBHOOK_SVC_LISTEN", "127.0.0.1:99999", "listen:"),
            ("WEBHOOK_SVC_STORE", "mysql://x", "store: 'mysql://x' is not sqlite:PATH"),
            ("WEBHOOK_SVC_RETRY_DELAYS", "1s,x", "retry-delays: '1s,x' is not durations"),
            ("WEBHOOK_SVC_CYCLE_DELAY", "10", "cycle-delay: '10' is not a duration"),
            ("WEBHOOK_SVC_RETRY_CYCLES", "0", "retry-cycles: '0' is not a whole number from 1"),
            ("WEBHOOK_SVC_RETRY_CYCLES", "many", "retry-cycles: its value must be a whole number"),
            ("WEBHOOK_SVC_DELIVERY_TIMEOUT", "0s", "delivery-timeout: it must be more than 0"),
            ("WEBHOOK_SVC_REQUIRE_HTTPS_TARGETS", "perhaps", "require-https-targets: its value must be true or false"),
            ("WEBHOOK_SVC_SUCCESS_STATUS", "204", "success-status: '204' is not one of 200, 2xx"),
            ("WEBHOOK_SVC_MISSED_EVENTS", "keep", "missed-events: 'keep' is not one of record, park, drop"),
            ("WEBHOOK_SVC_OPERATION_ERROR_STYLE", "none", "operation-error-style: 'none' is not one of header, fault"),
            ("WEBHOOK_SVC_LOG_LEVEL", "loud", "log-level: 'loud' is not one of trace"),
            ("WEBHOOK_SVC_PUBLIC_URL", "crm.example", "public-url: 'crm.example' is not an http or https URL"),
            ("WEBHOOK_SVC_CORS_ORIGINS", "app.example.com", "cors-origins: 'app.example.com' is not origins such as"),
            (
                "WEBHOOK_SVC_AUTHORIZE_WITH_USERNAME", "perhaps",
                "authorize-with-username: its value must be true or false"
            ),
            ("WEBHOOK_SVC_MAX_DEPTH", "5000", "max-depth: '5000' is not a whole number from 8 to 200"),
            ("WEBHOOK_SVC_IDLE_TIMEOUT", "0s", "idle-timeout: it must be from 1s to 1h"),
            ("WEBHOOK_SVC_IDLE_TIMEOUT", "2h", "idle-timeout: it must be from 1s to 1h"),
            ("WEBHOOK_SVC_IDLE_TIMEOUT", "180", "idle-timeout: '180' is not a duration"),
            ("WEBHOOK_SVC_DRAIN_DELAY", "11m", "drain-delay: it must be at most 10m"),
            ("WEBHOOK_SVC_DRAIN_DELAY", "5", "drain-delay: '5' is not a duration"),
            ("WEBHOOK_SVC_TLS_CIPHERS", "old", "tls-ciphers: 'old' is not one of modern, legacy"),
            ("WEBHOOK_SVC_NETSERVER_VERSION", "1\r\nX: y", "netserver-version:"),
        ]
    )
    func refusal(variable: String, value: String, message: String) async throws {
        let error = await #expect(throws: SettingsError.self) {
            try await Self.settings(environment: [variable: value])
        }
        #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
    }

    @Test("Origins are separated by spaces or commas; Basic is for on-site unless the setting says otherwise")
    func restCallers() async throws {
        let defaults = try await Self.settings()
        #expect(defaults.corsOrigins == .none)
        #expect(defaults.authorizesWithUsername == nil)
        let settings = try await Self.settings(
            environment: [
                "WEBHOOK_SVC_CORS_ORIGINS": "https://a.example, http://localhost:*",
                "WEBHOOK_SVC_AUTHORIZE_WITH_USERNAME": "true",
            ]
        )
        #expect(settings.corsOrigins == AllowedOrigins("https://a.example http://localhost:*"))
        #expect(settings.authorizesWithUsername == true)
    }

    @Test("--dev does not listen beyond loopback unless told twice")
    func remoteDevelopment() async throws {
        let error = await #expect(throws: SettingsError.self) {
            try await Self.settings(flags: ["dev": .bool(true), "listen": .string("0.0.0.0:8087")])
        }
        #expect(error?.description.contains("--allow-remote-dev") == true)
        let settings = try await Self.settings(
            flags: ["dev": .bool(true), "allowRemoteDev": .bool(true), "listen": .string("0.0.0.0:8087")]
        )
        #expect(settings.isDevelopment)
        #expect(!settings.rules.requiresHTTPS)
    }
}
