import NIOCore
package import Networking
import Synchronization

/// The listener's connections: where each comes from, what it is doing, and how much of the service's memory it holds.
///
/// When there is no room for another connection, or when too many bytes wait for clients, the table closes the connection that
/// has kept the service waiting longest: one that is idle, has not sent its request to the end, or does not read its answer.
/// The table closes no connection for that whose call is being worked on.
package final class ConnectionTable: Sendable {
    /// Why a connection is ended at once.
    struct LimitError: Error {}

    /// The limits of a table.
    package struct Limits: Sendable {
        /// Connections in all.
        package var connections: Int
        /// Connections of one address, or of one network of IPv6. Trusted proxies may have more.
        package var perNetwork: Int
        /// Bytes that wait to be sent, over all connections.
        package var unsentBytes: Int
        /// Bytes of requests that have not arrived to their end, over all connections.
        package var unfinishedBytes: Int

        /// Connections that are taken beyond the limit, so that there is time to close others.
        package static let headroom = 32

        /// Creates limits.
        package init(
            connections: Int,
            perNetwork: Int,
            unsentBytes: Int = 64 << 20,
            unfinishedBytes: Int = 128 << 20
        ) {
            (self.connections, self.perNetwork) = (connections, perNetwork)
            (self.unsentBytes, self.unfinishedBytes) = (unsentBytes, unfinishedBytes)
        }
    }

    private struct State {
        var connections: [ObjectIdentifier: TrackedConnection] = [:]
        var counts: [String: Int] = [:]
    }

    let limits: Limits
    private let proxies: [AddressRange]
    private let state = Mutex(State())
    /// How many connections there are. A call reads it without the lock.
    private let total = Atomic<Int>(0)
    private let unsent = Atomic<Int>(0)
    private let unfinished = Atomic<Int>(0)

    /// Creates an empty table.
    ///
    /// - Parameter proxies: The addresses whose connections are those of many clients.
    package init(limits: Limits, proxies: [AddressRange] = []) {
        (self.limits, self.proxies) = (limits, proxies)
    }

    /// How many connections there are.
    var count: Int { total.load(ordering: .relaxed) }

    /// Takes a connection in until it ends, and closes another one when there was no room. Throws ``LimitError`` when the
    /// service works for every other connection of its network.
    func enter(_ channel: any Channel) throws(LimitError) -> TrackedConnection {
        let address = channel.remoteAddress?.ipAddress.flatMap { IPAddress(zoned: $0)?.unmapped }
        let isOfMany = address.map { address in proxies.contains { $0.contains(address) } } ?? true
        let connection = TrackedConnection(channel: channel, network: isOfMany ? nil : address?.network)
        let (isTaken, surplus) = state.withLock { state in
            var surplus: TrackedConnection?
            if let network = connection.network, state.counts[network, default: 0] >= limits.perNetwork {
                surplus = Self.longestWaiting(state.connections.values.lazy.filter { $0.network == network })
                guard surplus != nil else { return (false, surplus) }
            } else if state.connections.count >= limits.connections {
                surplus = Self.longestWaiting(state.connections.values.lazy)
            }
            if let surplus { remove(surplus, &state) }
            state.connections[ObjectIdentifier(connection)] = connection
            if let network = connection.network { state.counts[network, default: 0] += 1 }
            total.store(state.connections.count, ordering: .relaxed)
            return (true, surplus)
        }
        surplus?.channel.close(promise: nil)
        guard isTaken else { throw LimitError() }
        channel.closeFuture.whenComplete { _ in self.leave(connection) }
        return connection
    }

    /// Notes what a connection is doing from now on.
    func note(_ activity: TrackedConnection.Activity, of connection: TrackedConnection) {
        let finished = connection.begin(activity)
        if finished > 0 { unfinished.subtract(finished, ordering: .relaxed) }
        // Connections above the limit are there because nobody could go when they came.
        guard activity == .idle, count > limits.connections else { return }
        // The end of an answer has been written and not been flushed yet.
        connection.channel.eventLoop.execute {
            if self.count > self.limits.connections { self.closeLongestWaiting { _ in true } }
        }
    }

    /// Notes that a part of a request has arrived, which is kept until the request has come to its end.
    func noteArrival(of bytes: Int, on connection: TrackedConnection) {
        guard connection.addUnfinished(bytes) else { return }
        if unfinished.add(bytes, ordering: .relaxed).newValue > limits.unfinishedBytes {
            closeLongestWaiting { $0.unfinishedBytes > 0 }
        }
    }

    /// Notes how many bytes wait to be sent on a connection now.
    func noteUnsent(_ bytes: Int, on connection: TrackedConnection) {
        let change = connection.setUnsent(bytes)
        let all = unsent.add(change, ordering: .relaxed).newValue
        if change > 0, all > limits.unsentBytes { closeLongestWaiting { $0.unsentBytes > 0 } }
    }

    private func closeLongestWaiting(where condition: (TrackedConnection) -> Bool) {
        let surplus = state.withLock { state in
            let surplus = Self.longestWaiting(state.connections.values.lazy.filter(condition))
            if let surplus { remove(surplus, &state) }
            return surplus
        }
        surplus?.channel.close(promise: nil)
    }

    private func leave(_ connection: TrackedConnection) {
        state.withLock { remove(connection, &$0) }
    }

    private func remove(_ connection: TrackedConnection, _ state: inout State) {
        guard state.connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        total.store(state.connections.count, ordering: .relaxed)
        let held = connection.forget()
        unsent.subtract(held.unsent, ordering: .relaxed)
        unfinished.subtract(held.unfinished, ordering: .relaxed)
        guard let network = connection.network else { return }
        let count = state.counts[network, default: 1] - 1
        state.counts[network] = count > 0 ? count : nil
    }

    private static func longestWaiting(
        _ connections: some Sequence<TrackedConnection>
    ) -> TrackedConnection? {
        var longest: (connection: TrackedConnection, since: NIODeadline)?
        for connection in connections {
            guard let since = connection.waitingSince, since < longest?.since ?? .distantFuture else { continue }
            longest = (connection, since)
        }
        return longest?.connection
    }
}

/// The state of one connection. Its event loop writes the state, and a call that looks for room reads it.
final class TrackedConnection: Sendable {
    /// What a connection is doing.
    enum Activity: Sendable {
        /// Nothing has been asked since its last answer, or since it began.
        case idle
        /// A request has begun and not come to its end.
        case arriving
        /// A request has arrived, and its answer has not been made to the end.
        case working
    }

    private struct State {
        var activity = Activity.idle
        /// Since when.
        var since: NIODeadline
        var unsent = 0
        /// When the client took something last.
        var lastTaken: NIODeadline
        var unfinished = 0
        /// Whether the table does not count it any longer.
        var isForgotten = false
    }

    let channel: any Channel
    /// The address or network that it comes from; nil where connections are not counted by it.
    let network: String?
    private let state: Mutex<State>

    fileprivate init(channel: any Channel, network: String?) {
        self.channel = channel
        self.network = network
        let now = channel.eventLoop.now
        state = Mutex(State(since: now, lastTaken: now))
    }

    /// Since when the service waits for the client; nil when the client waits for the service.
    fileprivate var waitingSince: NIODeadline? {
        state.withLock { state in
            if state.unsent > 0 { return state.lastTaken }
            return state.activity == .working ? nil : state.since
        }
    }

    fileprivate var unsentBytes: Int { state.withLock { $0.unsent } }
    fileprivate var unfinishedBytes: Int { state.withLock { $0.unfinished } }

    /// Returns how many bytes of a request no longer count as unfinished.
    fileprivate func begin(_ activity: Activity) -> Int {
        let now = channel.eventLoop.now
        return state.withLock { state in
            (state.activity, state.since) = (activity, now)
            defer { state.unfinished = 0 }
            return state.isForgotten ? 0 : state.unfinished
        }
    }

    /// Returns whether the bytes count.
    fileprivate func addUnfinished(_ bytes: Int) -> Bool {
        state.withLock { state in
            guard !state.isForgotten, state.activity == .arriving else { return false }
            state.unfinished += bytes
            return true
        }
    }

    /// Returns by how much that changes the sum.
    fileprivate func setUnsent(_ bytes: Int) -> Int {
        let now = channel.eventLoop.now
        return state.withLock { state in
            guard !state.isForgotten else { return 0 }
            let change = bytes - state.unsent
            if state.unsent == 0 || change < 0 { state.lastTaken = now }
            state.unsent = bytes
            return change
        }
    }

    fileprivate func forget() -> (unsent: Int, unfinished: Int) {
        state.withLock { state in
            guard !state.isForgotten else { return (0, 0) }
            state.isForgotten = true
            return (state.unsent, state.unfinished)
        }
    }
}
