package import AgentCore
package import AgentStores
package import Configuration
package import Logging
package import WebhookDelivery
package import XML

/// Everything that `serve` can be told, checked. Values come from flags, then `WEBHOOK_SVC_...` variables, then the
/// configuration file; see ``Setting`` for their names.
package struct ServerSettings: Sendable {
    package var host = "127.0.0.1"
    package var port = 8087
    package var store: StoreLocation = .sqlite(path: "./webhooks.db")
    package var isDevelopment = false
    /// Stands before `/Remote` in the WSDL's address; nil to take the host that was asked.
    package var publicURL: String?
    package var logLevel = Logger.Level.info
    package var operationErrors = OperationErrors.header
    package var rules = AgentRules()
    package var validatesHTTPS = true
    package var retries = RetryPolicy()
    package var delivery = DeliveryEngine.Settings()
    package var deliveryTimeout = Duration.seconds(15)
    package var shutdownTimeout = Duration.seconds(15)
    package var netServerVersion = "8.8.0.0"
    package var xmlLimits = XMLLimits()

    package init() {}
}

/// The names of the settings. The raw value is the key in the configuration file; the flag is the same in kebab case, the
/// environment variable in upper snake case behind `WEBHOOK_SVC_`.
package enum Setting: String, CaseIterable, Sendable {
    case listen, store, dev, allowRemoteDev, publicUrl, logLevel, operationErrors
    case requireHttps, validateHttps, verifyTarget, sendFieldValues
    case successStatus, retryDelays, retryCycles, cycleDelay, deliveryTimeout, deliveryConcurrency
    case shutdownTimeout, netserverVersion, maxBodyBytes, maxDepth, maxTextBytes

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
    package init(_ configuration: ConfigReader) async throws {
        self.init()
        let values = SettingReader(configuration: configuration)
        if let address = try await values.string(.listen) {
            guard let (host, port) = Self.hostAndPort(address) else {
                throw values.refuse(.listen, address, "HOST:PORT, such as 127.0.0.1:8087 or [::1]:8087")
            }
            (self.host, self.port) = (host, port)
        }
        store = try await values.parse(.store, expecting: StoreLocation.forms) { StoreLocation($0) } ?? store
        isDevelopment = try await values.bool(.dev) ?? false
        if isDevelopment, try await values.bool(.allowRemoteDev) != true, !Self.isLoopback(host) {
            throw SettingsError(
                Setting.listen.flag,
                "with --dev anybody who reaches \(host) may call and post to private addresses; listen on 127.0.0.1, or add --allow-remote-dev"
            )
        }
        publicURL = try await values.parse(.publicUrl, expecting: "an http or https URL without a query") { text in
            guard text.hasPrefix("http://") || text.hasPrefix("https://"), !text.contains("?") else { return nil }
            return text.hasSuffix("/") ? String(text.dropLast()) : text
        }
        logLevel = try await values.choice(.logLevel) ?? logLevel
        operationErrors = try await values.choice(.operationErrors) ?? operationErrors
        try await readDelivery(values)
        try await readLimits(values)
    }

    private mutating func readDelivery(_ values: SettingReader) async throws {
        rules.requiresHTTPS = try await values.bool(.requireHttps) ?? !isDevelopment
        validatesHTTPS = try await values.bool(.validateHttps) ?? true
        rules.verifiesTarget = try await values.bool(.verifyTarget) ?? true
        rules.sendsFieldValues = try await values.bool(.sendFieldValues) ?? false
        retries.success = try await values.choice(.successStatus) ?? retries.success
        retries.delays =
            try await values.parse(.retryDelays, expecting: "durations such as 1s,4s", DurationText.parseList)
            ?? retries.delays
        retries.cycles = try await values.int(.retryCycles, in: 1...1000) ?? retries.cycles
        retries.cycleDelay = try await values.duration(.cycleDelay) ?? retries.cycleDelay
        deliveryTimeout = try await values.duration(.deliveryTimeout) ?? deliveryTimeout
        guard deliveryTimeout > .zero, deliveryTimeout <= .seconds(600) else {
            throw SettingsError(Setting.deliveryTimeout.flag, "it must be more than 0 and at most 10m")
        }
        delivery.concurrency = try await values.int(.deliveryConcurrency, in: 1...10_000) ?? delivery.concurrency
        shutdownTimeout = try await values.duration(.shutdownTimeout) ?? shutdownTimeout
        // A claim outlives any attempt under it, so that nobody else takes it while its holder is at work.
        delivery.lease = max(.seconds(30), deliveryTimeout + .seconds(15))
        delivery.drain = shutdownTimeout
        netServerVersion =
            try await values.parse(.netserverVersion, expecting: "a version such as 8.8.0.0") { text in
                text.isEmpty || text.contains { !$0.isASCII || !($0.isNumber || $0.isLetter || $0 == ".") } ? nil : text
            } ?? netServerVersion
    }

    private mutating func readLimits(_ values: SettingReader) async throws {
        xmlLimits.bytes = try await values.int(.maxBodyBytes, in: 1024...(64 << 20)) ?? xmlLimits.bytes
        // libxml2 itself stops at 256.
        xmlLimits.depth = try await values.int(.maxDepth, in: 8...200) ?? xmlLimits.depth
        xmlLimits.textBytes = try await values.int(.maxTextBytes, in: 1024...(64 << 20)) ?? xmlLimits.textBytes
    }

    private static func hostAndPort(_ text: String) -> (String, Int)? {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port)
        else { return nil }
        var host = text[..<colon]
        if host.first == "[", host.last == "]" { host = host.dropFirst().dropLast() }
        return host.isEmpty ? nil : (String(host), port)
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }
}

/// Reads single settings and says clearly what is wrong with one.
private struct SettingReader {
    let configuration: ConfigReader

    func refuse(_ setting: Setting, _ value: String, _ expected: String) -> SettingsError {
        SettingsError(setting.flag, "'\(value)' is not \(expected)")
    }

    func string(_ setting: Setting) async throws -> String? {
        do {
            return try await configuration.fetchString(forKey: ConfigKey([setting.rawValue]))
        } catch {
            throw SettingsError(setting.flag, "its value must be text")
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
