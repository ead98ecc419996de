import AdminServing
import AgentCore
import Cryptography
import DeliveryTransport
import Foundation
import HTTPServing
import Hummingbird
import HummingbirdCore
import JSON
import ListenerCertificates
package import Logging
import NIOCore
import NetServerREST
import NetServerSOAP
import Networking
import PrometheusMetrics
import RequestOrigins
import SOAP
package import ServerConfiguration
import ServiceLifecycle
import StoreContracts
import Stores
import WebhookDelivery
package import WebhookModel
import XML

/// The whole service: puts the store, the agents, the delivery engine and the services together.
package struct WebhookServer: Service, CustomStringConvertible {
    /// Services are logged as they describe themselves, and what this one holds is secret.
    package var description: String { "WebhookServer" }

    private let settings: ServerSettings
    private let sender: (any NotificationSender)?
    private let logger: Logger
    private let reloads: any AsyncSequence<Void, Never> & Sendable
    private let now: @Sendable () -> Timestamp
    private let onListening: @Sendable (Int) async -> Void

    /// How long a request may take to arrive.
    private static let requestTime = TimeAmount.seconds(60)
    /// How much of a body that is too long is thrown away for the sake of a clear answer, in bytes.
    private static let discardedBytes = 32 << 20

    /// - Parameters:
    ///   - sender: Sends notifications; nil for the real one.
    ///   - reloads: Asks for the listener's certificate to be read anew.
    ///   - now: The clock of tickets and logins.
    ///   - onListening: Gets the port once requests are taken.
    package init(
        settings: ServerSettings,
        logger: Logger,
        sender: (any NotificationSender)? = nil,
        reloads: any AsyncSequence<Void, Never> & Sendable = AsyncStream { $0.finish() },
        now: @escaping @Sendable () -> Timestamp = { Timestamp(Date()) },
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        (self.settings, self.logger, self.sender) = (settings, logger, sender)
        (self.reloads, self.now, self.onListening) = (reloads, now, onListening)
    }

    /// Serves until graceful shutdown. Throws ``StoreError`` when the store cannot be opened, what the listener throws when
    /// the address cannot be had, and an error that says so when the process may have too few file descriptors.
    package func run() async throws {
        let limit = DescriptorBudget.raisedLimit()
        let wanted = (settings.delivery.concurrency, settings.sending.idleConnections)
        let budget = try DescriptorBudget(limit: limit, deliveries: wanted.0, idleConnections: wanted.1)
        budget.log(deliveries: wanted.0, idleConnections: wanted.1, limit: limit, to: logger)
        let (store, closeStore) = try await settings.store.open(logger: logger)
        // After everything that works with the store, also where a service has failed and the others were cancelled.
        do {
            try await run(store: store, budget: budget)
        } catch {
            await closeStore()
            throw error
        }
        await closeStore()
    }

    private func run(store: any AgentStore, budget: DescriptorBudget) async throws {
        guard let sender else {
            var sending = settings.sending
            sending.idleConnections = budget.idleConnections
            let sender = try SocketSender(version: settings.netServerVersion, settings: sending)
            do {
                try await run(store: store, sender: sender, budget: budget)
            } catch {
                await sender.shutdown()
                throw error
            }
            return await sender.shutdown()
        }
        try await run(store: store, sender: sender, budget: budget)
    }

    private func run(
        store: any AgentStore,
        sender: any NotificationSender,
        budget: DescriptorBudget
    ) async throws {
        let registry = MetricsRegistry()
        var delivery = settings.delivery
        delivery.sendsFieldValues = settings.rules.sendsFieldValues
        delivery.missedEvents = settings.rules.missedEvents
        delivery.concurrency = budget.deliveries
        let engine = DeliveryEngine(
            queue: store,
            sender: sender,
            policy: settings.policy,
            metrics: EngineMetrics(factory: registry),
            settings: delivery,
            logger: logger
        )
        let ids = RandomIDs()
        let webhooks = WebhookAgent(
            store: store,
            sender: BoundedSender(sender, limit: budget.tests),
            rules: settings.rules,
            logger: logger,
            makeID: { ids.next() }
        )
        let logins = LoginCounters(factory: registry)
        let principals = PrincipalAgent(
            installation: settings.installation,
            sessions: store,
            cryptography: OpenSSLCryptography(),
            ticketLifetime: settings.ticketLifetime,
            logger: logger,
            now: now,
            onLogin: { logins.increment($0.rawValue) }
        )
        warnOfNobody()
        let drain = Drain()
        let tasks = DirectCallTasks()
        let reload = CertificateReload(
            certificate: settings.certificate,
            host: settings.knownHost,
            requests: reloads,
            logger: logger
        )
        // Stopped from the last to the first: no more calls, then what is in flight.
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: Pruning(store: store, principals: principals, settings: settings, logger: logger)),
                    .init(service: engine),
                    .init(service: MemoryRelease(logger: logger)),
                    .init(service: reload),
                    .init(service: tasks),
                    .init(
                        service: application(
                            webhooks: webhooks,
                            principals: principals,
                            store: store,
                            registry: registry,
                            budget: budget,
                            drain: drain,
                            tasks: tasks,
                            inFlight: { engine.inFlight }
                        )
                    ),
                    .init(service: DrainService(drain: drain, delay: settings.drainDelay, logger: logger)),
                ],
                logger: logger
            )
        )
        try await group.run()
    }

    /// A service that nobody may call has most likely been started without its configuration file.
    private func warnOfNobody() {
        guard settings.installation.tenants.allSatisfy({ $0.users.isEmpty }) else { return }
        logger.warning("no users are configured, so nobody can log in (setting config; for a trial, dev)")
    }

    private func announce(port: Int) {
        let address = HostPort(host: settings.host, port: port)
        let scheme = settings.certificate == nil ? "http" : "https"
        let tenant = settings.installation.kind == .onSite ? "" : "/{tenant}"
        logger.notice(
            "listening",
            metadata: [
                "url":
                    "\(scheme)://\(address)\(tenant)/Remote/\(ServiceNumber.services87.name)/\(ServiceName.webhook.file)",
                "store": "\(settings.store.display)", "dev": "\(settings.isDevelopment)",
            ]
        )
    }

    private func application(
        webhooks: WebhookAgent,
        principals: PrincipalAgent,
        store: any AgentStore,
        registry: MetricsRegistry,
        budget: DescriptorBudget,
        drain: Drain,
        tasks: DirectCallTasks,
        inFlight: @escaping @Sendable () -> Int
    ) -> some Service {
        let counters = RequestCounters(factory: registry)
        let limits = settings.requestLimits
        let responder = ServiceResponder(
            soap: SOAPService(
                reader: EnvelopeReader(limits: XMLLimits(limits)),
                webhooks: webhooks,
                principals: principals,
                system: SystemInfo(version: settings.netServerVersion, databaseType: settings.store.databaseType),
                operationErrors: settings.operationErrors
            ),
            counters: counters,
            rest: RESTService(
                webhooks: webhooks,
                principals: principals,
                json: JSONReader(limits: .init(limits)),
                xml: XMLReader(limits: XMLLimits(limits)),
                maximumBodyBytes: limits.bodyBytes,
                version: settings.netServerVersion,
                origins: settings.corsOrigins,
                allowsBasic: settings.authorizesWithUsername ?? (settings.installation.kind == .onSite),
                counters: counters,
                now: now
            ),
            principals: principals,
            origins: RequestOriginReader(
                trustedProxies: settings.trustedProxies,
                header: settings.forwardedHeader,
                isTLS: settings.certificate != nil
            ),
            admin: AdminService(
                store: store,
                principals: principals,
                ticketLifetime: settings.ticketLifetime,
                token: settings.adminToken,
                isDevelopment: settings.isDevelopment,
                request: NotificationRequest(version: settings.netServerVersion),
                inFlight: inFlight
            ),
            metrics: MetricsEndpoint(registry: registry, store: store),
            descriptions: ServiceDescriptions(),
            store: store,
            maximumBodyBytes: limits.bodyBytes,
            publicURL: settings.publicURL,
            listenAddress: HostPort(host: settings.host, port: settings.port).description,
            drain: drain,
            trialGuard: TrialGuard(isDevelopment: settings.isDevelopment, isRemote: settings.allowsRemoteDevelopment),
            tasks: tasks
        )
        let table = ConnectionTable(
            limits: .init(
                connections: budget.connections,
                perNetwork: max(16, budget.connections / 4),
                unfinishedBytes: max(128 << 20, 8 * limits.bodyBytes)
            ),
            proxies: settings.trustedProxies
        )
        let calls = SOAPCalls(responder: responder)
        return Application(
            responder: CallTasks(responder),
            server: HTTPServerBuilder { responder in
                GuardedHTTPChannel(
                    responder: responder,
                    calls: calls,
                    idleTimeout: TimeAmount(settings.idleTimeout),
                    limits: .init(
                        passedBytes: limits.bodyBytes + 1,
                        discardedBytes: limits.bodyBytes + Self.discardedBytes,
                        requestTime: Self.requestTime
                    ),
                    certificate: settings.certificate,
                    table: table,
                    drain: drain
                )
            },
            configuration: .init(
                address: .hostname(settings.host, port: settings.port),
                availableConnectionsDelegate: MaximumAvailableConnections(
                    budget.connections + ConnectionTable.Limits.headroom
                )
            ),
            onServerRunning: { channel in
                drain.listens(on: channel)
                let port = channel.localAddress?.port ?? 0
                announce(port: port)
                await onListening(port)
            },
            logger: logger
        )
    }
}
