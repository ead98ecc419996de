import ArgumentParser
import Configuration
import Foundation
import WebhookServer

/// The flags of `serve`: one for each ``Setting``.
struct ServeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Address to listen on (default: 127.0.0.1:8087).", valueName: "host:port"))
    var listen: String?
    @Option(
        help: ArgumentHelp(
            "Where state is kept: sqlite:PATH, postgres://... or memory: (default: sqlite:./webhooks.db).",
            valueName: "url"
        )
    )
    var store: String?
    @Option(help: ArgumentHelp("Configuration file, JSON.", valueName: "file"))
    var config: String?
    @Flag(help: "For trials on one machine: NetServer's documented credentials work, http targets are allowed.")
    var dev = false
    @Flag(help: "Let --dev listen on an address that other machines reach.")
    var allowRemoteDev = false
    @Option(
        help: ArgumentHelp(
            "URL that stands before /Remote in the WSDL (default: the host that was asked).",
            valueName: "url"
        )
    )
    var publicUrl: String?
    @Option(
        help: ArgumentHelp(
            "trace, debug, info, notice, warning, error or critical (default: info).",
            valueName: "level"
        )
    )
    var logLevel: String?
    @Option(
        help: ArgumentHelp(
            "How failed operations are answered: header (as NetServer does) or fault (default: header).",
            valueName: "how"
        )
    )
    var operationErrors: String?
    @Option(
        help: ArgumentHelp(
            "onsite, with one tenant, or online, with tenants in paths and application tokens (default: onsite).",
            valueName: "kind"
        )
    )
    var installation: String?
    @Option(help: ArgumentHelp("How long a ticket lives after its last use (default: 6h).", valueName: "duration"))
    var ticketLifetime: String?
    @Option(
        help: ArgumentHelp(
            "What users need the right 'webhooks' for: everything, except-signal or nothing (default: except-signal).",
            valueName: "what"
        )
    )
    var webhookRight: String?
    @Option(
        help: ArgumentHelp(
            "Whether REST takes Authorization: Basic, true or false (default: true on-site, false online).",
            valueName: "bool"
        )
    )
    var authorizeWithUsername: Bool?
    @Option(
        help: ArgumentHelp(
            "Origins whose web pages may call the REST API, such as https://app.example.com; * is any (default: none).",
            valueName: "origins"
        )
    )
    var corsOrigins: String?
    @Option(
        help: ArgumentHelp(
            "Certificate to listen with, PEM, read anew on SIGHUP (default: none, plain HTTP).",
            valueName: "file"
        )
    )
    var tlsCert: String?
    @Option(help: ArgumentHelp("The certificate's private key, PEM.", valueName: "file"))
    var tlsKey: String?
    @Option(
        help: ArgumentHelp(
            "Ciphers of TLS 1.2: modern, or legacy for clients such as Windows Server 2012 R2's (default: modern).",
            valueName: "which"
        )
    )
    var tlsCiphers: String?
    @Option(
        help: ArgumentHelp(
            "How long a connection may be idle, longer than proxies in front keep theirs (default: 180s).",
            valueName: "duration"
        )
    )
    var idleTimeout: String?
    @Option(
        help: ArgumentHelp(
            "Proxies that are believed about who asks, and how (default: none).",
            valueName: "ranges"
        )
    )
    var trustedProxy: String?
    @Option(
        help: ArgumentHelp(
            "The headers in which they say it: x-forwarded or forwarded (default: x-forwarded).",
            valueName: "which"
        )
    )
    var forwardedHeader: String?
    @Option(help: ArgumentHelp("Whether targets must be https (default: true, with --dev false).", valueName: "bool"))
    var requireHttps: Bool?
    @Option(help: ArgumentHelp("Whether https targets need a valid certificate (default: true).", valueName: "bool"))
    var validateHttps: Bool?
    @Option(
        help: ArgumentHelp("Whether saving first sends a test event to the target (default: true).", valueName: "bool")
    )
    var verifyTarget: Bool?
    @Option(
        help: ArgumentHelp(
            "Whether deliveries carry the event's values as FieldValues (default: false).",
            valueName: "bool"
        )
    )
    var sendFieldValues: Bool?
    @Option(
        help: ArgumentHelp(
            "Ranges that targets may be in although not public (default: none, with --dev all).",
            valueName: "ranges"
        )
    )
    var allowTargets: String?
    @Option(help: ArgumentHelp("PEM file of authorities to trust beside the system's.", valueName: "file"))
    var caFile: String?
    @Option(help: ArgumentHelp("HTTP proxy that all notifications go through.", valueName: "url"))
    var proxy: String?
    @Option(help: ArgumentHelp("Policy of delivery: netserver or durable (default: netserver).", valueName: "profile"))
    var deliveryProfile: String?
    @Option(
        help: ArgumentHelp("Statuses that mean delivered: 200 or 2xx (default: the profile's).", valueName: "status")
    )
    var successStatus: String?
    @Option(help: ArgumentHelp("Waits between the attempts of a cycle (default: 1s,4s).", valueName: "durations"))
    var retryDelays: String?
    @Option(help: ArgumentHelp("Cycles of attempts before a delivery fails (default: 3).", valueName: "count"))
    var retryCycles: Int?
    @Option(help: ArgumentHelp("Wait between two cycles (default: 10s).", valueName: "duration"))
    var cycleDelay: String?
    @Option(
        help: ArgumentHelp(
            "Time for one attempt, from connecting to the end of the answer (default: 15s).",
            valueName: "duration"
        )
    )
    var deliveryTimeout: String?
    @Option(help: ArgumentHelp("Deliveries in flight at most (default: 512).", valueName: "count"))
    var deliveryConcurrency: Int?
    @Option(help: ArgumentHelp("The same to one webhook's target (default: 64).", valueName: "count"))
    var targetConcurrency: Int?
    @Option(
        help: ArgumentHelp(
            "Failed attempts in a row, and over time, that make a webhook TooManyErrors; 0 for never (default: the profile's).",
            valueName: "count"
        )
    )
    var failureLimit: Int?
    @Option(
        help: ArgumentHelp(
            "What becomes of events for a webhook that is TooManyErrors: record, park or drop (default: record).",
            valueName: "what"
        )
    )
    var missedEvents: String?
    @Option(help: ArgumentHelp("How long attempts are kept on record (default: 7d).", valueName: "duration"))
    var attemptRetention: String?
    @Option(help: ArgumentHelp("Attempts kept on record at most (default: 1000000).", valueName: "count"))
    var attemptLimit: Int?
    @Option(
        help: ArgumentHelp("How long failed and missed deliveries are kept (default: 30d).", valueName: "duration")
    )
    var failedRetention: String?
    @Option(
        help: ArgumentHelp(
            "Opens /admin/v1 to whoever has it; file:PATH reads it from a file (default: closed).",
            valueName: "token"
        )
    )
    var adminToken: String?
    @Option(
        help: ArgumentHelp(
            "Time for which calls are still taken after SIGTERM, while /readyz says 503 (default: 0s).",
            valueName: "duration"
        )
    )
    var drainDelay: String?
    @Option(
        help: ArgumentHelp("Time for what is in flight when the service stops (default: 15s).", valueName: "duration")
    )
    var shutdownTimeout: String?
    @Option(
        help: ArgumentHelp("Version in User-Agent: NetServer-Webhook/VERSION (default: 8.8.0.0).", valueName: "version")
    )
    var netserverVersion: String?
    @Option(help: ArgumentHelp("Size of a request, unpacked, in bytes (default: 1048576).", valueName: "bytes"))
    var maxBodyBytes: Int?
    @Option(help: ArgumentHelp("Nesting of a request's elements (default: 64).", valueName: "levels"))
    var maxDepth: Int?
    @Option(help: ArgumentHelp("Text of one element, in bytes (default: 1048576).", valueName: "bytes"))
    var maxTextBytes: Int?

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

    private var values: [AbsoluteConfigKey: ConfigValue] {
        let given: [Setting: ConfigContent?] = [
            .listen: text(listen), .store: text(store), .dev: dev ? .bool(true) : nil,
            .allowRemoteDev: allowRemoteDev ? .bool(true) : nil, .publicUrl: text(publicUrl), .logLevel: text(logLevel),
            .operationErrors: text(operationErrors), .installation: text(installation),
            .ticketLifetime: text(ticketLifetime), .webhookRight: text(webhookRight),
            .authorizeWithUsername: flag(authorizeWithUsername), .corsOrigins: text(corsOrigins),
            .tlsCert: text(tlsCert),
            .tlsKey: text(tlsKey), .tlsCiphers: text(tlsCiphers), .idleTimeout: text(idleTimeout),
            .drainDelay: text(drainDelay), .trustedProxy: text(trustedProxy), .forwardedHeader: text(forwardedHeader),
            .requireHttps: flag(requireHttps),
            .validateHttps: flag(validateHttps), .verifyTarget: flag(verifyTarget),
            .sendFieldValues: flag(sendFieldValues), .allowTargets: text(allowTargets), .caFile: text(caFile),
            .proxy: text(proxy), .deliveryProfile: text(deliveryProfile), .successStatus: text(successStatus),
            .retryDelays: text(retryDelays), .retryCycles: number(retryCycles), .cycleDelay: text(cycleDelay),
            .deliveryTimeout: text(deliveryTimeout), .deliveryConcurrency: number(deliveryConcurrency),
            .targetConcurrency: number(targetConcurrency), .failureLimit: number(failureLimit),
            .missedEvents: text(missedEvents),
            .attemptRetention: text(attemptRetention), .attemptLimit: number(attemptLimit),
            .failedRetention: text(failedRetention), .adminToken: text(adminToken),
            .shutdownTimeout: text(shutdownTimeout), .netserverVersion: text(netserverVersion),
            .maxBodyBytes: number(maxBodyBytes), .maxDepth: number(maxDepth), .maxTextBytes: number(maxTextBytes),
        ]
        return given.reduce(into: [:]) { values, entry in
            guard let content = entry.value else { return }
            values[AbsoluteConfigKey([entry.key.rawValue])] = ConfigValue(content, isSecret: entry.key.isSecret)
        }
    }

    private func text(_ value: String?) -> ConfigContent? { value.map(ConfigContent.string) }
    private func flag(_ value: Bool?) -> ConfigContent? { value.map(ConfigContent.bool) }
    private func number(_ value: Int?) -> ConfigContent? { value.map(ConfigContent.int) }
}
