import Foundation
package import NIOCore
package import NIOPosix

/// Turns names into addresses.
package protocol NameResolver: Sendable {
    /// Every address of `host`, in the order in which to try them. Fails when there is none.
    func addresses(of host: String, port: Int, on loop: any EventLoop) -> EventLoopFuture<[SocketAddress]>
}

/// The system's resolver, which blocks, on threads set aside for that.
package struct SystemResolver: NameResolver {
    private let threads: NIOThreadPool

    /// - Parameter threads: Where look-ups may block.
    package init(threads: NIOThreadPool = .singleton) {
        self.threads = threads
    }

    package func addresses(of host: String, port: Int, on loop: any EventLoop) -> EventLoopFuture<[SocketAddress]> {
        threads.runIfActive(eventLoop: loop) { try Self.lookUp(host, port: port) }
    }

    /// A name that has no address.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private static func lookUp(_ host: String, port: Int) throws -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &list)
        guard status == 0 else { throw Failure(description: String(cString: gai_strerror(status))) }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next {
            if let address = Self.address(entry.pointee, port: port), !addresses.contains(address) {
                addresses.append(address)
            }
            next = entry.pointee.ai_next
        }
        guard !addresses.isEmpty else { throw Failure(description: "it has no address") }
        return addresses
    }

    private static func address(_ entry: addrinfo, port: Int) -> SocketAddress? {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard entry.ai_family == AF_INET || entry.ai_family == AF_INET6,
            getnameinfo(
                entry.ai_addr,
                entry.ai_addrlen,
                &text,
                socklen_t(text.count),
                nil,
                0,
                NI_NUMERICHOST
            ) == 0
        else { return nil }
        let address = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return try? SocketAddress(ipAddress: address, port: port)
    }
}
