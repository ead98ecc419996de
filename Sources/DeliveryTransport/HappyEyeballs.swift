package import NIOCore
import NIOPosix
import Synchronization
import WebhookModel

/// Connects to the first of a host's addresses that accepts: Happy Eyeballs (RFC 8305).
///
/// SwiftNIO begins an attempt every 250 ms, or as soon as the last one has failed, and closes those that come too late. This
/// type makes the order: the families take turns, and the address that worked last comes first.
package final class HappyEyeballs: Sendable {
    private struct Place: Hashable {
        var host: String
        var port: Int
    }

    private let lastConnected = Mutex<[Place: SocketAddress]>([:])

    /// How many hosts, each with a port, have their address remembered.
    private static let rememberedPlaces = 4096
    /// The time for the attempts at all addresses together.
    private static let connectTime = TimeAmount.seconds(5)

    /// A connection to one of `addresses`, and which it is.
    func connect(
        to addresses: [SocketAddress],
        host: String,
        port: Int,
        on loop: any EventLoop
    ) -> EventLoopFuture<(channel: any Channel, address: SocketAddress)> {
        let place = Place(host: host, port: port)
        let order = Self.order(addresses, first: lastConnected.withLock { $0[place] })
        return ClientBootstrap(group: loop)
            .connectTimeout(Self.connectTime)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .resolver(AddressesInTurn(addresses: order, loop: loop))
            .connect(host: host, port: port)
            .flatMapThrowing { channel in
                guard let address = channel.remoteAddress else { throw ChannelError.ioOnClosedChannel }
                if order.count > 1 { self.remember(address, for: place) }
                return (channel, order.first { $0 == address } ?? address)
            }
            .flatMapErrorThrowing { error in throw Self.mostTelling(error) }
    }

    private func remember(_ address: SocketAddress, for place: Place) {
        lastConnected.withLock { known in
            if known[place] == nil, known.count >= Self.rememberedPlaces, let other = known.keys.first {
                known[other] = nil
            }
            known[place] = address
        }
    }

    /// The families in turn, each in the resolver's order (RFC 8305, section 4), after `first` where that is among them.
    package static func order(_ addresses: [SocketAddress], first: SocketAddress?) -> [SocketAddress] {
        let known = addresses.first { $0 == first }
        let others = addresses.filter { $0 != known }
        let family = (known ?? addresses.first)?.protocol
        var (ones, twos) = (others.filter { $0.protocol == family }[...], others.filter { $0.protocol != family }[...])
        var order: [SocketAddress] = []
        if let known {
            order.append(known)
            swap(&ones, &twos)
        }
        while !ones.isEmpty || !twos.isEmpty {
            if let one = ones.popFirst() { order.append(one) }
            if let two = twos.popFirst() { order.append(two) }
        }
        return order
    }

    /// Chooses one of the attempts' errors: rather one that tells of the host than one that tells what this machine lacks.
    private static func mostTelling(_ error: any Error) -> any Error {
        guard let errors = (error as? NIOConnectionError)?.connectionErrors.map(\.error) else { return error }
        let isOfHost = { (error: any Error) in (error as? IOError).map { SendError($0).kind.isTargets } ?? true }
        return errors.last(where: isOfHost) ?? errors.last ?? error
    }
}

/// Addresses that are known already. SwiftNIO takes turns between its two questions' answers, so that every other address
/// belongs to the same one, whatever its family.
private struct AddressesInTurn: Resolver {
    let addresses: [SocketAddress]
    let loop: any EventLoop

    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        every(other: 0)
    }

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        every(other: 1)
    }

    func cancelQueries() {}

    private func every(other first: Int) -> EventLoopFuture<[SocketAddress]> {
        loop.makeSucceededFuture(stride(from: first, to: addresses.count, by: 2).map { addresses[$0] })
    }
}
