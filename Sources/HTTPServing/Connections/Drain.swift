package import Logging
package import NIOCore
import ServiceLifecycle
import Synchronization

/// Whether the service has been told to stop. It still answers for a while, and sends clients and balancers elsewhere.
package final class Drain: Sendable {
    private let begun = Atomic(false)
    private let listener = Mutex<(any Channel)?>(nil)

    /// Creates a drain that has not begun.
    package init() {}

    /// Whether ``begin()`` was called.
    package var hasBegun: Bool { begun.load(ordering: .relaxed) }

    /// Begins the drain: from now on `/readyz` fails, and each connection ends with its next answer.
    func begin() {
        begun.store(true, ordering: .relaxed)
    }

    /// Notes where connections arrive.
    ///
    /// - Parameter channel: The channel that takes them.
    package func listens(on channel: any Channel) {
        listener.withLock { $0 = channel }
    }

    /// Lets connections that have begun arrive, and no others. Returns once these have arrived.
    ///
    /// The system resets the connections of a closed listener that the process has not taken yet. Their requests may be
    /// under way by then, and a proxy must not send such requests to another server. The server must not be stopped while a
    /// connection is being set up: NIO would end the process.
    fileprivate func turnNewcomersAway(logger: Logger) async {
        guard let channel = listener.withLock({ $0 }) else { return }
        do {
            try await NewcomerFilter.attach(to: channel)
            try await Task.sleep(for: .milliseconds(100))
        } catch {
            logger.debug("the listener closes at once", metadata: ["error": "\(error)"])
        }
    }
}

/// Begins the drain when the service is told to stop, and ends when the listener may close.
package struct DrainService: Service, CustomStringConvertible {
    /// Services are logged as they describe themselves.
    package var description: String { "Drain" }

    private let drain: Drain
    private let delay: Duration
    private let logger: Logger

    /// Creates the service of a drain.
    ///
    /// - Parameter delay: How long calls are still taken.
    package init(drain: Drain, delay: Duration, logger: Logger) {
        (self.drain, self.delay, self.logger) = (drain, delay, logger)
    }

    /// Waits until the service is told to stop, then drains it.
    package func run() async {
        try? await gracefulShutdown()
        drain.begin()
        if delay > .zero {
            logger.notice("stopping: calls are still taken for a while", metadata: ["drain-delay": "\(delay)"])
            try? await Task.sleep(for: delay)
        }
        await drain.turnNewcomersAway(logger: logger)
    }
}

/// Holds the end of the service back, for a moment, from a connection on which nothing has arrived: its first request may
/// be under way.
final class FirstRequestGrace: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    private static let time = TimeAmount.seconds(1)
    private var hasRead = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasRead = true
        context.fireChannelRead(data)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is ChannelShouldQuiesceEvent, !hasRead else { return context.fireUserInboundEventTriggered(event) }
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.time) {
            guard context.channel.isActive else { return }
            context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
    }
}
