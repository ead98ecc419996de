import NIOCore

/// What a connection leads to. The address is part of it: a connection serves only requests for which its address was
/// checked.
struct Endpoint: Hashable, Sendable {
    var isTLS: Bool
    var host: String
    var port: Int
    var address: SocketAddress
}

/// The idle connections of one event loop.
///
/// `@unchecked Sendable`: everything in it is touched on `loop` alone, which `preconditionInEventLoop` guards.
final class ConnectionPool: @unchecked Sendable {
    private struct Idle {
        var channel: any Channel
        var since: NIODeadline
    }

    let loop: any EventLoop
    private var idle: [Endpoint: [Idle]] = [:]
    private var isClosed = false
    private var sweep: RepeatedTask?

    /// Idle connections that one endpoint may have; a burst's others are closed.
    private static let connectionsPerEndpoint = 64
    /// How long a connection may be idle; most servers keep theirs at least as long.
    private static let idleTime = TimeAmount.seconds(30)

    init(loop: any EventLoop) {
        self.loop = loop
    }

    /// A connection to `endpoint` that was used last, nil when there is none.
    func take(_ endpoint: Endpoint) -> (any Channel)? {
        loop.preconditionInEventLoop()
        while let connection = idle[endpoint]?.popLast() {
            if connection.channel.isActive { return connection.channel }
        }
        idle[endpoint] = nil
        return nil
    }

    /// Keeps a connection for the next request, or closes it where there are enough.
    func keep(_ channel: any Channel, for endpoint: Endpoint) {
        loop.preconditionInEventLoop()
        guard !isClosed, channel.isActive, (idle[endpoint]?.count ?? 0) < Self.connectionsPerEndpoint else {
            return channel.close(promise: nil)
        }
        idle[endpoint, default: []].append(Idle(channel: channel, since: .now()))
        if sweep == nil {
            sweep = loop.scheduleRepeatedTask(initialDelay: Self.idleTime, delay: .seconds(5)) { [weak self] _ in
                self?.closeIdle(since: .now() - Self.idleTime)
            }
        }
    }

    /// Closes every connection, and those that are given back later.
    func close() {
        loop.preconditionInEventLoop()
        isClosed = true
        closeIdle(since: .distantFuture)
    }

    private func closeIdle(since limit: NIODeadline) {
        for (endpoint, connections) in idle {
            for connection in connections where connection.since <= limit { connection.channel.close(promise: nil) }
            let kept = connections.filter { $0.since > limit && $0.channel.isActive }
            idle[endpoint] = kept.isEmpty ? nil : kept
        }
        guard idle.isEmpty else { return }
        sweep?.cancel()
        sweep = nil
    }
}
