import ArgumentParser
import Foundation
import ServerConfiguration

/// The flags of `serve`: one for each ``Setting``, which says all about it but that it is here.
struct ServeOptions: ParsableArguments {
    @Option(help: .value("file", "Configuration file, JSON."))
    var config: String?
    @Flag var switches: [SettingSwitch] = []
    @Option("listen") var listen: GivenSetting?
    @Option("store") var store: GivenSetting?
    @Option("installation") var installation: GivenSetting?
    @Option("publicUrl") var publicUrl: GivenSetting?
    @Option("logLevel") var logLevel: GivenSetting?
    @Option("netserverVersion") var netserverVersion: GivenSetting?
    @Option("ticketLifetime") var ticketLifetime: GivenSetting?
    @Option("requireRight") var requireRight: GivenSetting?
    @Option("authorizeWithUsername") var authorizeWithUsername: GivenSetting?
    @Option("corsOrigins") var corsOrigins: GivenSetting?
    @Option("adminToken") var adminToken: GivenSetting?
    @Option("operationErrorStyle") var operationErrorStyle: GivenSetting?
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
    @Option("requireHttpsTargets") var requireHttpsTargets: GivenSetting?
    @Option("verifyTargetCertificates") var verifyTargetCertificates: GivenSetting?
    @Option("verifyTarget") var verifyTarget: GivenSetting?
    @Option("allowPrivateTargets") var allowPrivateTargets: GivenSetting?
    @Option("caFile") var caFile: GivenSetting?
    @Option("proxy") var proxy: GivenSetting?
    @Option("sendFieldValues") var sendFieldValues: GivenSetting?
    @Option("deliveryProfile") var deliveryProfile: GivenSetting?
    @Option("successStatus") var successStatus: GivenSetting?
    @Option("retryDelays") var retryDelays: GivenSetting?
    @Option("retryCycles") var retryCycles: GivenSetting?
    @Option("cycleDelay") var cycleDelay: GivenSetting?
    @Option("disableAfterFailures") var disableAfterFailures: GivenSetting?
    @Option("missedEvents") var missedEvents: GivenSetting?
    @Option("deliveryTimeout") var deliveryTimeout: GivenSetting?
    @Option("deliveryConcurrency") var deliveryConcurrency: GivenSetting?
    @Option("targetConcurrency") var targetConcurrency: GivenSetting?
    @Option("attemptRetention") var attemptRetention: GivenSetting?
    @Option("attemptLimit") var attemptLimit: GivenSetting?
    @Option("failedRetention") var failedRetention: GivenSetting?
    // Deprecated names.
    @Option("webhookRight") var webhookRight: GivenSetting?
    @Option("operationErrors") var operationErrors: GivenSetting?
    @Option("requireHttps") var requireHttps: GivenSetting?
    @Option("validateHttps") var validateHttps: GivenSetting?
    @Option("allowTargets") var allowTargets: GivenSetting?
    @Option("failureLimit") var failureLimit: GivenSetting?

    /// The settings: flags over environment over file. Throws ``SettingsError`` for the first one that will not do.
    func settings() async throws(SettingsError) -> ServerSettings {
        let environment = ProcessInfo.processInfo.environment
        let path = config ?? environment["WEBHOOK_SVC_CONFIG"]
        var file: ConfigurationFile?
        if let path { file = try ConfigurationFile(path: path) }
        return try await ServerSettings(SettingSources(flags: given, environment: environment, file: file))
    }

    /// What flags give. ArgumentParser finds them in the same way, by reflection.
    private var given: [GivenSetting] {
        Mirror(reflecting: self).children.compactMap { ($0.value as? Option<GivenSetting?>)?.wrappedValue }
            + switches.map(\.given)
    }
}
