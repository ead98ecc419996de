import NIOCore
import Synchronization

/// What a connection leads to. The address is part of it: a connection serves only requests for which its address was
/// checked.
struct Endpoint: Hashable, Sendable {
    var isTLS: Bool
    var host: String
    var port: Int
    var address: SocketAddress
}

/// A connection, and the handler at its end, which is found once.
struct Connection: Sendable {
    let channel: any Channel
    private let handler: NIOLoopBound<ExchangeHandler>

    /// Takes a connection that is ready for requests; nil for one that has ended. Call it on the channel's event loop.
    init?(_ channel: any Channel) {
        guard let handler = try? channel.pipeline.syncOperations.handler(type: ExchangeHandler.self) else { return nil }
        self.channel = channel
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
    }

    /// Only the channel's event loop uses the handler.
    var exchange: ExchangeHandler { handler.value }
}

/// The connections that no request uses: idle ones for the next request, and ones that their targets are about to end.
///
/// Each connection holds a file descriptor, so one bound holds for the connections of all event loops together. Beyond that
/// bound, the connection that has been idle longest is closed.
final class ConnectionPool: Sendable {
    private struct Key: Hashable {
        var loop: ObjectIdentifier
        var endpoint: Endpoint
    }

    private struct Idle {
        var connection: Connection
        var since: StandstillWatch.Instant
        var key: Key
    }

    private struct State {
        /// The idle connections by numbers that grow, so that the lowest has been idle longest.
        var idle: [Int: Idle] = [:]
        var numbers: [Key: [Int]] = [:]
        var oldest = 0
        var next = 0
        var ending = 0
        var isClosed = false

        mutating func remove(_ number: Int) -> Idle? {
            guard let removed = idle.removeValue(forKey: number) else { return nil }
            numbers[removed.key]?.removeAll { $0 == number }
            if numbers[removed.key]?.isEmpty ?? false { numbers[removed.key] = nil }
            return removed
        }

        /// Removes the connection that was kept last for a key.
        mutating func removeLast(_ key: Key) -> Idle? {
            guard let number = numbers[key]?.popLast() else { return nil }
            if numbers[key]?.isEmpty ?? false { numbers[key] = nil }
            return idle.removeValue(forKey: number)
        }

        mutating func removeOldest(_ isMeant: (Idle) -> Bool = { _ in true }) -> Idle? {
            while oldest < next, idle[oldest] == nil { oldest += 1 }
            guard let first = idle[oldest], isMeant(first) else { return nil }
            return remove(oldest)
        }
    }

    private let limit: Int
    private let state = Mutex(State())

    /// Idle connections that one endpoint may have on one event loop. Further ones, after a burst, are closed.
    private static let connectionsPerEndpoint = 64
    /// How long a connection may be idle; most servers keep theirs at least as long.
    private static let idleTime = Duration.seconds(30)
    /// How long a target may take to end a connection that it wants to end.
    private static let endingTime = TimeAmount.seconds(1)

    /// Creates an empty pool.
    ///
    /// - Parameter limit: How many connections it may hold.
    init(limit: Int) {
        self.limit = limit
    }

    /// Takes the connection to `endpoint` that was used last; nil when there is none. Call it on the lane's event loop.
    func take(_ endpoint: Endpoint, on lane: SendingLane) -> Connection? {
        let key = Key(loop: ObjectIdentifier(lane.loop), endpoint: endpoint)
        while let idle = state.withLock({ $0.removeLast(key) }) {
            let channel = idle.connection.channel
            // Whether the other end is still there after a standstill, nobody knows.
            if channel.isActive, lane.watch.standstill(since: idle.since) == nil { return idle.connection }
            channel.close(promise: nil)
        }
        return nil
    }

    /// Keeps a connection for the next request, or closes it where there are enough.
    func keep(_ connection: Connection, for endpoint: Endpoint, on lane: SendingLane) {
        let channel = connection.channel
        let key = Key(loop: ObjectIdentifier(lane.loop), endpoint: endpoint)
        let idle = Idle(connection: connection, since: lane.watch.now, key: key)
        let isKept =
            channel.isActive
            && state.withLock { state in
                guard !state.isClosed, (state.numbers[key]?.count ?? 0) < Self.connectionsPerEndpoint else {
                    return false
                }
                state.idle[state.next] = idle
                state.numbers[key, default: []].append(state.next)
                state.next += 1
                return true
            }
        if isKept { closeExcess() } else { channel.close(promise: nil) }
    }

    /// Waits for a while for the target to end a connection, and ends it then.
    ///
    /// The end that closes a connection first cannot use its port for another minute. Many short connections to one target
    /// would use up this machine's ports.
    func letEnd(_ channel: any Channel, on lane: SendingLane) {
        let mayWait =
            channel.isActive
            && state.withLock { state in
                guard !state.isClosed, state.ending < max(1, limit / 2) else { return false }
                state.ending += 1
                return true
            }
        guard mayWait else { return channel.close(promise: nil) }
        let alarm = lane.schedule(Self.endingTime, lane.loop) { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in
            alarm.cancel()
            self.state.withLock { $0.ending -= 1 }
        }
        closeExcess()
    }

    /// Closes the connection that has been idle longest, so that its descriptor is free. Returns false when there is none.
    func makeRoom(for loop: any EventLoop) -> EventLoopFuture<Bool> {
        guard let idle = state.withLock({ $0.removeOldest() }) else { return loop.makeSucceededFuture(false) }
        let channel = idle.connection.channel
        channel.close(promise: nil)
        return channel.closeFuture.map { true }.hop(to: loop)
    }

    /// Closes the connections that have been idle for long.
    func closeIdle(now: StandstillWatch.Instant) {
        while let idle = state.withLock({ state in state.removeOldest { now - $0.since >= Self.idleTime } }) {
            idle.connection.channel.close(promise: nil)
        }
    }

    /// Closes every connection, and those that are given back later.
    func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { (state.idle, state.numbers) = ([:], [:]) }
            return Array(state.idle.values)
        }
        for idle in idle { idle.connection.channel.close(promise: nil) }
    }

    private func closeExcess() {
        while let idle = state.withLock({ state in
            state.idle.count + state.ending > limit ? state.removeOldest() : nil
        }) {
            idle.connection.channel.close(promise: nil)
        }
    }
}
