import NIOCore
import Synchronization
import WebhookDelivery

/// Counts connections by where they come from, so that nobody takes all that there is room for.
final class ConnectionCounts: Sendable {
    /// Why a connection is ended at once.
    struct TooMany: Error {}

    /// Connections of one address, or of one network of IPv6, at most.
    private let limit: Int
    /// Whose connections are those of many.
    private let proxies: [AddressRange]
    private let counts = Mutex<[String: Int]>([:])

    init(limit: Int, proxies: [AddressRange]) {
        self.limit = limit
        self.proxies = proxies
    }

    /// Counts a connection until it ends. Returns whether there is room for it.
    func enter(_ channel: any Channel) -> Bool {
        guard let address = channel.remoteAddress.flatMap({ IPAddress($0)?.unmapped }),
            !proxies.contains(where: { $0.contains(address) })
        else { return true }
        let network = address.network
        let hasRoom = counts.withLock { counts in
            guard counts[network, default: 0] < limit else { return false }
            counts[network, default: 0] += 1
            return true
        }
        if hasRoom { channel.closeFuture.whenComplete { _ in self.leave(network) } }
        return hasRoom
    }

    private func leave(_ network: String) {
        counts.withLock { counts in
            let count = counts[network, default: 1] - 1
            counts[network] = count > 0 ? count : nil
        }
    }
}
