import Foundation
package import NIOCore
import NIOPosix
import Synchronization

/// Turns names into addresses.
package protocol NameResolver: Sendable {
    /// Every address of `host`, in the order in which to try them. Fails when there is none.
    func addresses(of host: String, port: Int, on loop: any EventLoop) -> EventLoopFuture<[SocketAddress]>
}

/// The system's resolver, which blocks, on threads of its own: a name whose servers do not answer holds one of them and no
/// more, since whoever asks for a name that is being looked up gets that look-up's answer. Addresses are not looked up.
package final class SystemResolver: NameResolver {
    private struct Question: Hashable {
        let host: String
        let port: Int
    }

    private let threads: NIOThreadPool
    private let waiting = Mutex<[Question: [EventLoopPromise<[SocketAddress]>]]>([:])

    /// Names that can be looked up at a time.
    private static let threadCount = 16

    /// With threads of its own.
    package init() {
        threads = NIOThreadPool(numberOfThreads: Self.threadCount)
        threads.start()
    }

    deinit {
        threads.shutdownGracefully { _ in }
    }

    package func addresses(of host: String, port: Int, on loop: any EventLoop) -> EventLoopFuture<[SocketAddress]> {
        if let address = try? SocketAddress(ipAddress: host, port: port) { return loop.makeSucceededFuture([address]) }
        let question = Question(host: host, port: port)
        let promise = loop.makePromise(of: [SocketAddress].self)
        let isFirst = waiting.withLock { waiting in
            waiting[question, default: []].append(promise)
            return waiting[question]?.count == 1
        }
        if isFirst {
            threads.submit { state in
                let answer = Result {
                    guard state == .active else { throw Failure(description: "the service stops") }
                    return try Self.lookUp(host, port: port)
                }
                let promises = self.waiting.withLock { $0.removeValue(forKey: question) ?? [] }
                for promise in promises { promise.completeWith(answer) }
            }
        }
        return promise.futureResult
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
