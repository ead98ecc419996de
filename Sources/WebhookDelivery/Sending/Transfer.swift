import AgentCore
import NIOCore
import NIOExtras
import NIOHTTP1
import NIOPosix
import NIOSSL

/// One notification on its way: resolve, connect or take an idle connection, post, read; all within its time.
///
/// `@unchecked Sendable`: its state is touched on its pool's event loop alone.
final class Transfer: @unchecked Sendable {
    private let target: TargetURL
    private let head: HTTPRequestHead
    private let body: ByteBuffer
    private let route: TargetRoute
    private let pool: ConnectionPool
    private let timeout: Duration
    private let outcome: EventLoopPromise<SendOutcome>

    private var isEnded = false
    private var channel: (any Channel)?
    private var alarm: Scheduled<Void>?

    private var loop: any EventLoop { pool.loop }

    init(
        target: TargetURL,
        head: HTTPRequestHead,
        body: ByteBuffer,
        route: TargetRoute,
        pool: ConnectionPool,
        timeout: Duration
    ) {
        self.target = target
        self.head = head
        self.body = body
        self.route = route
        self.pool = pool
        self.timeout = timeout
        outcome = pool.loop.makePromise()
    }

    /// Carries the transfer out.
    func run() async -> SendOutcome {
        loop.execute { self.start() }
        do {
            return try await outcome.futureResult.get()
        } catch {
            // Only an event loop that is gone leaves a promise unkept.
            return .failed(Self.stopped)
        }
    }

    /// Cuts the transfer off; its outcome is then that the service stopped.
    func cancel() {
        loop.execute { self.end(.failed(Self.stopped)) }
    }

    private func start() {
        guard !isEnded else { return }
        route.addresses(of: target, on: loop).whenComplete { result in
            guard !self.isEnded else { return }
            switch result {
            case .success(let addresses):
                // The look-up has a bound of its own: a resolver's time is not the target's.
                self.setAlarm()
                self.connect(addresses[...], last: nil)
            case .failure(let error): self.end(.failed(self.failure(error)))
            }
        }
    }

    private func setAlarm() {
        alarm = loop.scheduleTask(in: TimeAmount(timeout)) {
            if let handler = try? self.channel?.pipeline.syncOperations.handler(type: ExchangeHandler.self),
                handler.cut()
            {
                return
            }
            self.end(
                .failed(
                    SendFailure(
                        .timeout,
                        "The target did not answer within \(self.timeout) (setting delivery-timeout)."
                    )
                )
            )
        }
    }

    private func connect(_ addresses: ArraySlice<SocketAddress>, last error: (any Error)?) {
        guard !isEnded else { return }
        for address in addresses {
            if let channel = pool.take(endpoint(address)) { return exchange(channel, address, isReused: true) }
        }
        guard let address = addresses.first else {
            return end(.failed(failure(error ?? ChannelError.connectPending)))
        }
        open(address, others: addresses.dropFirst())
    }

    private func open(_ address: SocketAddress, others: ArraySlice<SocketAddress>) {
        route.connect(target, to: address, on: loop).whenComplete { result in
            switch result {
            case .success(let channel) where self.isEnded: channel.close(promise: nil)
            case .success(let channel): self.exchange(channel, address, isReused: false)
            case .failure(let error): self.connect(others, last: error)
            }
        }
    }

    private func exchange(_ channel: any Channel, _ address: SocketAddress, isReused: Bool) {
        self.channel = channel
        guard let handler = try? channel.pipeline.syncOperations.handler(type: ExchangeHandler.self),
            let sent = handler.send(head, body: body)
        else {
            channel.close(promise: nil)
            return open(address, others: [])
        }
        sent.whenSuccess { result in
            switch result {
            case .success(let exchange):
                self.channel = nil
                if exchange.isReusable {
                    self.pool.keep(channel, for: self.endpoint(address))
                } else {
                    channel.close(promise: nil)
                }
                self.end(.answered(exchange.answer))
            case .failure(let failed):
                let error = failed.error
                channel.close(promise: nil)
                guard !self.isEnded else { return }
                // The target closed an idle connection while we wrote: nothing was answered, so nothing is lost by
                // asking again on a new one.
                if isReused, !failed.answerHasBegun, error is ExchangeHandler.Ended || error is IOError {
                    return self.open(address, others: [])
                }
                self.end(.failed(self.failure(error)))
            }
        }
    }

    private func end(_ outcome: SendOutcome) {
        guard !isEnded else { return }
        isEnded = true
        alarm?.cancel()
        channel?.close(promise: nil)
        self.outcome.succeed(outcome)
    }

    private func endpoint(_ address: SocketAddress) -> Endpoint {
        Endpoint(isTLS: target.isTLS, host: target.host, port: target.port, address: address)
    }

    private static let stopped = SendFailure(.shutdown, "The service stopped before the target answered.")

    private func failure(_ error: any Error) -> SendFailure {
        switch error {
        case let failure as SendFailure:
            failure
        case is ExchangeHandler.Ended:
            SendFailure(
                .connection,
                "The target ended the connection before its answer was complete."
            )
        case ChannelError.connectTimeout:
            SendFailure(.timeout, "The target could not be connected to in time.")
        case let error as IOError:
            SendFailure(.connection, "The target could not be reached: \(error.description).")
        case is NIOHTTP1ProxyConnectHandler.Error:
            SendFailure(.connection, "The proxy did not open a connection to the target (setting proxy).")
        case is HTTPParserError:
            SendFailure(.protocolViolation, "The target's answer is not HTTP.")
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            SendFailure(
                .tls,
                // Without the places in the library's source.
                "The TLS connection to the target failed: \("\(error)".replacing(#/ at [^\s\]]*:[0-9]+/#, with: "")) (settings validate-https, ca-file)."
            )
        default:
            SendFailure(.connection, "The target could not be reached: \(error).")
        }
    }
}
