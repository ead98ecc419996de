package import AgentCore
package import Configuration
import DeliveryTransport
import HTTPServing
import ListenerCertificates
import Networking
import StoreContracts
import WebhookDelivery

extension ServerSettings {
    /// Reads and checks every setting of `sources`. Throws ``SettingsError`` for the first one that will not do.
    package init(_ sources: SettingSources) async throws(SettingsError) {
        if let problem = sources.file?.problems.first { throw problem }
        try await self.init(sources.reader, tenants: sources.file?.tenants)
        deprecations = sources.deprecations + deprecations
    }

    /// Reads and checks every setting. Throws ``SettingsError`` for the first one that will not do.
    ///
    /// - Parameters:
    ///   - configuration: Holds what is given, by ``Setting/key``.
    ///   - tenants: Those of the configuration file; nil for none.
    package init(_ configuration: ConfigReader, tenants: [Tenant]? = nil) async throws(SettingsError) {
        let (settings, problems) = await Self.read(configuration, tenants: tenants)
        if let problem = problems.first { throw problem }
        self = settings
    }

    /// Reads every setting, and reports every error. A setting with an error keeps its default.
    static func read(
        _ configuration: ConfigReader,
        tenants: [Tenant]?
    ) async -> (settings: ServerSettings, problems: [SettingsError]) {
        var settings = ServerSettings()
        var problems: [SettingsError] = []
        for setting in Setting.all {
            do {
                try await setting.read(configuration, into: &settings)
            } catch {
                problems.append(error)
            }
        }
        // Tenants cannot be judged while the kind of the installation is unknown.
        if !problems.contains(where: { $0.setting == "installation" }) {
            problems += settings.resolveTenants(tenants)
        }
        // A certificate that could not be read is not one that is missing.
        let pair = ["tls-cert", "tls-key"]
        let isPairUnread = problems.contains { pair.contains($0.setting) }
        problems += settings.resolve().filter { !isPairUnread || !pair.contains($0.setting) }
        settings.choices = Choices()
        return (settings, problems)
    }

    /// Works in what settings mean together. Returns what is wrong with them.
    private mutating func resolve() -> [SettingsError] {
        var problems: [SettingsError] = []
        if isDevelopment, !allowsRemoteDevelopment, !HostPort.isLoopback(host) {
            problems.append(
                SettingsError(
                    "listen",
                    "with --dev anybody who reaches \(host) may call and post to private addresses; listen on 127.0.0.1, or add --allow-remote-dev"
                )
            )
        }
        problems += resolveCertificate()
        problems += resolvePolicy()
        rules.requiresHTTPS = choices.requiresHTTPS ?? !isDevelopment
        sending.addresses.allowed = choices.privateTargets ?? []
        // With ranges given, --dev holds to them, so that the policy can be tried on one machine.
        sending.addresses.allowsEverything = isDevelopment && choices.privateTargets == nil
        delivery.perFailingTarget = min(delivery.perFailingTarget, delivery.perTarget)
        // A claim outlives any attempt under it, so that nobody else takes it while its holder is at work.
        delivery.lease = max(.seconds(30), sending.timeout + .seconds(15))
        delivery.drain = shutdownTimeout
        return problems
    }

    private mutating func resolveTenants(_ tenants: [Tenant]?) -> [SettingsError] {
        var problems: [SettingsError] = []
        if let tenants {
            problems = TenantsReader.problems(of: tenants, kind: installation.kind)
            installation.tenants = tenants
            if installation.kind == .onSite, problems.isEmpty {
                installation.tenants[0].id = Installation.defaultTenant
            }
        } else if installation.kind == .hosted {
            installation.tenants = []
        }
        if installation.kind == .hosted, !isDevelopment, installation.tenants.isEmpty {
            problems.append(
                SettingsError(
                    "installation",
                    "hosted takes a configuration file with tenants (webhook-svc config example)"
                )
            )
        }
        if isDevelopment { installation = installation.addingDocumentedCredentials() }
        return problems
    }

    private mutating func resolveCertificate() -> [SettingsError] {
        switch (choices.certificate, choices.key) {
        case (let certificate?, let key?):
            do throws(ListenerCertificate.LoadError) {
                self.certificate = try ListenerCertificate(
                    .init(certificate: certificate, key: key),
                    ciphers: choices.ciphers
                )
                return []
            } catch {
                return [SettingsError(error.isKey ? "tls-key" : "tls-cert", error.text)]
            }
        case (nil, nil): return []
        case (_?, nil): return [SettingsError("tls-cert", "it needs tls-key, the certificate's key")]
        case (nil, _?): return [SettingsError("tls-key", "it needs tls-cert, the certificate")]
        }
    }

    /// The profile, changed by the single settings.
    private mutating func resolvePolicy() -> [SettingsError] {
        policy = choices.profile.policy
        policy.success = choices.success ?? policy.success
        rules.success = policy.success
        if let limit = choices.failureLimit { policy.failureLimit = limit == 0 ? nil : limit }
        guard choices.retryDelays != nil || choices.retryCycles != nil || choices.cycleDelay != nil else { return [] }
        guard case .cycles(let delays, let cycles, let pause) = policy.schedule else {
            return [
                SettingsError(
                    "delivery-profile",
                    "retry-delays, retry-cycles and cycle-delay belong to the profile netserver"
                )
            ]
        }
        policy.schedule = .cycles(
            delays: choices.retryDelays ?? delays,
            count: choices.retryCycles ?? cycles,
            pause: choices.cycleDelay ?? pause
        )
        return []
    }
}
