package import AgentCore
package import AgentStores
package import Configuration
import Foundation
package import HTTPServing
package import Logging
package import Networking
package import WebhookDelivery
package import XML

/// Everything that `serve` can be told, checked. Values come from flags, then `WEBHOOK_SVC_...` variables, then the
/// configuration file; see ``Setting`` for their names.
package struct ServerSettings: Sendable {
    /// Address to listen on.
    package var host = "127.0.0.1"
    /// Port to listen on; 0 takes any.
    package var port = 8087
    /// Where state is kept.
    package var store: StoreLocation = .sqlite(path: "./webhooks.db")
    /// Whether the documentation's credentials work and every target is allowed.
    package var isDevelopment = false
    /// Whether it is known that others reach a service with ``isDevelopment``.
    package var allowsRemoteDevelopment = false
    /// Who may call.
    package var installation = Installation(kind: .onsite, tenants: [Tenant(id: Installation.defaultTenant)])
    /// Whether REST takes `Authorization: Basic`; nil for on-site alone.
    package var authorizesWithUsername: Bool?
    /// Pages of which origins may call the REST API.
    package var corsOrigins = AllowedOrigins.none
    /// How long a ticket lives after its last use.
    package var ticketLifetime = Duration.seconds(6 * 3600)
    /// The listener's certificate; nil to listen without TLS.
    package var certificate: ListenerCertificate?
    /// How long a connection may be idle: longer than what proxies keep theirs for.
    package var idleTimeout = Duration.seconds(180)
    /// Who may say on whose behalf a request comes.
    package var trustedProxies: [AddressRange] = []
    /// Where they say it.
    package var forwardedHeader = ForwardedHeader.xForwarded
    /// Stands before `/Remote` in the WSDL's address; nil to take the host that was asked.
    package var publicURL: String?
    /// What is logged.
    package var logLevel = Logger.Level.info
    /// How failed operations are answered over SOAP.
    package var operationErrors = OperationErrors.header
    /// The agent's rules.
    package var rules = AgentRules()
    /// When deliveries are tried again.
    package var policy = DeliveryPolicy.netServer
    /// How long attempts are kept on record.
    package var attemptRetention = Duration.seconds(7 * 86400)
    /// How long failed deliveries are kept on record.
    package var failedRetention = Duration.seconds(30 * 86400)
    /// Attempts that are kept on record at most.
    package var attemptLimit = 1_000_000
    /// Opens the admin API to whoever has it; nil closes it, except with `--dev`.
    package var adminToken: String?
    /// What bounds the engine.
    package var delivery = DeliveryEngine.Settings()
    /// How targets are reached.
    package var sending = SocketSender.Settings()
    /// How long calls are still taken when the service has been told to stop.
    package var drainDelay = Duration.zero
    /// How long what is in flight may go on when the service stops.
    package var shutdownTimeout = Duration.seconds(15)
    /// The version in `User-Agent`.
    package var netServerVersion = "8.8.0.0"
    /// What one request may cost to read.
    package var xmlLimits = XMLLimits()

    /// The defaults.
    package init() {}

    /// The host that clients know the service by: that of the public URL, else the one listened on; nil where that tells
    /// nothing, because proxies or forwarded ports stand before a loopback address, or many addresses are listened on.
    var knownHost: String? {
        if let publicURL { return TargetURL(publicURL)?.host }
        return HostPort.isLoopback(host) || host == "0.0.0.0" || host == "::" ? nil : host
    }
}

/// The ready-made policies of delivery.
package enum DeliveryProfile: String, CaseIterable, Sendable {
    /// As NetServer delivers.
    case netserver
    /// For days instead of seconds.
    case durable

    var policy: DeliveryPolicy {
        switch self {
        case .netserver: .netServer
        case .durable: .durable
        }
    }
}

/// The names of the settings. The raw value is the key in the configuration file; the flag is the same in kebab case, the
/// environment variable in upper snake case behind `WEBHOOK_SVC_`.
package enum Setting: String, CaseIterable, Sendable {
    case listen, store, dev, allowRemoteDev, publicUrl, logLevel, operationErrors
    case installation, ticketLifetime, webhookRight, authorizeWithUsername, corsOrigins
    case tlsCert, tlsKey, tlsCiphers, trustedProxy, forwardedHeader, idleTimeout, drainDelay
    case requireHttps, validateHttps, verifyTarget, sendFieldValues, allowTargets, caFile, proxy
    case deliveryProfile, successStatus, retryDelays, retryCycles, cycleDelay, failureLimit
    case deliveryTimeout, deliveryConcurrency, targetConcurrency, missedEvents
    case attemptRetention, attemptLimit, failedRetention, adminToken
    case shutdownTimeout, netserverVersion, maxBodyBytes, maxDepth, maxTextBytes

    /// Whether its value may be `file:PATH`, and is kept out of logs.
    package var isSecret: Bool { self == .adminToken }

    /// Whether its value may hold a password, so that a wrong one is not repeated.
    var mayHoldPassword: Bool { isSecret || self == .proxy || self == .store || self == .publicUrl }

    /// Settings that mean nothing without this one.
    var partners: [Setting] {
        switch self {
        case .tlsCert: [.tlsKey]
        case .tlsKey: [.tlsCert]
        default: []
        }
    }

    /// `retryDelays` → `retry-delays`.
    package var flag: String {
        rawValue.reduce(into: "") { flag, character in
            if character.isUppercase { flag += "-" }
            flag += character.lowercased()
        }
    }
}

extension ServerSettings {
    /// Reads and checks every setting. Throws ``SettingsError`` for the first one that will not do.
    ///
    /// - Parameter tenants: Those of the configuration file; nil for none.
    package init(_ configuration: ConfigReader, tenants: [Tenant]? = nil) async throws {
        self.init()
        let values = SettingReader(configuration: configuration)
        if let address = try await values.string(.listen) {
            guard let parts = HostPort(address) else {
                throw values.refuse(.listen, address, "HOST:PORT, such as 127.0.0.1:8087 or [::1]:8087")
            }
            (host, port) = (parts.host, parts.port)
        }
        if let text = try await values.string(.store) {
            do {
                store = try StoreLocation(text)
            } catch {
                throw SettingsError(Setting.store.flag, error.description)
            }
        }
        isDevelopment = try await values.bool(.dev) ?? false
        allowsRemoteDevelopment = try await values.bool(.allowRemoteDev) ?? false
        if isDevelopment, !allowsRemoteDevelopment, !HostPort.isLoopback(host) {
            throw SettingsError(
                Setting.listen.flag,
                "with --dev anybody who reaches \(host) may call and post to private addresses; listen on 127.0.0.1, or add --allow-remote-dev"
            )
        }
        publicURL = try await values.parse(.publicUrl, expecting: "an http or https URL without a query") { text in
            guard let url = TargetURL(text), !url.host.isEmpty, !text.contains("?") else { return nil }
            return text.hasSuffix("/") ? String(text.dropLast()) : text
        }
        logLevel = try await values.choice(.logLevel) ?? logLevel
        operationErrors = try await values.choice(.operationErrors) ?? operationErrors
        try await readCallers(values, tenants: tenants)
        try await readListener(values)
        try await readSending(values)
        try await readDelivery(values)
        try await readLimits(values)
        adminToken = try await values.secret(.adminToken)
    }

    private mutating func readCallers(_ values: SettingReader, tenants: [Tenant]?) async throws {
        installation.kind = try await values.choice(.installation) ?? .onsite
        if let tenants {
            if let problem = TenantsReader.problems(of: tenants, kind: installation.kind).first {
                throw problem
            }
            installation.tenants = tenants
            if installation.kind == .onsite { installation.tenants[0].id = Installation.defaultTenant }
        } else if installation.kind == .online {
            installation.tenants = []
        }
        guard installation.kind == .onsite || isDevelopment || !installation.tenants.isEmpty else {
            throw SettingsError(
                Setting.installation.flag,
                "online takes a configuration file with tenants (webhook-svc config example)"
            )
        }
        if isDevelopment { installation = installation.addingDocumentedCredentials() }
        ticketLifetime = try await values.duration(.ticketLifetime) ?? ticketLifetime
        guard ticketLifetime > .zero else { throw SettingsError(Setting.ticketLifetime.flag, "it must be more than 0") }
        rules.webhookRight = try await values.choice(.webhookRight) ?? rules.webhookRight
        authorizesWithUsername = try await values.bool(.authorizeWithUsername)
        corsOrigins =
            try await values.parse(.corsOrigins, expecting: AllowedOrigins.form) { AllowedOrigins($0) } ?? corsOrigins
    }

    private mutating func readListener(_ values: SettingReader) async throws {
        let certificate = try await values.string(.tlsCert)
        let key = try await values.string(.tlsKey)
        let ciphers: TLSCiphers = try await values.choice(.tlsCiphers) ?? .modern
        switch (certificate, key) {
        case (let certificate?, let key?):
            do throws(ListenerCertificate.Problem) {
                self.certificate = try ListenerCertificate(
                    .init(certificate: certificate, key: key),
                    ciphers: ciphers
                )
            } catch {
                throw SettingsError(error.isKey ? Setting.tlsKey.flag : Setting.tlsCert.flag, error.text)
            }
        case (nil, nil): break
        case (_?, nil): throw SettingsError(Setting.tlsCert.flag, "it needs tls-key, the certificate's key")
        case (nil, _?): throw SettingsError(Setting.tlsKey.flag, "it needs tls-cert, the certificate")
        }
        idleTimeout = try await values.duration(.idleTimeout) ?? idleTimeout
        guard idleTimeout >= .seconds(1), idleTimeout <= .seconds(3600) else {
            throw SettingsError(Setting.idleTimeout.flag, "it must be from 1s to 1h")
        }
        drainDelay = try await values.duration(.drainDelay) ?? drainDelay
        guard drainDelay <= .seconds(600) else {
            throw SettingsError(Setting.drainDelay.flag, "it must be at most 10m")
        }
        trustedProxies = try await values.ranges(.trustedProxy) ?? []
        forwardedHeader = try await values.choice(.forwardedHeader) ?? forwardedHeader
    }

    private mutating func readSending(_ values: SettingReader) async throws {
        sending.timeout = try await values.duration(.deliveryTimeout) ?? sending.timeout
        guard sending.timeout > .zero, sending.timeout <= .seconds(600) else {
            throw SettingsError(Setting.deliveryTimeout.flag, "it must be more than 0 and at most 10m")
        }
        sending.validatesHTTPS = try await values.bool(.validateHttps) ?? true
        sending.authoritiesFile = try await values.parse(.caFile, expecting: "a file that can be read") { path in
            FileManager.default.isReadableFile(atPath: path) ? path : nil
        }
        let ranges = try await values.ranges(.allowTargets)
        sending.addresses.allowed = ranges ?? []
        // With ranges given, --dev holds to them, so that the policy can be tried on one machine.
        sending.addresses.allowsEverything = isDevelopment && ranges == nil
        sending.proxy = try await values.parse(
            .proxy,
            expecting: "the http URL of a proxy, such as http://10.0.0.5:3128"
        ) {
            TargetURL($0).flatMap { $0.isTLS || $0.path != "/" ? nil : $0 }
        }
    }

    private mutating func readDelivery(_ values: SettingReader) async throws {
        rules.requiresHTTPS = try await values.bool(.requireHttps) ?? !isDevelopment
        rules.verifiesTarget = try await values.bool(.verifyTarget) ?? true
        rules.sendsFieldValues = try await values.bool(.sendFieldValues) ?? false
        rules.missedEvents = try await values.choice(.missedEvents) ?? rules.missedEvents
        try await readPolicy(values)
        rules.success = policy.success
        delivery.concurrency = try await values.int(.deliveryConcurrency, in: 1...10_000) ?? delivery.concurrency
        delivery.perTarget = try await values.int(.targetConcurrency, in: 1...10_000) ?? delivery.perTarget
        delivery.perFailingTarget = min(delivery.perFailingTarget, delivery.perTarget)
        attemptRetention = try await values.duration(.attemptRetention) ?? attemptRetention
        failedRetention = try await values.duration(.failedRetention) ?? failedRetention
        attemptLimit = try await values.int(.attemptLimit, in: 0...1_000_000_000) ?? attemptLimit
        shutdownTimeout = try await values.duration(.shutdownTimeout) ?? shutdownTimeout
        // A claim outlives any attempt under it, so that nobody else takes it while its holder is at work.
        delivery.lease = max(.seconds(30), sending.timeout + .seconds(15))
        delivery.drain = shutdownTimeout
        netServerVersion =
            try await values.parse(.netserverVersion, expecting: "a version such as 8.8.0.0") { text in
                text.isEmpty || text.contains { !$0.isASCII || !($0.isNumber || $0.isLetter || $0 == ".") } ? nil : text
            } ?? netServerVersion
    }

    /// The profile, changed by the single settings.
    private mutating func readPolicy(_ values: SettingReader) async throws {
        let profile: DeliveryProfile = try await values.choice(.deliveryProfile) ?? .netserver
        policy = profile.policy
        policy.success = try await values.choice(.successStatus) ?? policy.success
        if let limit = try await values.int(.failureLimit, in: 0...1_000_000) {
            policy.failureLimit = limit == 0 ? nil : limit
        }
        let delays = try await values.parse(.retryDelays, expecting: "durations such as 1s,4s", DurationText.parseList)
        let cycles = try await values.int(.retryCycles, in: 1...1000)
        let pause = try await values.duration(.cycleDelay)
        guard delays != nil || cycles != nil || pause != nil else { return }
        guard case .cycles(let ownDelays, let ownCycles, let ownPause) = policy.schedule else {
            throw SettingsError(
                Setting.deliveryProfile.flag,
                "retry-delays, retry-cycles and cycle-delay belong to the profile netserver"
            )
        }
        policy.schedule = .cycles(delays: delays ?? ownDelays, count: cycles ?? ownCycles, pause: pause ?? ownPause)
    }

    private mutating func readLimits(_ values: SettingReader) async throws {
        xmlLimits.bytes = try await values.int(.maxBodyBytes, in: 1024...(64 << 20)) ?? xmlLimits.bytes
        // libxml2 itself stops at 256.
        xmlLimits.depth = try await values.int(.maxDepth, in: 8...200) ?? xmlLimits.depth
        xmlLimits.textBytes = try await values.int(.maxTextBytes, in: 1024...(64 << 20)) ?? xmlLimits.textBytes
    }
}

/// Reads single settings and says clearly what is wrong with one.
private struct SettingReader {
    let configuration: ConfigReader

    func refuse(_ setting: Setting, _ value: String, _ expected: String) -> SettingsError {
        let shown = setting.mayHoldPassword && value.contains("@") ? "its value" : "'\(value)'"
        return SettingsError(setting.flag, "\(shown) is not \(expected)")
    }

    func string(_ setting: Setting) async throws -> String? {
        do {
            return try await configuration.fetchString(forKey: ConfigKey([setting.rawValue]))
        } catch {
            throw SettingsError(setting.flag, "its value must be text")
        }
    }

    /// A secret, or the file that holds it as `file:PATH`.
    func secret(_ setting: Setting) async throws -> String? {
        guard let text = try await string(setting), !text.isEmpty else { return nil }
        do {
            let secret = try SecretReference.resolve(text)
            guard !secret.isEmpty else { throw SettingsError(setting.flag, "it is empty") }
            return secret
        } catch let error as SecretReference.Failure {
            throw SettingsError(setting.flag, error.problem)
        }
    }

    func bool(_ setting: Setting) async throws -> Bool? {
        do {
            return try await configuration.fetchBool(forKey: ConfigKey([setting.rawValue]))
        } catch {
            throw SettingsError(setting.flag, "its value must be true or false")
        }
    }

    func int(_ setting: Setting, in range: ClosedRange<Int>) async throws -> Int? {
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        let value: Int?
        do {
            value = try await configuration.fetchInt(forKey: ConfigKey([setting.rawValue]))
        } catch {
            throw SettingsError(setting.flag, "its value must be \(expected)")
        }
        guard let value else { return nil }
        guard range.contains(value) else { throw refuse(setting, String(value), expected) }
        return value
    }

    func duration(_ setting: Setting) async throws -> Duration? {
        try await parse(setting, expecting: "a duration such as 300ms, 15s or 6h") { DurationText.parse($0) }
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ setting: Setting
    ) async throws -> Choice? where Choice.RawValue == String {
        let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        return try await parse(setting, expecting: "one of \(names)") { Choice(rawValue: $0) }
    }

    func ranges(_ setting: Setting) async throws -> [AddressRange]? {
        try await parse(setting, expecting: "address ranges such as 10.1.0.0/16,fd00::/8") { text in
            let parts = text.split(separator: ",")
            let ranges = parts.compactMap { AddressRange(String($0.trimmingPrefix(" "))) }
            return ranges.count == parts.count ? ranges : nil
        }
    }

    func parse<Value>(
        _ setting: Setting,
        expecting expected: String,
        _ parse: (String) -> Value?
    ) async throws -> Value? {
        guard let text = try await string(setting) else { return nil }
        guard let value = parse(text) else { throw refuse(setting, text, expected) }
        return value
    }
}
