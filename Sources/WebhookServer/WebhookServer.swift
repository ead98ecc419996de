package import AgentCore
import AgentStores
import Foundation
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import SOAP
import ServiceLifecycle
import WebhookDelivery
import XML

/// The whole service, wired: store, agent, delivery engine and fronts.
package struct WebhookServer: Service, CustomStringConvertible {
    /// Services are logged as they describe themselves, and what this one holds is secret.
    package var description: String { "WebhookServer" }

    private let settings: ServerSettings
    private let callers: any CallerDirectory
    private let sender: (any NotificationSender)?
    private let logger: Logger
    private let onListening: @Sendable (Int) async -> Void

    /// How long a connection may be idle.
    private static let idleTimeout = TimeAmount.seconds(120)
    /// How long a request may take to arrive.
    private static let requestTime = TimeAmount.seconds(60)
    /// How much of a body that is too long is thrown away for the sake of a clear answer, in bytes.
    private static let discardedBytes = 32 << 20

    /// - Parameters:
    ///   - callers: Who may call; nil for what the settings say.
    ///   - sender: Sends notifications; nil for the real one.
    ///   - onListening: Gets the port once requests are taken.
    package init(
        settings: ServerSettings,
        logger: Logger,
        callers: (any CallerDirectory)? = nil,
        sender: (any NotificationSender)? = nil,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.settings = settings
        self.logger = logger
        self.callers = callers ?? (settings.isDevelopment ? FixedCallers.documented : FixedCallers([:]))
        self.sender = sender
        self.onListening = onListening
    }

    /// Serves until graceful shutdown. Throws ``StoreError`` when the store cannot be opened, and what the listener
    /// throws when the address cannot be had.
    package func run() async throws {
        let store = try settings.store.open()
        guard let sender else {
            let sender = try SocketSender(version: settings.netServerVersion, settings: settings.sending)
            do {
                try await run(store: store, sender: sender)
            } catch {
                await sender.shutdown()
                throw error
            }
            return await sender.shutdown()
        }
        try await run(store: store, sender: sender)
    }

    private func run(store: any AgentStore, sender: any NotificationSender) async throws {
        let registry = MetricsRegistry()
        let engine = DeliveryEngine(
            queue: store,
            sender: sender,
            policy: settings.policy,
            metrics: EngineMetrics(factory: registry),
            settings: settings.delivery,
            logger: logger
        )
        let agent = WebhookAgent(store: store, sender: sender, rules: settings.rules, logger: logger)
        // Stopped from the last to the first: no more calls, then what is in flight.
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: LogPruning(log: store, settings: settings, logger: logger)),
                    .init(service: engine),
                    .init(
                        service: application(
                            agent: agent,
                            store: store,
                            registry: registry,
                            inFlight: { engine.inFlight }
                        )
                    ),
                ],
                logger: logger
            )
        )
        try await group.run()
    }

    private func announce(port: Int) {
        let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
        logger.notice(
            "listening",
            metadata: [
                "url": "http://\(host):\(port)/Remote/\(ServiceNumber.services87.name)/\(ServiceName.webhook.file)",
                "store": "\(settings.store.display)", "dev": "\(settings.isDevelopment)",
            ]
        )
    }

    private func application(
        agent: WebhookAgent,
        store: any AgentStore,
        registry: MetricsRegistry,
        inFlight: @escaping @Sendable () -> Int
    ) -> some Service {
        var descriptions: [Route: ServiceDescription] = [:]
        for name in ServiceName.allCases {
            for number in ServiceNumber.allCases {
                descriptions[.service(name, number)] = ServiceDescription(name: name, number: number)
            }
        }
        let responder = FrontResponder(
            soap: SOAPFront(
                reader: EnvelopeReader(limits: settings.xmlLimits),
                agent: agent,
                callers: callers,
                operationErrors: settings.operationErrors,
                metrics: registry
            ),
            admin: AdminFront(
                log: store,
                token: settings.adminToken,
                isDevelopment: settings.isDevelopment,
                request: NotificationRequest(version: settings.netServerVersion),
                inFlight: inFlight
            ),
            metrics: MetricsFront(registry: registry, log: store),
            descriptions: descriptions,
            store: store,
            maximumBodyBytes: settings.xmlLimits.bytes,
            publicURL: settings.publicURL,
            listenAddress: "\(settings.host):\(settings.port)"
        )
        return Application(
            responder: responder,
            server: HTTPServerBuilder { responder in
                LegacyHTTPChannel(
                    responder: responder,
                    idleTimeout: Self.idleTimeout,
                    limits: .init(
                        discardedBytes: settings.xmlLimits.bytes + Self.discardedBytes,
                        requestTime: Self.requestTime
                    )
                )
            },
            configuration: .init(
                address: .hostname(settings.host, port: settings.port),
                availableConnectionsDelegate: MaximumAvailableConnections(FileDescriptors.connections)
            ),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? 0
                announce(port: port)
                await onListening(port)
            },
            logger: logger
        )
    }
}
