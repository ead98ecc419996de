import ArgumentParser
import Configuration
import Foundation
import WebhookServer

/// The flags of `serve`: one for each ``Setting``, which says all about it but that it is here.
struct ServeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Configuration file, JSON.", valueName: "file"))
    var config: String?
    @Flag var switches: [SettingSwitch] = []
    @Option("listen") var listen: GivenSetting?
    @Option("store") var store: GivenSetting?
    @Option("installation") var installation: GivenSetting?
    @Option("publicUrl") var publicUrl: GivenSetting?
    @Option("logLevel") var logLevel: GivenSetting?
    @Option("netserverVersion") var netserverVersion: GivenSetting?
    @Option("ticketLifetime") var ticketLifetime: GivenSetting?
    @Option("webhookRight") var webhookRight: GivenSetting?
    @Option("authorizeWithUsername") var authorizeWithUsername: GivenSetting?
    @Option("corsOrigins") var corsOrigins: GivenSetting?
    @Option("adminToken") var adminToken: GivenSetting?
    @Option("operationErrors") var operationErrors: GivenSetting?
    @Option("tlsCert") var tlsCert: GivenSetting?
    @Option("tlsKey") var tlsKey: GivenSetting?
    @Option("tlsCiphers") var tlsCiphers: GivenSetting?
    @Option("idleTimeout") var idleTimeout: GivenSetting?
    @Option("trustedProxy") var trustedProxy: GivenSetting?
    @Option("forwardedHeader") var forwardedHeader: GivenSetting?
    @Option("maxBodyBytes") var maxBodyBytes: GivenSetting?
    @Option("maxDepth") var maxDepth: GivenSetting?
    @Option("maxTextBytes") var maxTextBytes: GivenSetting?
    @Option("drainDelay") var drainDelay: GivenSetting?
    @Option("shutdownTimeout") var shutdownTimeout: GivenSetting?
    @Option("requireHttps") var requireHttps: GivenSetting?
    @Option("validateHttps") var validateHttps: GivenSetting?
    @Option("verifyTarget") var verifyTarget: GivenSetting?
    @Option("allowTargets") var allowTargets: GivenSetting?
    @Option("caFile") var caFile: GivenSetting?
    @Option("proxy") var proxy: GivenSetting?
    @Option("sendFieldValues") var sendFieldValues: GivenSetting?
    @Option("deliveryProfile") var deliveryProfile: GivenSetting?
    @Option("successStatus") var successStatus: GivenSetting?
    @Option("retryDelays") var retryDelays: GivenSetting?
    @Option("retryCycles") var retryCycles: GivenSetting?
    @Option("cycleDelay") var cycleDelay: GivenSetting?
    @Option("failureLimit") var failureLimit: GivenSetting?
    @Option("missedEvents") var missedEvents: GivenSetting?
    @Option("deliveryTimeout") var deliveryTimeout: GivenSetting?
    @Option("deliveryConcurrency") var deliveryConcurrency: GivenSetting?
    @Option("targetConcurrency") var targetConcurrency: GivenSetting?
    @Option("attemptRetention") var attemptRetention: GivenSetting?
    @Option("attemptLimit") var attemptLimit: GivenSetting?
    @Option("failedRetention") var failedRetention: GivenSetting?

    /// The settings: flags over environment over file. Throws ``SettingsError`` for the first one that will not do.
    func settings() async throws -> ServerSettings {
        let path = config ?? ProcessInfo.processInfo.environment["WEBHOOK_SVC_CONFIG"]
        let file = try path.map { try ConfigurationFile(path: $0) }
        if let problem = file?.problems.first { throw problem }
        let reader = ConfigReader(providers: [
            InMemoryProvider(name: "flags", values: values),
            EnvironmentVariablesProvider().prefixKeys(with: "webhookSvc"),
            InMemoryProvider(name: "file", values: file?.values ?? [:]),
        ])
        return try await ServerSettings(reader, tenants: file?.tenants)
    }

    /// What flags give. ArgumentParser finds them in the same way, by reflection.
    private var given: [GivenSetting] {
        Mirror(reflecting: self).children.compactMap { ($0.value as? Option<GivenSetting?>)?.wrappedValue }
            + switches.map(\.given)
    }

    private var values: [AbsoluteConfigKey: ConfigValue] {
        given.reduce(into: [:]) { values, given in
            values[AbsoluteConfigKey([given.setting.key])] = ConfigValue(
                given.content,
                isSecret: given.setting.isSecret
            )
        }
    }
}
