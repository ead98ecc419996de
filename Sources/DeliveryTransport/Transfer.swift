import NIOCore
import NIOPosix
import NIOSSL
import Networking
import WebhookModel

/// One notification on its way: resolve, connect or take an idle connection, post, and read, all within its time. Only the
/// event loop of its lane uses it.
final class Transfer {
    private let prepared: PreparedTarget
    private var request: ByteBuffer
    private let route: TargetRoute
    private let pool: ConnectionPool
    private let lane: SendingLane
    private let timeout: Duration
    /// Nil once the transfer has ended.
    private var completion: ((SendOutcome) -> Void)?

    /// The addresses of the target, or of the proxy before it. Each was checked.
    private var addresses: [SocketAddress] = []
    private var channel: (any Channel)?
    private var begin: StandstillWatch.Instant?
    private var alarm: Scheduled<Void>?
    private var hasMoreTime = false

    private var isEnded: Bool { completion == nil }
    private var target: TargetURL { prepared.target }
    private var loop: any EventLoop { lane.loop }

    /// The time that a transfer gets after a standstill: its answer may have come meanwhile.
    private static let timeAfterStandstill = TimeAmount.seconds(1)

    /// Creates a transfer that has not begun. Call it on the lane's event loop, as everything else.
    ///
    /// - Parameter completion: Takes the outcome once.
    init(
        to prepared: PreparedTarget,
        request: ByteBuffer,
        route: TargetRoute,
        pool: ConnectionPool,
        lane: SendingLane,
        timeout: Duration,
        completion: @escaping (SendOutcome) -> Void
    ) {
        (self.prepared, self.request, self.route) = (prepared, request, route)
        (self.pool, self.lane, self.timeout, self.completion) = (pool, lane, timeout, completion)
    }

    func start() {
        guard !isEnded else { return }
        begin = lane.watch.now
        route.findAddresses(of: prepared, on: loop) { result in
            guard !self.isEnded else { return }
            switch result {
            case .success(let addresses):
                // The look-up has a bound of its own: a resolver's time is not the target's.
                self.setAlarm(in: TimeAmount(self.timeout))
                self.addresses = addresses
                self.connect()
            case .failure(let error): self.end(.failed(error))
            }
        }
    }

    private func setAlarm(in time: TimeAmount) {
        let transfer = NIOLoopBound(self, eventLoop: loop)
        alarm = lane.schedule(time, loop) { transfer.value.timeIsOver() }
    }

    private func timeIsOver() {
        if !hasMoreTime, standstill != nil {
            hasMoreTime = true
            return setAlarm(in: Self.timeAfterStandstill)
        }
        let handler = try? channel?.pipeline.syncOperations.handler(type: ExchangeHandler.self)
        if let handler, handler.cut() { return }
        let failure = SendError(
            .timeout,
            "The target did not answer within \(timeout)\(route.remedies.note(.timeout))."
        )
        end(.failed(isBeforeTarget ? route.blamingProxy(for: failure) : failure))
    }

    /// How long this service stood still during the transfer, nil when it did not.
    private var standstill: Duration? { begin.flatMap { lane.watch.standstill(since: $0) } }

    /// Whether the way to the target, which may lead through a proxy, is not open yet.
    private var isBeforeTarget: Bool {
        guard let pipeline = channel?.pipeline.syncOperations else { return true }
        return (try? pipeline.handler(type: ProxyTunnelHandler.self)) != nil
    }

    private func connect() {
        for address in addresses {
            if let connection = pool.take(endpoint(address), on: lane) {
                return exchange(connection, address, isReused: true)
            }
        }
        open()
    }

    private func open() {
        channel = nil
        dial().assumeIsolated().flatMapError { error in
            guard SendError.isShortageOfDescriptors((error as? ForwardProxy.UnreachableError)?.error ?? error) else {
                return self.loop.makeFailedFuture(error)
            }
            // The descriptor of the longest idle connection will do.
            return self.pool.makeRoom(for: self.loop).assumeIsolated().flatMap { hasRoom in
                hasRoom && !self.isEnded ? self.dial() : self.loop.makeFailedFuture(error)
            }.nonisolated()
        }.whenComplete { result in
            guard !self.isEnded else { return }
            switch result {
            case .success((let channel, let address)):
                guard let connection = Connection(channel) else { return self.open(insteadOf: channel) }
                self.exchange(connection, address, isReused: false)
            case .failure(let error): self.end(.failed(self.failure(error)))
            }
        }
    }

    private func dial() -> EventLoopFuture<(channel: any Channel, address: SocketAddress)> {
        let transfer = NIOLoopBound(self, eventLoop: loop)
        return route.connect(target, to: addresses, on: loop) { channel in
            let transfer = transfer.value
            if transfer.isEnded { channel.close(promise: nil) } else { transfer.channel = channel }
        }
    }

    private func open(insteadOf channel: any Channel) {
        channel.close(promise: nil)
        open()
    }

    private func exchange(_ connection: Connection, _ address: SocketAddress, isReused: Bool) {
        let channel = connection.channel
        self.channel = channel
        guard prepared.isSendable else { return end(.failed(Self.unsendable)) }
        let isUnderWay = connection.exchange.send(request) { result in
            switch result {
            case .success(let exchange):
                self.channel = nil
                switch exchange.connection {
                case .reusable: self.pool.keep(connection, for: self.endpoint(address), on: self.lane)
                case .ending: self.pool.letEnd(channel, on: self.lane)
                case .useless: channel.close(promise: nil)
                }
                // It answers that it waited for a request too long, before ours arrived (RFC 9110, section 15.5.9).
                if isReused, exchange.answer.status == 408, !self.isEnded { return self.open() }
                self.end(self.route.outcome(of: exchange.answer, from: self.target))
            case .failure(let failed):
                let error = failed.error
                channel.close(promise: nil)
                guard !self.isEnded else { return }
                // The target closed an idle connection while we wrote: nothing was answered, so nothing is lost by
                // asking again on a new one.
                if isReused, !failed.answerHasBegun, Self.isEndOfConnection(error) {
                    return self.open()
                }
                self.end(.failed(self.route.blamed(for: self.failure(error), of: self.target)))
            }
        }
        if !isUnderWay { open(insteadOf: channel) }
    }

    /// Cuts the transfer off unless it has ended. Its outcome says that the service stopped.
    func cancel() {
        end(.failed(Self.stopped))
    }

    private func end(_ outcome: SendOutcome) {
        guard let completion else { return }
        // Closing the channel makes the exchange fail at once, which must find that the transfer has ended. The request goes
        // because others of its batch may take longer.
        (self.completion, request) = (nil, ByteBuffer())
        alarm?.cancel()
        channel?.close(promise: nil)
        completion(blaming(outcome))
    }

    /// The outcome, blamed on this service where a standstill of its own may be the cause.
    private func blaming(_ outcome: SendOutcome) -> SendOutcome {
        guard case .failed(let failure) = outcome else { return outcome }
        switch failure.kind {
        case .resolution, .connection, .tls, .timeout, .proxy, .network:
            guard let standstill else { return outcome }
            let time = "\(standstill.components.seconds) s"
            return .failed(
                SendError(.local, "This service stood still for \(time) while it waited for the target's answer.")
            )
        case .refusedByPolicy, .invalidURL, .protocolViolation, .local, .shutdown: return outcome
        }
    }

    private func endpoint(_ address: SocketAddress) -> Endpoint {
        Endpoint(isTLS: target.isTLS, host: target.host, port: target.port, address: address)
    }

    private static let unsendable = SendError(
        .invalidURL,
        "The target's URL or headers hold characters that HTTP does not allow."
    )

    static let stopped = SendError(.shutdown, "The service stopped before the target answered.")

    /// Whether the other end closed the connection. TLS says so too when it comes without a close_notify.
    private static func isEndOfConnection(_ error: any Error) -> Bool {
        switch error {
        case is ExchangeHandler.ConnectionEndedError, is IOError, is ChannelError, NIOSSLError.uncleanShutdown: true
        default: false
        }
    }

    private func failure(_ error: any Error) -> SendError {
        switch error {
        case let failure as SendError:
            failure
        case let error as IOError:
            SendError(error)
        case ChannelError.connectTimeout:
            SendError(.timeout, "The target could not be connected to in time.")
        case _ where Self.isEndOfConnection(error):
            SendError(.connection, "The target ended the connection before its answer was complete.")
        case let violation as AnswerParser.ViolationError:
            SendError(.protocolViolation, "The target's answer is not HTTP as it should be: \(violation).")
        case let error as ForwardProxy.UnreachableError:
            route.blamingProxy(for: failure(error.error))
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            SendError(
                .tls,
                // Without the places in the library's source.
                "The TLS connection to the target failed: \("\(error)".replacing(#/ at [^\s\]]*:[0-9]+/#, with: ""))\(route.remedies.note(.certificates))."
            )
        default:
            SendError(.connection, "The target could not be reached: \(error).")
        }
    }
}
