package import NIOCore
package import NIOPosix
import NIOSSL
package import NameResolution
package import Networking
import Synchronization
package import WebhookModel

/// Sends notifications over SwiftNIO: signs, resolves, checks every address, connects to the address that was checked,
/// posts, and reads the answer up to a bound. Redirects are not followed (docs/contract.md#section-7).
package final class SocketSender: NotificationSender {
    /// How targets are reached.
    package struct Settings: Sendable {
        /// The time from the connection to the end of the answer. The look-up of the name has a bound of its own.
        package var timeout: Duration
        /// Whether the certificate of an `https` target must be valid.
        package var validatesHTTPS: Bool
        /// The PEM file of authorities that are trusted beside the system's.
        package var authoritiesFile: String?
        /// Which addresses may be called.
        package var addresses: AddressPolicy
        /// The HTTP proxy that everything goes through.
        package var proxy: TargetURL?
        /// How many connections, to all targets together, are kept for the next notification. Each holds a file descriptor.
        package var idleConnections: Int
        /// How the texts of failures name what an operator can change. Texts leave out what has no words here.
        package var remedies: [SendRemedy: String]

        /// Creates settings. A setting that is not given has its default.
        package init(
            timeout: Duration = .seconds(15),
            validatesHTTPS: Bool = true,
            authoritiesFile: String? = nil,
            addresses: AddressPolicy = AddressPolicy(),
            proxy: TargetURL? = nil,
            idleConnections: Int = 256,
            remedies: [SendRemedy: String] = [:]
        ) {
            self.timeout = timeout
            self.validatesHTTPS = validatesHTTPS
            self.authoritiesFile = authoritiesFile
            self.addresses = addresses
            self.proxy = proxy
            self.idleConnections = idleConnections
            self.remedies = remedies
        }
    }

    /// Runs work on an event loop after an amount of time, unless the work is cancelled before.
    package typealias Scheduling =
        @Sendable (
            _ amount: TimeAmount, _ loop: any EventLoop, _ work: @escaping @Sendable () -> Void
        ) -> Scheduled<Void>

    private let settings: Settings
    private let request: NotificationRequest
    private let route: TargetRoute
    private let targets: PreparedTargets
    private let pool: ConnectionPool
    private let lanes: [SendingLane]
    private let turn = Atomic<Int>(0)

    /// - Parameters:
    ///   - version: What follows `NetServer-Webhook/` in `User-Agent`.
    ///   - resolver: Looks names up.
    ///   - schedule: Sets the alarms that end the time of a notification, and the time of a target to end its connection.
    ///   - time: Tells the time by which a standstill of this process is noticed.
    ///
    /// Throws when the authorities' file cannot be read.
    package init(
        version: String,
        settings: Settings,
        resolver: any NameResolver = SystemResolver(),
        group: MultiThreadedEventLoopGroup = .singleton,
        schedule: @escaping Scheduling = { amount, loop, work in loop.scheduleTask(in: amount, work) },
        time: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) throws {
        self.settings = settings
        request = NotificationRequest(version: version)
        route = try TargetRoute(settings: settings, resolver: resolver)
        targets = PreparedTargets(request: request, route: route)
        pool = ConnectionPool(limit: settings.idleConnections)
        lanes = group.makeIterator().map { SendingLane(loop: $0, time: time, schedule: schedule) }
        for lane in lanes { lane.start(pool) }
    }

    /// Ends all connections. A connection that is in use ends after its exchange.
    package func shutdown() async {
        pool.close()
        for lane in lanes { try? await lane.stop().get() }
    }

    package func send(_ notification: WebhookNotification) async -> SendOutcome {
        let outcome = Received()
        await send([notification]) { _, received in outcome.value.withLock { $0 = received } }
        return outcome.value.withLock { $0 } ?? .failed(Transfer.stopped)
    }

    private final class Received: Sendable {
        let value = Mutex<SendOutcome?>(nil)
    }

    /// All go over one event loop, which is woken once.
    package func send(
        _ notifications: [WebhookNotification],
        _ receive: @escaping @Sendable (_ index: Int, _ outcome: SendOutcome) -> Void
    ) async {
        let turn = self.turn.wrappingAdd(1, ordering: .relaxed).oldValue
        let lane = lanes[Int(UInt(bitPattern: turn) % UInt(lanes.count))]
        let batch = TransferBatch(count: notifications.count, on: lane.loop, receive)
        var departures: [(index: Int, departure: (target: PreparedTarget, request: ByteBuffer))] = []
        departures.reserveCapacity(notifications.count)
        for (index, notification) in notifications.enumerated() {
            do throws(TargetURL.ParseError) {
                let target = try targets.target(of: notification)
                let signature = request.signature(of: notification)
                departures.append((index, (target, target.request(carrying: notification, signature: signature))))
            } catch {
                let text = "The target is not a URL that can be posted to: \(error.text)"
                batch.end(index, .failed(SendError(.invalidURL, text)))
            }
        }
        await withTaskCancellationHandler {
            batch.start(departures) { departure, completion in
                Transfer(
                    to: departure.target,
                    request: departure.request,
                    route: self.route,
                    pool: self.pool,
                    lane: lane,
                    timeout: self.settings.timeout,
                    completion: completion
                )
            }
            await batch.wait()
        } onCancel: {
            batch.cancel()
        }
    }
}
