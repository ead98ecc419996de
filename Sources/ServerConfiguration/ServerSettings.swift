package import AgentCore
package import DeliveryTransport
import HTTPServing
package import ListenerCertificates
package import Logging
package import NetServerSOAP
package import Networking
package import RequestOrigins
package import StoreContracts
package import Stores
package import WebhookDelivery

/// Everything that `serve` can be told, checked. ``Setting/all`` lists the settings that values come from.
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
    package var installation = Installation(kind: .onSite, tenants: [Tenant(id: Installation.defaultTenant)])
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
    package var rules = AgentRules(httpsRemedy: "setting require-https-targets")
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
    package var sending = SocketSender.Settings(remedies: [
        .addresses: "setting allow-private-targets", .timeout: "setting delivery-timeout",
        .certificates: "settings verify-target-certificates, ca-file", .proxy: "setting proxy",
    ])
    /// How long calls are still taken when the service has been told to stop.
    package var drainDelay = Duration.zero
    /// How long what is in flight may go on when the service stops.
    package var shutdownTimeout = Duration.seconds(15)
    /// The version in `User-Agent`.
    package var netServerVersion = "8.8.0.0"
    /// What one request may cost to read.
    package var requestLimits = RequestLimits()
    /// The deprecated spellings that values were given in.
    package internal(set) var deprecations: [Deprecation] = []
    /// Settings that take effect only together with other settings, as they were given.
    var choices = Choices()

    /// Creates settings that are all at their defaults.
    package init() {}

    /// Given values that work on the other members once all are read.
    struct Choices: Sendable {
        var certificate: String?
        var key: String?
        var ciphers = TLSCiphers.modern
        var requiresHTTPS: Bool?
        var privateTargets: [AddressRange]?
        var profile = DeliveryProfile.netserver
        var success: DeliveryPolicy.Success?
        /// 0 for none.
        var failureLimit: Int?
        var retryDelays: [Duration]?
        var retryCycles: Int?
        var cycleDelay: Duration?
    }

    /// ``host`` and ``port``.
    var address: HostPort {
        get { HostPort(host: host, port: port) }
        set { (host, port) = (newValue.host, newValue.port) }
    }

    /// The host that clients know the service by: that of the public URL, else the one listened on; nil where that tells
    /// nothing, because proxies or forwarded ports stand before a loopback address, or many addresses are listened on.
    package var knownHost: String? {
        if let publicURL { return TargetURL(publicURL)?.host }
        return HostPort.isLoopback(host) || host == "0.0.0.0" || host == "::" ? nil : host
    }
}

/// What one request may cost to read, in whichever format it is.
package struct RequestLimits: Sendable, Hashable {
    /// Size of the body, unpacked, in bytes.
    package var bodyBytes = 1 << 20
    /// How deep elements, objects and arrays may be nested.
    package var depth = 64
    /// Size of one element's text, or one string, in bytes of UTF-8.
    package var textBytes = 1 << 20

    /// Creates limits that are all at their defaults.
    package init() {}
}

/// The ready-made policies of delivery.
package enum DeliveryProfile: String, CaseIterable, Sendable {
    /// Delivers as NetServer does.
    case netserver
    /// Tries for days instead of seconds.
    case durable

    var policy: DeliveryPolicy {
        switch self {
        case .netserver: .netServer
        case .durable: .durable
        }
    }
}
